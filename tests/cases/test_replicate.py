"""`tideway replicate` alone: from a place of the source's log on, each change once, whatever is killed on the way.

What the target must hold comes from the writer's own journal (testbed/writer.py), or is asked of both servers by SQL.
"""

import datetime
import os
import random
import time

import jobs
import pytest
from testbed import oracle
from testbed.journal import History
from testbed.writer import COLUMNS, Writer


def _command(source, target, *options):
    return ("replicate", "--source", source.url(), "--target", target.url(), "--json", "--filter", "live.*", *options)


def _replicate(tideway, source, target, *options, **settings):
    return tideway.run(*_command(source, target, *options), **settings)


def _differences(source, target, journal, outcome):
    """Of all tables of the writer, at the place that was reported."""
    file, offset = jobs.Certificate.of(outcome).json["position"].split()[0].rsplit(":", 1)
    return History(source, journal).differences(target, {("live", table): (file, int(offset)) for table in COLUMNS})


def _wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def _has_begun(target):
    """A job on the target knows where it began."""
    found = target.execute("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'tideway_meta' AND table_name = 'log'")
    return found[0][0] == 1 and target.execute("SELECT COUNT(*) FROM tideway_meta.log WHERE position <> ''")[0][0] == 1


@pytest.fixture(params=[True, False], ids=["gtid", "positions"])
def source(request, mysql80):
    if not request.param:
        mysql80.gtid = False
        mysql80.restart()
    mysql80.reset()
    yield mysql80
    if not request.param:
        mysql80.gtid = True
        mysql80.restart()


def _position(source):
    file, offset, *_ = source.execute("SHOW MASTER STATUS")[0]
    return f"{file}:{offset}"


def _gtids(source):
    return source.execute("SELECT @@GLOBAL.gtid_executed")[0][0].replace("\n", "")


def _next_second(source):
    """A time that everything so far is before."""
    now = "SELECT UTC_TIMESTAMP()"
    begin = source.execute(now)[0][0]
    _wait_until(lambda: source.execute(now)[0][0] > begin + datetime.timedelta(seconds=1))
    return str(source.execute(now)[0][0])


@pytest.mark.parametrize("place", [_position, _gtids, _next_second])
def test_a_log_from_a_place_on_makes_what_the_source_holds(tideway, source, target, tmp_path, place):
    if place is _gtids and not source.gtid:
        return
    source.execute("CREATE DATABASE live", "CREATE TABLE live.before_it (id INT PRIMARY KEY)", "DROP DATABASE live")
    start = place(source)
    journal = tmp_path / "journal"
    with Writer(source, journal, seed=11, pause_seconds=0.002) as writer:
        _wait_until(lambda: writer.committed > 100)
        outcome = _replicate(tideway, source, target, "--start", start, "--overlap-until", "none", "--until", "caught-up")
    outcome.expect(jobs.PROVEN, jobs.UNPROVEN)
    assert _differences(source, target, journal, outcome) == []
    # Started again it goes on, wherever it is said to begin.
    again = _replicate(tideway, source, target, "--start", "now", "--overlap-until", "none", "--until", "caught-up").expect(jobs.PROVEN)
    assert _differences(source, target, journal, again) == []
    assert oracle.compare(source, target, databases=["live"], definitions=True) == []


def test_from_now_on_everything_follows_through_kills(tideway, source, target, tmp_path):
    journal = tmp_path / "journal"
    command = _command(source, target, "--start", "now")
    job = tideway.start(*command)
    _wait_until(lambda: _has_begun(target))
    moments = random.Random(12)
    with Writer(source, journal, seed=12, pause_seconds=0.002):
        for _ in range(5):
            time.sleep(moments.uniform(0.2, 1.5))
            job.kill()
            job = tideway.start(*command)
        time.sleep(0.5)
        job.kill()
    outcome = _replicate(tideway, source, target, "--until", "caught-up").expect(jobs.PROVEN)
    assert _differences(source, target, journal, outcome) == []
    assert oracle.compare(source, target, databases=["live"]) == []


def test_until_a_place_is_exactly_what_was_there(tideway, source, target, tmp_path):
    start = _position(source)
    journal = tmp_path / "journal"
    with Writer(source, journal, seed=13, pause_seconds=0.002) as writer:
        _wait_until(lambda: writer.committed > 80)
        ends = [_position(source)]
        _wait_until(lambda: writer.committed > 160)
        if source.gtid:
            ends.append(_gtids(source))
            _wait_until(lambda: writer.committed > 240)
    options = ("--start", start, "--overlap-until", "none")
    for end in ends:
        outcome = _replicate(tideway, source, target, *options, "--until", end, "--verify", "never").expect(jobs.PROVEN, jobs.UNPROVEN)
        assert _differences(source, target, journal, outcome) == []
        position = end if "-" in end else (end.rsplit(":", 1)[0], int(end.rsplit(":", 1)[1]))
        assert History(source, journal).differences(target, {("live", table): position for table in COLUMNS}) == []


def test_until_a_time_ends_before_what_was_committed_then(tideway, source, target):
    start = _position(source)
    source.execute("CREATE DATABASE live", "CREATE TABLE live.t (id INT PRIMARY KEY)", "INSERT INTO live.t VALUES (1)")
    end = _next_second(source)
    source.execute("INSERT INTO live.t VALUES (2)")
    options = ("--start", start, "--overlap-until", "none")
    _replicate(tideway, source, target, *options, "--until", end, "--verify", "never").expect(jobs.PROVEN, jobs.UNPROVEN)
    assert target.execute("SELECT id FROM live.t") == [(1,)]
    # A time that is yet to come is waited for.
    now = source.execute("SELECT UTC_TIMESTAMP()")[0][0]
    later = now + datetime.timedelta(seconds=4)
    job = tideway.start(*_command(source, target, *options, "--until", str(later), "--verify", "never"))
    _wait_until(lambda: source.execute("SELECT UTC_TIMESTAMP()")[0][0] >= later)
    source.execute("INSERT INTO live.t VALUES (3)")
    job.wait(60).expect(jobs.PROVEN, jobs.UNPROVEN)
    assert target.execute("SELECT id FROM live.t ORDER BY id") == [(1,), (2,)]


def test_a_new_job_must_be_told_where_to_begin(tideway, source, target):
    outcome = _replicate(tideway, source, target, "--until", "caught-up").expect(jobs.USAGE)
    assert "--start now" in str(outcome)
    _replicate(tideway, source, target, "--start", "nowhere").expect(jobs.USAGE)


def test_a_dump_made_beside_a_writer_is_gone_on_with(tideway, source, target, tmp_path):
    journal, dump = tmp_path / "journal", tmp_path / "dump"
    with Writer(source, journal, seed=14, pause_seconds=0.01):
        # Tables without a key, and those that cascades join, stand at one place: nobody writes to them while it is taken.
        dumped = tideway.run("dump", "--source", source.url(), "--filter", "live.*", "--consistency", "lock", "--output", dump, "--json")
        dumped.expect(jobs.PROVEN)
        tideway.run("load", "--target", target.url(), "--input", dump).expect(jobs.PROVEN)
        outcome = _replicate(tideway, source, target, "--start", dump, "--until", "caught-up")
    outcome.expect(jobs.PROVEN, jobs.UNPROVEN)
    assert _differences(source, target, journal, outcome) == []


def test_a_dump_whose_tables_stand_at_several_places_is_made_one(tideway, source, target, tmp_path):
    """Without a lock: what was written to while it was dumped is written row by row until the dump's end, then exactly."""
    journal, dump = tmp_path / "journal", tmp_path / "dump"
    keyed = {"plain", "composite", "texts", "accounts", "transfers", "rare", "still_keyed", "still_keyless"}
    chosen = tuple(word for table in sorted(keyed) for word in ("--filter", f"live.{table}"))
    with Writer(source, journal, seed=15, pause_seconds=0.002):
        dumped = tideway.run("dump", "--source", source.url(), *chosen, "--output", dump, "--json", "--snapshot-wait", "1s")
        dumped.expect(jobs.PROVEN, jobs.UNPROVEN)
        tideway.run("load", "--target", target.url(), "--input", dump).expect(jobs.PROVEN)
        command = ("replicate", "--source", source.url(), "--target", target.url(), "--json", *chosen, "--start", dump)
        job = tideway.start(*command)
        _wait_until(lambda: _has_begun(target))
        job.kill()
        outcome = tideway.run(*command, "--until", "caught-up").expect(jobs.PROVEN, jobs.UNPROVEN)
    file, offset = jobs.Certificate.of(outcome).json["position"].split()[0].rsplit(":", 1)
    assert History(source, journal).differences(target, {("live", table): (file, int(offset)) for table in keyed}) == []
    loose = jobs.Certificate.of(dumped).tables("unproven")
    assert bool(loose) == any("row by row" in warning for warning in jobs.Certificate.of(outcome).json["warnings"])


@pytest.mark.parametrize("until", ["now", "place"])
def test_what_a_target_may_hold_already_is_written_as_it_is_to_be(tideway, source, target, until):
    """The target's rows are later than --start says."""
    source.execute(
        "CREATE DATABASE live",
        "CREATE TABLE live.t (id INT PRIMARY KEY, v INT, UNIQUE KEY (v))",
        "INSERT INTO live.t VALUES (1, 10), (2, 20), (3, 30), (4, 40)",
    )
    target.execute("CREATE DATABASE live", "CREATE TABLE live.t (id INT PRIMARY KEY, v INT, UNIQUE KEY (v))")
    start = _position(source)
    source.execute("UPDATE live.t SET v = 11 WHERE id = 1", "DELETE FROM live.t WHERE id = 2", "INSERT INTO live.t VALUES (5, 20)", database="live")
    target.execute("INSERT INTO live.t VALUES (1, 11), (3, 30), (4, 40), (5, 20)")  # a copy made here
    held = _position(source)
    source.execute("UPDATE live.t SET v = 12 WHERE id = 1", "UPDATE live.t SET id = 6 WHERE id = 3")
    options = ("--overlap-until", held) if until == "place" else ()
    outcome = _replicate(tideway, source, target, "--start", start, *options, "--until", "caught-up").expect(jobs.PROVEN)
    assert oracle.compare(source, target, databases=["live"]) == []
    assert any("row by row" in warning for warning in jobs.Certificate.of(outcome).json["warnings"])
    # Behind the overlap nothing is written over: a row that is not as the log says leaves its table out.
    target.execute("UPDATE live.t SET v = 99 WHERE id = 6", "DELETE FROM live.t WHERE id = 4")
    source.execute("DELETE FROM live.t WHERE id = 4")
    broken = _replicate(tideway, source, target, "--until", "caught-up").expect(jobs.UNPROVEN)
    assert "row" in jobs.Certificate.of(broken).reason("live", "t")


def test_tables_without_a_key_are_not_replayed(tideway, source, target):
    source.execute("CREATE DATABASE live", "CREATE TABLE live.k (v INT)", "CREATE TABLE live.still (v INT)", "INSERT INTO live.still VALUES (1)")
    target.execute("CREATE DATABASE live", "CREATE TABLE live.k (v INT)", "CREATE TABLE live.still (v INT)", "INSERT INTO live.still VALUES (1)")
    start = _position(source)
    source.execute("INSERT INTO live.k VALUES (1)")
    refused = _replicate(tideway, source, target, "--start", start, "--until", "caught-up").expect(jobs.FAILED)
    assert "`live`.`k`" in str(refused) and "`live`.`still`" not in str(refused) and "--overlap-until none" in str(refused)
    _replicate(tideway, source, target, "--start", start, "--overlap-until", "none", "--until", "caught-up").expect(jobs.PROVEN)
    assert oracle.compare(source, target, databases=["live"]) == []


def test_a_definition_that_changed_since_the_start_can_be_given(tideway, source, target, tmp_path):
    made = "CREATE TABLE live.t (id INT PRIMARY KEY, v INT)"
    source.execute("CREATE DATABASE live", made, "CREATE TABLE live.other (id INT PRIMARY KEY)")
    target.execute("CREATE DATABASE live", made, "CREATE TABLE live.other (id INT PRIMARY KEY)")
    start, shown = _position(source), source.execute("SHOW CREATE TABLE live.t")[0][1]
    source.execute(
        "INSERT INTO live.t VALUES (1, 1)",
        "ALTER TABLE live.t DROP COLUMN v, ADD COLUMN w VARCHAR(10) FIRST",
        "INSERT INTO live.t VALUES ('a', 2)",
        "INSERT INTO live.other VALUES (1)",
    )
    options = ("--start", start, "--overlap-until", "none", "--until", "caught-up")
    outcome = _replicate(tideway, source, target, *options).expect(jobs.UNPROVEN)
    assert "definition" in jobs.Certificate.of(outcome).reason("live", "t")
    assert oracle.compare(source, target, tables=[("live", "other")]) == []
    target.execute("DELETE FROM live.other")
    given = tmp_path / "given.sql"
    given.write_text(f"USE live;\n{shown};\n")
    _replicate(tideway, source, target, *options, "--restart", "--yes", "--definition", given).expect(jobs.PROVEN)
    assert oracle.compare(source, target, databases=["live"], definitions=True) == []


def test_of_two_hundred_tables_only_those_that_cannot_go_on_stop(tideway, mysql80, target, tmp_path):
    """One statement that the target refuses, one definition that is not the one its rows were logged under."""
    made = ["CREATE DATABASE live", *(f"CREATE TABLE live.t{n} (id INT PRIMARY KEY, v INT)" for n in range(200))]
    mysql80.execute(*made)
    target.execute(*made, "ALTER TABLE live.t7 ADD COLUMN w INT")
    start = _position(mysql80)
    mysql80.execute(*(f"INSERT INTO live.t{n} VALUES (1, {n})" for n in range(200)))
    wrong = tmp_path / "wrong.sql"
    wrong.write_text("USE live;\nCREATE TABLE t9 (id INT PRIMARY KEY, v VARCHAR(20));\n")
    options = ("--start", start, "--overlap-until", "none", "--definition", wrong, "--until", "caught-up")
    _replicate(tideway, mysql80, target, *options).expect(jobs.UNPROVEN, jobs.FAILED)
    mysql80.execute("ALTER TABLE live.t7 ADD COLUMN w INT", "ALTER TABLE live.t8 ADD COLUMN w INT")
    mysql80.execute(*(f"UPDATE live.t{n} SET v = v + 1" for n in range(200)))
    outcome = _replicate(tideway, mysql80, target, *options).expect(jobs.UNPROVEN, jobs.FAILED)
    certificate = jobs.Certificate.of(outcome)
    assert "w" in certificate.reason("live", "t7") and "left out" in certificate.reason("live", "t7")
    assert "TW405" in certificate.reason("live", "t9") and "`v`" in certificate.reason("live", "t9")
    assert oracle.compare(mysql80, target, tables=[("live", f"t{n}") for n in range(200) if n not in (7, 9)]) == []
    # They stay out, and the others go on.
    mysql80.execute(*(f"UPDATE live.t{n} SET v = v + 1" for n in range(200)))
    again = _replicate(tideway, mysql80, target, "--until", "caught-up").expect(jobs.UNPROVEN, jobs.FAILED)
    assert {("live", "t7"), ("live", "t9")} <= set(jobs.Certificate.of(again).proofs())
    assert oracle.compare(mysql80, target, tables=[("live", f"t{n}") for n in range(200) if n not in (7, 9)]) == []


def test_a_transaction_larger_than_the_memory_arrives_in_pieces(tideway, mysql80, target):
    rows = 10_000 if os.environ.get("TIDEWAY_CHECK_FULL") else 640
    mysql80.execute(
        "CREATE DATABASE live",
        "CREATE TABLE live.seed (id INT PRIMARY KEY AUTO_INCREMENT, v INT)",
        "INSERT INTO live.seed (v) VALUES " + ", ".join(["(0)"] * 1000),
        "CREATE TABLE live.big (id INT PRIMARY KEY, body LONGBLOB)",
    )
    target.execute("CREATE DATABASE live", "CREATE TABLE live.big (id INT PRIMARY KEY, body LONGBLOB)")
    start = _position(mysql80)
    pieces = [
        f"INSERT INTO live.big SELECT id + {first}, REPEAT(UNHEX(SHA2(id + {first}, 256)), 3355) FROM live.seed WHERE id <= {min(1000, rows - first)}"
        for first in range(0, rows, 1000)
    ]
    mysql80.execute("BEGIN", *pieces, "UPDATE live.big SET id = -id WHERE id % 50 = 0", "COMMIT")
    outcome = tideway.run(
        "replicate", "--source", mysql80.url(), "--target", target.url(), "--filter", "live.big", "--json", "--memory", "192MiB",
        "--start", start, "--overlap-until", "none", "--until", "caught-up", deadline_seconds=280,
    )  # fmt: skip
    outcome.expect(jobs.PROVEN)
    assert oracle.compare(mysql80, target, tables=[("live", "big")]) == []
    assert outcome.peak_rss_bytes < 256 << 20, outcome.peak_rss_bytes / 2**20


def test_a_job_that_was_taken_over_ends_though_its_log_is_still(tideway, mysql80, target):
    mysql80.execute("CREATE DATABASE live", "CREATE TABLE live.t (id INT PRIMARY KEY)")
    target.execute("CREATE DATABASE live", "CREATE TABLE live.t (id INT PRIMARY KEY)")
    first = tideway.start(*_command(mysql80, target, "--start", "now"))
    _wait_until(lambda: _has_begun(target))
    second = tideway.start(*_command(mysql80, target, "--takeover"))
    outcome = first.wait(20).expect(jobs.FAILED)
    assert "TW802" in str(outcome)
    mysql80.execute("INSERT INTO live.t VALUES (1)")
    _wait_until(lambda: target.execute("SELECT COUNT(*) FROM live.t")[0][0] == 1)
    second.kill()
