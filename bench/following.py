"""What `./bench/run replicate` measures: a log that is there already, into an empty copy of its tables; the lag beside a steady writer; how soon
a killed job applies again. The peer is MySQL's own replica with as many workers."""

import contextlib
import pathlib
import signal
import statistics
import subprocess
import tempfile
import threading
import time

from bench import measure
from testbed.servers import Server

_SERVER = {"innodb_buffer_pool_size": "512M", "sync_binlog": "0", "innodb_flush_log_at_trx_commit": "2"}
_REPLICA = {
    **_SERVER,
    "slave_parallel_type": "LOGICAL_CLOCK",
    "slave_parallel_workers": "4",
    "slave_preserve_commit_order": "ON",
    "log_slave_updates": "ON",
    "relay_log_recovery": "ON",
}
_WRITERS = 4

_TABLES = (
    "CREATE DATABASE bench",
    "CREATE TABLE bench.t (id INT NOT NULL PRIMARY KEY, k INT NOT NULL, c CHAR(120) NOT NULL, pad CHAR(60) NOT NULL, KEY (k))",
    "CREATE TABLE bench.seen (id INT NOT NULL PRIMARY KEY)",
    """CREATE PROCEDURE bench.work(kind VARCHAR(20), first INT, n INT, step INT)
BEGIN
  DECLARE i INT DEFAULT first;
  DECLARE j INT DEFAULT 0;
  WHILE i < n DO
    CASE kind
      WHEN 'inserts' THEN INSERT INTO t VALUES (i, i * 7919 % 100003, REPEAT(MD5(i), 3), MD5(i));
      WHEN 'updates' THEN UPDATE t SET k = k + 1 WHERE id = i;
      WHEN 'hot keys' THEN UPDATE t SET k = k + 1, pad = MD5(i) WHERE id < 40 AND id % 4 = first;
      WHEN 'batches' THEN
        INSERT INTO t SELECT 10000000 + i * 50 + s.id, s.k, s.c, s.pad FROM t s WHERE s.id < 50;
      ELSE BEGIN
        START TRANSACTION;
        UPDATE t SET k = k + 1 WHERE id = i * 31 % 50000 DIV 4 * 4 + first;
        UPDATE t SET c = REPEAT(MD5(i), 3) WHERE id = i * 17 % 50000 DIV 4 * 4 + first;
        SET j = i * 13 % 50000 DIV 4 * 4 + first;
        DELETE FROM t WHERE id = j;
        INSERT INTO t VALUES (j, i, MD5(i), '');
        COMMIT;
      END;
    END CASE;
    SET i = i + step;
  END WHILE;
END""",
)
# Kind, transactions, rows each of them changes.
_KINDS = (("inserts", 100_000, 1), ("updates", 100_000, 1), ("batches", 4_000, 50), ("hot keys", 40_000, 10), ("sysbench mix", 25_000, 4))


def _work(source, kind: str, count: int) -> None:
    """`count` transactions, by several sessions."""
    def write(first):
        with contextlib.closing(source.connect(database="bench")) as connection, connection.cursor() as cursor:
            connection.autocommit(True)
            cursor.execute("CALL work(%s, %s, %s, %s)", (kind, first, count, _WRITERS))

    threads = [threading.Thread(target=write, args=(i,)) for i in range(_WRITERS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def _end(source) -> tuple[str, int]:
    return source.execute("SHOW MASTER STATUS")[0][:2]


def _follow(tideway: str, source, target, start, *options) -> list[str]:
    return [tideway, "replicate", "--source", source.url(tls="off"), "--target", target.url(tls="off"), "--filter", "bench.*", "--job", "bench",
            "--start", "{}:{}".format(*start), "--overlap-until", "none", "--verify", "never", "--quiet", *options]


def _expect_unproven(command) -> measure.Figures:
    """Nothing was compared, so that 3 is its success."""
    words = " ".join(f"'{word}'" for word in command)
    return measure.once(f"{words}; [ $? = 3 ]")


def _replica_wall(source, replica, start, end) -> float:
    replica.execute(
        f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={source.port}, MASTER_USER='root',"
        f" MASTER_LOG_FILE='{start[0]}', MASTER_LOG_POS={start[1]}"
    )
    began = time.monotonic()
    replica.execute("START SLAVE")
    done = replica.execute(f"SELECT MASTER_POS_WAIT('{end[0]}', {end[1]}, 600)")[0][0]
    wall = time.monotonic() - began
    replica.execute("STOP SLAVE", "RESET SLAVE ALL")
    assert done is not None and done >= 0, "the replica did not get there"
    return wall


def _digest(server) -> tuple:
    return server.execute("SELECT COUNT(*), SUM(CRC32(CONCAT_WS(',', id, k, c, pad))) FROM bench.t")[0]


def kinds(tideway: str, target) -> None:
    print("\n| a log into MySQL | rows | tideway rows/s | CPU-s per M rows | peak memory | MySQL replica, 4 workers, rows/s | ratio |")
    print("|---|---|---|---|---|---|---|")
    with Server("8.0", options=_SERVER, gtid=False) as source, Server("8.0", options=_REPLICA, gtid=False) as replica:
        source.execute(*_TABLES)
        target.execute("DROP DATABASE IF EXISTS bench", "DROP DATABASE IF EXISTS tideway_meta", *_TABLES[:3])
        replica.execute(*_TABLES[:3])
        for kind, transactions, rows_each in _KINDS:
            start = _end(source)
            _work(source, kind, transactions)
            end = _end(source)
            rows = transactions * rows_each
            target.execute("DROP DATABASE IF EXISTS tideway_meta")
            ours = _expect_unproven(_follow(tideway, source, target, start, "--until", "{}:{}".format(*end)))
            theirs = _replica_wall(source, replica, start, end)
            assert _digest(source) == _digest(target) == _digest(replica), f"{kind}: the rows differ"
            print(f"| {kind} | {rows} | {rows / ours.wall:.0f} | {ours.cpu * 1e6 / rows:.1f} | {ours.rss_bytes / 1e6:.0f} MB"
                  f" | {rows / theirs:.0f} | {theirs / ours.wall:.2f} x |", flush=True)


def _steady_writer(source, rate: int, seconds: float, written: dict) -> None:
    """`rate` rows a second, ten in a transaction; when each of the last was committed."""
    with contextlib.closing(source.connect(database="bench")) as connection, connection.cursor() as cursor:
        began, at = time.monotonic(), 0
        while time.monotonic() - began < seconds:
            ids = range(at, at + 10)
            cursor.execute("INSERT INTO seen VALUES " + ",".join(f"({i})" for i in ids))
            connection.commit()
            written[ids[-1]] = time.monotonic()
            at += 10
            ahead = at / rate - (time.monotonic() - began)
            if ahead > 0:
                time.sleep(ahead)


def _seen_until(target, last, seen: dict, deadline: float) -> None:
    """When the highest row of the target was first seen, a look every two milliseconds."""
    with contextlib.closing(target.connect(database="bench")) as connection, connection.cursor() as cursor:
        connection.autocommit(True)
        while time.monotonic() < deadline:
            cursor.execute("SELECT MAX(id) FROM seen")
            highest = cursor.fetchone()[0]
            if highest is not None:
                seen.setdefault(highest, time.monotonic())
                if last() is not None and highest >= last():
                    return
            time.sleep(0.002)


def lag(tideway: str, target, rate: int = 5000, seconds: float = 20) -> None:
    with Server("8.0", options=_SERVER, gtid=False) as source, tempfile.TemporaryDirectory() as scratch:
        source.execute(*_TABLES)
        target.execute("DROP DATABASE IF EXISTS bench", "DROP DATABASE IF EXISTS tideway_meta", *_TABLES[:3])
        command = _follow(tideway, source, target, _end(source))
        log = (pathlib.Path(scratch) / "log").open("wb")
        job = subprocess.Popen(command, stdout=log, stderr=log)
        written, seen, last = {}, {}, []
        looker = threading.Thread(target=_seen_until, args=(target, lambda: last[0] if last else None, seen, time.monotonic() + seconds + 60))
        looker.start()
        _steady_writer(source, rate, seconds, written)
        last.append(max(written))
        looker.join()
        commits = sorted(written.items())
        lags = []
        for highest, moment in sorted(seen.items()):
            newest = [when for number, when in commits if number <= highest]
            if newest:
                lags.append(max(moment - newest[-1], 0.0))
        lags = sorted(lags[len(lags) // 10:])  # without the first tenth: connections are made there
        print(f"\nlag beside {max(written) / seconds:.0f} rows/s in transactions of ten: p50 {statistics.median(lags) * 1000:.0f} ms,"
              f" p99 {lags[int(len(lags) * 0.99)] * 1000:.0f} ms")
        _restart(source, target, job, command, log)
        log.close()


def _restart(source, target, job, command, log, times: int = 5) -> None:
    """kill -9, start again, until a row that was written meanwhile is in the target."""
    walls = []
    for i in range(times):
        job.send_signal(signal.SIGKILL)
        job.wait()
        source.execute(f"INSERT INTO bench.seen VALUES ({10**8 + i})")
        began = time.monotonic()
        job = subprocess.Popen(command, stdout=log, stderr=log)
        while not target.execute(f"SELECT 1 FROM bench.seen WHERE id = {10**8 + i}"):
            assert job.poll() is None and time.monotonic() - began < 60, "it does not go on"
            time.sleep(0.01)
        walls.append(time.monotonic() - began)
    job.send_signal(signal.SIGKILL)
    job.wait()
    print(f"from start to the first applied row after kill -9: median {statistics.median(walls):.2f} s, longest {max(walls):.2f} s of {times}")
