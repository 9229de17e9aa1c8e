"""What an operator meets at three in the morning: each mistake and each failure is told at once, in words that help."""

import contextlib
import os
import socket
import subprocess
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


@pytest.mark.parametrize("command", ["copy", "verify"])
def test_a_target_that_cannot_be_reached_is_told_at_once(tideway, shop, command):
    with nobody_listens() as url:
        done = tideway.run(command, "--source", shop.url(), "--target", url, deadline_seconds=30)
    assert "TW201 connect_tcp (target)" in done.expect(jobs.ENVIRONMENT).stderr


def test_a_wrong_password_is_told_without_showing_it(tideway, shop, target):
    done = copy(tideway, shop.url("secret", "wr0ng"), target.url()).expect(jobs.ENVIRONMENT)
    assert "TW203" in done.stderr and "wr0ng" not in done.stderr


@pytest.mark.parametrize("command", ["copy", "dump", "verify"])
def test_a_filter_that_leaves_nothing_is_a_usage_error(tideway, shop, target, command, tmp_path):
    where = ("--output", tmp_path / "dump") if command == "dump" else ("--target", target.url())
    done = tideway.run(command, "--source", shop.url(), *where, "-f", "nothing.*", deadline_seconds=30)
    assert "TW105" in done.expect(jobs.USAGE).stderr


@pytest.mark.parametrize("account", ["reader", "unlogged"])
def test_without_the_log_a_copy_runs_and_names_the_missing_grant(tideway, shop, target, account):
    done = copy(tideway, shop.url(account), target.url(), "-f", "shop.*").expect(jobs.UNPROVEN)
    assert f"GRANT REPLICATION CLIENT ON *.* TO '{account}'@'%'" in done.stdout
    assert oracle.compare(shop, target, databases=["shop"]) == []


def test_an_account_that_sees_nothing_is_told_so(tideway, shop, target):
    assert "the account can see" in copy(tideway, shop.url("nobody"), target.url()).expect(jobs.USAGE).stderr


def test_a_target_that_may_not_be_written_is_told_before_anything_is_read(tideway, shop, mysql57):
    mysql57.execute("CREATE USER reader@'%'", "GRANT SELECT ON *.* TO reader@'%'")
    done = copy(tideway, shop.url(), mysql57.url("reader")).expect(jobs.ENVIRONMENT)
    assert "TW301 missing_privilege (target)" in done.stderr and "next: GRANT CREATE ON" in done.stderr
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
