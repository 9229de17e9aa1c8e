"""What an operator meets at three in the morning: each mistake and each failure is told at once, in words that help."""

import contextlib
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import threading
import time

import jobs
import pymysql
import pytest
from testbed import oracle

ROWS = 30_000


@pytest.fixture(scope="module")
def shop(_mysql80):
    """A source that these cases only read, and accounts that lack something."""
    _mysql80.reset()
    jobs.fill_numbers(_mysql80, "shop", "orders", ROWS)
    _mysql80.execute("ANALYZE TABLE shop.orders")  # or its size is told from before the rows came
    for name, grants in {
        "secret": None,
        "reader": "SELECT",
        "unlogged": "SELECT, SHOW VIEW, REPLICATION SLAVE",
        "nobody": None,
    }.items():
        password = "right" if name == "secret" else ""
        _mysql80.execute(f"CREATE USER {name}@'%' IDENTIFIED WITH mysql_native_password BY '{password}'")
        if grants:
            _mysql80.execute(f"GRANT {grants} ON *.* TO {name}@'%'")
    return _mysql80


@contextlib.contextmanager
def nobody_listens():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"mysql://root@127.0.0.1:{bound.getsockname()[1]}/"


def copy(tideway, source_url, target_url, *options):
    return tideway.run("copy", "--source", source_url, "--target", target_url, *options, deadline_seconds=60)


def wait_for_rows(server, count, run):
    while run.is_running:
        with contextlib.suppress(pymysql.err.MySQLError):  # no such table yet
            if server.execute("SELECT COUNT(*) FROM shop.orders")[0][0] >= count:
                return
        time.sleep(0.02)
    raise AssertionError(f"it ended before it had written {count} rows:\n{run.wait(1)}")


def test_a_source_that_cannot_be_reached_is_told_at_once(tideway, shop, target):
    with nobody_listens() as url:
        assert "TW201" in copy(tideway, url, target.url()).expect(jobs.ENVIRONMENT).stderr
    done = copy(tideway, "mysql://root@no-such-host.invalid:3306/", target.url()).expect(jobs.ENVIRONMENT)
    assert "TW200" in done.stderr and "no-such-host.invalid" in done.stderr


def _reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _greeting(offers_tls):
    capabilities = 0x8A209 | (0x800 if offers_tls else 0)
    body = b"\x0a8.0.15\0" + struct.pack("<I", 7) + b"12345678\0" + struct.pack("<H", capabilities & 0xFFFF)
    body += b"\x21\2\0" + struct.pack("<H", capabilities >> 16) + b"\x15" + b"\0" * 10 + b"123456789012\0mysql_native_password\0"
    return struct.pack("<I", len(body))[:3] + b"\0" + body


def _says(text):
    def behave(connection):
        connection.sendall(text)
        connection.recv(1)  # until the other side has had enough

    return behave


def _ends(offers_tls, end):
    """Greets, reads one packet of what follows, ends."""

    def behave(connection):
        connection.sendall(_greeting(offers_tls))
        connection.recv(4096)
        end(connection)

    return behave


@contextlib.contextmanager
def _impostor(behave):
    """Listens, and does to each connection what it is told; how many came is in `seen`."""
    seen = []

    def serve(listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            seen.append(connection)
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection):
        with contextlib.suppress(OSError):
            behave(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield f"mysql://root@127.0.0.1:{listener.getsockname()[1]}/?connect-timeout=1s", seen
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    "behave, code, said",
    [
        (_says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "TW208", 'is not MySQL; it said "HTTP/1.1 400 Bad Request"'),
        (lambda connection: connection.recv(1), "TW205", "nothing was said within 1 s"),
        (_says(_greeting(False)), "TW205", "did not finish the login within 1 s"),
        (_says(_greeting(True)), "TW205", "did not finish TLS and login within 1 s"),
        (_says(_greeting(False)[:30]), "TW205", "nothing was said"),
        (_says(b"\x12\0\0\0\xff\x10\x04Too many people"), "TW206", "no connection left"),
        (_says(b"\x10\0\0\0\xff\x6a\x04Not from here"), "TW203", "Not from here"),
        (lambda connection: connection.close(), "TW207", "closed by the other side before the server greeted"),
        (_reset, "TW207", "broken (Connection reset by peer) before the server greeted"),
        (_ends(False, _reset), "TW207", "during the login"),
        (_ends(False, socket.socket.close), "TW207", "closed by the other side during the login"),
        (_ends(True, _reset), "TW207", "during the TLS handshake"),
        (_ends(True, socket.socket.close), "TW207", "during the TLS handshake"),
    ],
    ids=["http", "silent", "hangs in login", "hangs in tls", "half a greeting", "crowded", "blocked", "closed", "reset",
         "reset in login", "closed in login", "reset in tls", "closed in tls"],
)
def test_what_is_wrong_with_a_connection_is_told_by_the_step_that_failed(tideway, shop, behave, code, said):
    with _impostor(behave) as (url, _):
        done = tideway.run("verify", "--source", url, "--target", shop.url(), deadline_seconds=30).expect(jobs.ENVIRONMENT)
    assert f"error: {code} " in done.stderr and said in done.stderr


def test_a_port_where_nobody_listens_is_not_taken_for_a_firewall(tideway, shop):
    with nobody_listens() as url:
        done = tideway.run("verify", "--source", url, "--target", shop.url()).expect(jobs.ENVIRONMENT)
    port = url.split(":")[-1].rstrip("/")
    assert "nothing listens on this port" in done.stderr and "security group" not in done.stderr
    assert f"next: nc -vz 127.0.0.1 {port}" in done.stderr


@pytest.mark.parametrize("offers_tls", [True, False])
def test_a_connection_cut_while_it_is_made_is_made_again_a_few_times(tideway, shop, offers_tls):
    with _impostor(_ends(offers_tls, _reset)) as (url, seen):
        tideway.run("verify", "--source", url, "--target", shop.url(), deadline_seconds=30).expect(jobs.ENVIRONMENT)
        assert len(seen) == 4


def test_a_login_cut_once_does_not_end_a_job(tideway, shop, proxy):
    between = proxy(shop)
    between.cut_after(100)  # inside the greeting or the login that follows
    jobs.verify(tideway, between, shop, "-f", "shop.*").expect(jobs.PROVEN)


def test_a_reset_during_the_tls_handshake_does_not_end_in_plaintext(tideway, shop, proxy):
    """The fallback would be seen on the wire: the second packet of a plaintext login holds the account's name."""
    heard = []

    def behave(connection):
        connection.sendall(_greeting(True))
        heard.append(connection.recv(4096))
        _reset(connection)

    with _impostor(behave) as (url, _):
        done = tideway.run("verify", "--source", url.replace("root", "someone:s3cret"), "--target", shop.url(), deadline_seconds=30)
    assert "TW207" in done.expect(jobs.ENVIRONMENT).stderr
    assert heard and all(b"someone" not in each for each in heard)


@pytest.mark.parametrize("command", ["copy", "verify"])
def test_a_target_that_cannot_be_reached_is_told_at_once(tideway, shop, command):
    with nobody_listens() as url:
        done = tideway.run(command, "--source", shop.url(), "--target", url, deadline_seconds=30)
    assert "TW201 connect_tcp (target)" in done.expect(jobs.ENVIRONMENT).stderr


def test_a_wrong_password_is_told_without_showing_it(tideway, shop, target):
    done = copy(tideway, shop.url("secret", "wr0ng"), target.url()).expect(jobs.ENVIRONMENT)
    assert "TW203" in done.stderr and "wr0ng" not in done.stderr


def _at_a_terminal(words, after, typed, seconds=30):
    """Runs it in a terminal of its own, types when it has said `after`: exit code and all that the terminal showed."""
    child, terminal = pty.fork()
    if child == 0:
        os.execve(words[0], words, {**os.environ, "HOME": "/nonexistent"})
    shown, is_typed, deadline = b"", False, time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            if not select.select([terminal], [], [], 0.1)[0]:
                continue
            try:
                shown += os.read(terminal, 65536)
            except OSError:  # it has ended
                break
            if not is_typed and after in shown:
                is_typed = bool(os.write(terminal, typed))
        else:
            os.kill(child, signal.SIGKILL)
            raise AssertionError(f"it did not end:\n{shown.decode()}")
    finally:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.close(terminal)
    assert is_typed, shown.decode()
    return code, shown.decode()


@pytest.mark.parametrize(
    "typed, code, said",
    [
        (b"right\n", jobs.USAGE, "TW105"),  # let in: the account sees nothing
        (b"wr0ng\n", jobs.ENVIRONMENT, "TW203"),
        (b"\n", jobs.ENVIRONMENT, "TW203"),
        (b"\4", jobs.USAGE, "no password was typed"),
        (b"\3", jobs.STOPPED, "TW106"),
    ],
    ids=["right", "wrong", "empty", "ctrl-d", "ctrl-c"],
)
def test_a_password_is_asked_for_on_the_terminal_and_never_shown(tideway, shop, typed, code, said):
    words = [str(tideway.binary), "verify", "--source", shop.url("secret"), "--target", shop.url(), "-f", "shop.*"]
    ended, shown = _at_a_terminal(words, b"Password for secret@", typed)
    assert (ended, said in shown) == (code, True), shown
    assert "right" not in shown and "wr0ng" not in shown


def test_ctrl_c_at_the_question_of_a_restart_stops(tideway, shop, target):
    words = [str(tideway.binary), "copy", "--source", shop.url(), "--target", target.url(), "-f", "shop.*", "--restart"]
    ended, shown = _at_a_terminal(words, b"Type yes to go on", b"\3")
    assert ended == jobs.STOPPED and "TW106" in shown, shown


def test_where_a_password_is_taken_from_is_told_when_it_is_wrong(tideway, shop, tmp_path):
    words = ("verify", "--source", shop.url("secret"), "--target", shop.url(), "-f", "shop.*")
    assert "--source-password-file" in tideway.run(*words).expect(jobs.ENVIRONMENT).stderr
    (tmp_path / ".my.cnf").write_text("[client]\npassword=wr0ng\n")
    done = tideway.run(*words, environment={"HOME": str(tmp_path)}).expect(jobs.ENVIRONMENT)
    assert f"the password was that of {tmp_path}/.my.cnf" in done.stderr and "wr0ng" not in done.stderr


@pytest.mark.parametrize("rule", ["nothing.*", "shop.nothing"])
@pytest.mark.parametrize("command", ["copy", "dump", "verify"])
def test_a_filter_that_leaves_nothing_is_a_usage_error(tideway, shop, target, command, rule, tmp_path):
    where = ("--output", tmp_path / "dump") if command == "dump" else ("--target", target.url())
    done = tideway.run(command, "--source", shop.url(), *where, "-f", rule, deadline_seconds=30)
    assert "TW105" in done.expect(jobs.USAGE).stderr


@pytest.mark.parametrize("account", ["reader", "unlogged"])
def test_without_the_log_a_copy_runs_and_names_the_missing_grant(tideway, shop, target, account):
    done = copy(tideway, shop.url(account), target.url(), "-f", "shop.*").expect(jobs.UNPROVEN)
    assert f"GRANT REPLICATION CLIENT ON *.* TO '{account}'@'%'" in done.stdout
    assert oracle.compare(shop, target, databases=["shop"]) == []


def test_a_table_that_may_not_be_read_ends_the_job_with_the_grant_that_helps(tideway, shop, target):
    shop.execute("CREATE USER blind@'%'", "GRANT SHOW VIEW, REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO blind@'%'")
    ended = copy(tideway, shop.url("blind"), target.url(), "-f", "shop.*").expect(jobs.ENVIRONMENT)
    grant = ended.stderr.split("next: ")[1].splitlines()[0]
    assert grant == "GRANT SELECT ON `shop`.`orders` TO 'blind'@'%'"
    shop.execute(grant)
    copy(tideway, shop.url("blind"), target.url(), "-f", "shop.*").expect(jobs.PROVEN)


def test_the_grants_it_asks_for_on_the_target_can_be_typed_and_are_enough(tideway, shop, target):
    target.execute("CREATE USER newcomer@'%'")
    typed = []
    while (done := copy(tideway, shop.url(), target.url("newcomer"), "-f", "shop.*")).code == jobs.ENVIRONMENT:
        assert "TW301 missing_privilege (target)" in done.stderr and len(typed) < 8, (done, typed)
        typed.append(done.stderr.split("next: ")[1].splitlines()[0])
        target.execute(typed[-1])
    done.expect(jobs.PROVEN)
    assert typed[0] == "GRANT ALL ON tideway_meta.* TO 'newcomer'@'%'" and len(set(typed)) == len(typed), typed


def test_a_unique_key_that_the_target_does_not_keep_is_on_the_certificate(tideway, shop, target):
    shop.execute("CREATE TABLE shop.seats (id INT PRIMARY KEY, seat VARCHAR(20), UNIQUE KEY one_each (seat))", "INSERT INTO shop.seats VALUES (1, 'a')")
    target.execute("CREATE DATABASE shop", "CREATE TABLE shop.seats (id INT PRIMARY KEY, seat VARCHAR(20))")
    try:
        said = copy(tideway, shop.url(), target.url(), "-f", "shop.*").expect(jobs.PROVEN).stdout
        typed = said[said.index("ALTER TABLE `shop`.`seats` ADD UNIQUE KEY") :].splitlines()[0]
        target.execute(typed)
        assert "ADD UNIQUE KEY" not in copy(tideway, shop.url(), target.url(), "-f", "shop.*").expect(jobs.PROVEN).stdout
    finally:
        shop.execute("DROP TABLE shop.seats")


def test_an_account_that_sees_nothing_is_told_so(tideway, shop, target):
    assert "the account can see" in copy(tideway, shop.url("nobody"), target.url()).expect(jobs.USAGE).stderr


def test_a_target_that_may_not_be_written_is_told_before_anything_is_read(tideway, shop, mysql57):
    mysql57.execute("CREATE USER reader@'%'", "GRANT SELECT ON *.* TO reader@'%'")
    done = copy(tideway, shop.url(), mysql57.url("reader")).expect(jobs.ENVIRONMENT)
    assert "TW301 missing_privilege (target)" in done.stderr and "next: GRANT ALL ON tideway_meta.*" in done.stderr
    mysql57.execute("SET GLOBAL super_read_only = ON")
    assert "TW308 read_only (target)" in copy(tideway, shop.url(), mysql57.url()).expect(jobs.ENVIRONMENT).stderr


def test_rows_of_somebody_else_in_a_target_table_are_left_alone(tideway, shop, target):
    target.execute("CREATE DATABASE shop", "CREATE TABLE shop.orders (id BIGINT PRIMARY KEY, k INT, note VARCHAR(120))",
                   "INSERT INTO shop.orders VALUES (3, 3, 'mine')")
    assert "TW502" in copy(tideway, shop.url(), target.url(), "-f", "shop.*").expect(jobs.FAILED).stderr
    assert target.execute("SELECT * FROM shop.orders") == [(3, 3, "mine")]


def test_a_copy_of_a_server_into_itself_is_refused(tideway, shop):
    done = copy(tideway, shop.url(), f"mysql://root@localhost:{shop.port}/", "--on-duplicate", "replace")
    assert "source and target are one server" in done.expect(jobs.USAGE).stderr


def test_a_target_killed_half_way_and_started_again_is_waited_for(tideway, shop, mysql57):
    run = tideway.start("copy", "--source", shop.url(), "--target", mysql57.url(), "--chunk-bytes", "64KiB", "-f", "shop.*", "--json")
    wait_for_rows(mysql57, ROWS // 10, run)
    mysql57.kill()
    mysql57.start()
    jobs.assert_proven_copy(run.wait(60), shop, mysql57, databases=["shop"])


def test_a_source_whose_connections_are_cut_again_and_again_is_read_to_its_end(tideway, shop, target, proxy):
    between = proxy(shop)
    run = tideway.start("copy", "--source", between.url(), "--target", target.url(), "--chunk-bytes", "64KiB", "-f", "shop.*", "--json")
    wait_for_rows(target, 1, run)
    for _ in range(3):
        between.cut()
        time.sleep(0.3)
    jobs.assert_proven_copy(run.wait(90), shop, target, databases=["shop"])


def test_a_source_lost_while_its_position_is_asked_does_not_end_the_copy(tideway, shop, target, proxy):
    between = proxy(shop, mysql=True)
    between.cut_at_statement("gtid_executed", answered=False)
    done = tideway.run("copy", "--source", between.url(tls="off"), "--target", target.url(), "-f", "shop.*", "--json")
    assert "the snapshot is taken anew" in done.stdout, done
    jobs.assert_proven_copy(done, shop, target, databases=["shop"])


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MiB, and how to make it larger. Needs root; without it this is an error, not a skip."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], check=True)
    try:
        yield place, lambda size: subprocess.run(["mount", "-o", f"remount,size={size}", place], check=True)
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_dump_too_large_for_its_disk_is_refused_before_the_first_row(tideway, shop, small_disk):
    place, _ = small_disk
    done = tideway.run("dump", "--source", shop.url(), "--output", place / "dump", "-f", "shop.*", deadline_seconds=30)
    assert "TW601" in done.expect(jobs.ENVIRONMENT).stderr
    assert [name for _, _, files in os.walk(place) for name in files if name.endswith((".sql", ".tmp"))] == []


def test_a_disk_that_fills_up_is_waited_for_until_there_is_room(tideway, shop, small_disk, proxy):
    place, grow = small_disk
    grow("40m")
    slow = proxy(shop)
    slow.throttle(1_000_000)  # some three seconds of rows
    run = tideway.start("dump", "--source", slow.url(), "--output", place / "dump", "-f", "shop.*")
    while run.is_running and not list(place.glob("dump/.tideway-*.tmp")):
        time.sleep(0.01)
    with open(place / "filler", "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(1 << 16))
    deadline = time.monotonic() + 30
    while run.is_running and "waiting for space" not in run.output()[1]:
        assert time.monotonic() < deadline, run.output()
        time.sleep(0.05)
    (place / "filler").unlink()
    outcome = run.wait(60)
    assert "waiting for space" in outcome.stderr, outcome
    outcome.expect(jobs.PROVEN)


def test_a_dump_that_grows_over_its_budget_ends_clearly_and_goes_on_with_a_larger_one(tideway, shop, target, tmp_path):
    """The server's guess fits, what is written does not: bytes are written as hex, twice their size."""
    shop.execute("CREATE DATABASE narrow", "CREATE TABLE narrow.n (b VARBINARY(120))")
    try:
        shop.execute("INSERT INTO narrow.n SELECT RANDOM_BYTES(120) FROM shop.orders", "ANALYZE TABLE narrow.n")
        ((guess,),) = shop.execute("SELECT data_length FROM information_schema.tables WHERE table_schema = 'narrow'")
        dump = ("dump", "--source", shop.url(), "--output", tmp_path / "d", "-f", "narrow.*")
        ended = tideway.run(*dump, "--disk", guess + 1000, deadline_seconds=60).expect(jobs.ENVIRONMENT)
        assert "TW601" in ended.stderr and "need" in ended.stderr and "have" in ended.stderr, ended
        assert sum(each.stat().st_size for each in (tmp_path / "d").iterdir()) <= guess + 1000
        tideway.run(*dump, "--disk", "1GiB", deadline_seconds=60).expect(jobs.PROVEN)
        tideway.run("load", "--target", target.url(), "--input", tmp_path / "d").expect(jobs.PROVEN)
        assert oracle.compare(shop, target, databases=["narrow"]) == []
    finally:
        shop.execute("DROP DATABASE narrow")


def test_a_second_dump_into_the_same_directory_is_refused_while_the_first_runs(tideway, shop, proxy, tmp_path):
    slow = proxy(shop)
    slow.throttle(1_000_000)
    dump = lambda way: ("dump", "--source", way.url(), "--output", tmp_path / "d", "-f", "shop.*")
    first = tideway.start(*dump(slow))
    while first.is_running and not list(tmp_path.glob("d/tideway.manifest.journal")):
        time.sleep(0.01)
    refused = tideway.run(*dump(shop), deadline_seconds=30).expect(jobs.FAILED)
    assert f"TW108 job_owned (local): another process is writing a dump into {tmp_path}/d" in refused.stderr
    assert first.is_running
    first.kill()
    tideway.run(*dump(shop), deadline_seconds=60).expect(jobs.PROVEN)


def test_a_dump_with_other_settings_is_refused_and_begun_anew_with_restart(tideway, shop, target, tmp_path):
    dump = ("dump", "--source", shop.url(), "--output", tmp_path / "d", "-f", "shop.*")
    tideway.run(*dump, deadline_seconds=60).expect(jobs.PROVEN)
    (tmp_path / "d" / "note.txt").write_text("somebody else's")
    refused = tideway.run(*dump, "--compress", "zstd", deadline_seconds=60).expect(jobs.USAGE)
    assert "TW107" in refused.stderr and "next: give the settings it was begun with, or another --output; --restart" in refused.stderr
    assert "not confirmed" in tideway.run(*dump, "--compress", "zstd", "--restart").expect(jobs.USAGE).stderr
    tideway.run(*dump, "--compress", "zstd", "--restart", "--yes", deadline_seconds=60).expect(jobs.PROVEN)
    kept = [each.name for each in (tmp_path / "d").iterdir()]
    assert "note.txt" in kept and not [each for each in kept if each.endswith(".sql")], kept
    tideway.run("load", "--target", target.url(), "--input", tmp_path / "d").expect(jobs.PROVEN)
    assert oracle.compare(shop, target, databases=["shop"]) == []


def test_a_dump_that_was_stopped_goes_on_where_only_its_rest_has_room(tideway, shop, small_disk, proxy):
    """What is there already needs no room a second time."""
    place, grow = small_disk
    grow("7m")
    slow = proxy(shop)
    slow.throttle(2_000_000)
    dump = lambda way: ("dump", "--source", way.url(), "--output", place / "dump", "-f", "shop.*", "--chunk-bytes", "500KiB", "--threads", "1")
    run = tideway.start(*dump(slow))
    while run.is_running and len(list(place.glob("dump/shop.orders.*.sql"))) < 4:
        time.sleep(0.01)
    run.kill()
    assert len(list(place.glob("dump/shop.orders.*.sql"))) >= 4
    tideway.run(*dump(shop), deadline_seconds=60).expect(jobs.PROVEN)


def tables_of(server, database):
    return server.execute(f"SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{database}'")[0][0]


@pytest.mark.parametrize("condition, said", [("nope > 3", "Unknown column 'nope'"), ("k >", "You have an error in your SQL syntax")])
@pytest.mark.parametrize("command", ["copy", "dump", "verify"])
def test_a_condition_that_a_table_cannot_follow_is_told_before_a_row_moves(tideway, shop, target, tmp_path, command, condition, said):
    where = ("--output", tmp_path / "dump") if command == "dump" else ("--target", target.url())
    done = tideway.run(command, "--source", shop.url(), *where, "-f", "shop.*", "--where", condition).expect(jobs.USAGE)
    assert "TW103" in done.stderr and said in done.stderr and "table: `shop`.`orders`" in done.stderr
    assert tables_of(target, "shop") == 0 and not (tmp_path / "dump").exists()


def test_a_target_that_goes_away_is_one_state_and_not_a_flood(tideway, shop, mysql57):
    run = tideway.start("copy", "--source", shop.url(), "--target", mysql57.url(), "--chunk-bytes", "64KiB", "-f", "shop.*")
    wait_for_rows(mysql57, ROWS // 10, run)
    mysql57.kill()
    deadline = time.monotonic() + 60
    while "waiting for target: " not in run.output()[1]:
        assert run.is_running and time.monotonic() < deadline, run.output()
        time.sleep(0.05)
    time.sleep(7)  # two heartbeats, and the interval of status lines
    mysql57.start()
    lines = run.wait(60).expect(jobs.PROVEN).stderr.splitlines()
    waiting = [line for line in lines if "waiting for target: " in line]
    assert len(waiting) <= 4 and "waiting for" not in lines[-1], lines
    assert [line for line in lines if "[WARN]" in line and "not encrypted" not in line] == []
    assert oracle.compare(shop, mysql57, databases=["shop"]) == []


@pytest.mark.parametrize("lost", ["source", "target"])
def test_a_comparison_goes_on_after_its_connections_were_cut(tideway, shop, target, proxy, lost):
    jobs.copy(tideway, shop, target, "-f", "shop.*").expect(jobs.PROVEN)
    target.execute("UPDATE shop.orders SET k = k + 1 WHERE id = 17")  # so that ranges are halved too
    ends = {"source": shop, "target": target}
    ends[lost] = between = proxy(ends[lost], mysql=True)
    between.cut_at_statement("MD5", answered=False, times=5)
    done = tideway.run("verify", "--source", ends["source"].url(tls="off"), "--target", ends["target"].url(tls="off"), "-f", "shop.*")
    assert "0 missing, 0 extra, 1 different" in done.expect(jobs.FAILED).stdout and "`id`=17" in done.stdout
    assert "questions were asked again" in done.stdout


def test_a_comparison_asks_all_its_questions_over_the_same_sessions(tideway, shop, target, proxy):
    jobs.copy(tideway, shop, target, "-f", "shop.*").expect(jobs.PROVEN)
    target.execute("UPDATE shop.orders SET k = k + 1 WHERE id = 17")  # so that ranges are halved too
    source, copied = proxy(shop, mysql=True), proxy(target, mysql=True)
    done = tideway.run("verify", "--source", source.url(tls="off"), "--target", copied.url(tls="off"), "-f", "shop.*", "--threads", "1")
    assert "1 different" in done.expect(jobs.FAILED).stdout
    definitions, ranges, answers = 1, 1, 1
    assert source.accepted <= definitions + ranges + answers and copied.accepted == definitions + answers


def test_a_comparison_waits_for_a_server_that_comes_back(tideway, shop, target, proxy):
    jobs.copy(tideway, shop, target, "-f", "shop.*").expect(jobs.PROVEN)
    between = proxy(target, mysql=True)
    between.cut_at_statement("MD5", answered=False)
    between.delay(0.05)
    run = tideway.start("verify", "--source", shop.url(), "--target", between.url(tls="off"), "-f", "shop.*")
    while between.accepted < 2 and run.is_running:
        time.sleep(0.005)
    between.refuse()
    deadline = time.monotonic() + 30
    while "waiting for target: " not in run.output()[1]:
        assert run.is_running and time.monotonic() < deadline, run.output()
        time.sleep(0.05)
    between.heal()
    run.wait(60).expect(jobs.PROVEN)


def test_the_last_status_line_is_said_once(tideway, shop, target):
    with nobody_listens() as url:
        failed = tideway.run("copy", "--source", url, "--target", target.url())
    assert failed.stderr.count("reading definitions") == 1, failed
    lines = copy(tideway, shop.url(), target.url(), "-f", "shop.*").expect(jobs.PROVEN).stderr.splitlines()
    status = [line.split(" ", 1)[1] for line in lines if "[3/3]" in line]
    assert status and len(status) == len(set(status)), lines


def test_the_reader_of_a_cluster_is_not_written_to(tideway, shop, target, proxy):
    """As an Aurora reader endpoint answers."""
    reader = proxy(target, mysql=True)
    reader.edit_rows("^SHOW GLOBAL VARIABLES$", lambda rows: [[name, b"ON" if name == b"innodb_read_only" else value] for name, value in rows])
    done = copy(tideway, shop.url(), reader.url(tls="off"), "-f", "shop.*").expect(jobs.ENVIRONMENT)
    assert "TW204 connect_role (target)" in done.stderr and "a writer is needed" in done.stderr
    assert tables_of(target, "tideway_meta") == 0


def test_a_copy_gone_on_with_shows_what_was_done_before_as_done(tideway, shop, target, proxy):
    slow = proxy(shop)
    slow.throttle(1_000_000)
    copy = lambda way: ("copy", "--source", way.url(), "--target", target.url(), "--job", "j", "-f", "shop.*", "--chunk-bytes", "64KiB", "--json")
    run = tideway.start(*copy(slow))
    wait_for_rows(target, ROWS // 3, run)
    run.kill()
    ((there,),) = target.execute("SELECT COUNT(*) FROM shop.orders")
    slow.throttle(2_000_000)  # fast enough, and still copying when the status is first looked at
    events = tideway.run(*copy(slow)).expect(jobs.PROVEN).events()
    first = next(each for each in events if each["event"] == "status" and each.get("rows_done"))
    assert first["phase"].startswith("copying rows"), first
    assert first["rows_done"] >= there and first["share"] > 0.8 * there / ROWS, first


def test_a_load_is_the_same_job_however_its_directory_is_written(tideway, shop, target, tmp_path):
    tideway.run("dump", "--source", shop.url(), "--output", tmp_path / "d", "-f", "shop.*", "-q").expect(jobs.PROVEN)
    for written in ("d", tmp_path / "d", "../" + tmp_path.name + "/d/"):
        tideway.run("load", "--target", target.url(), "--input", written, directory=tmp_path).expect(jobs.PROVEN)


def test_a_missing_certificate_file_and_an_unknown_database_are_named(tideway, shop):
    dump = lambda url: tideway.run("dump", "--source", url, "--output", "noop://").expect(jobs.ENVIRONMENT).stderr
    assert "TLS failed: /nope.pem: No such file or directory" in dump(shop.url(tls="verify", ca="/nope.pem"))
    said = dump(shop.url(database="nodb"))
    assert "Unknown database 'nodb'" in said and "next: Correct the database in the address, or leave it out" in said
