"""A running job is asked how it is and what to do, over its socket: docs/control.md."""

import contextlib
import json
import os
import signal
import socket
import time

import jobs
import pymysql
import pytest
from pymysql.constants import COMMAND
from testbed import oracle
from testbed.journal import History
from testbed.writer import COLUMNS, Writer

NOT_RUNNING = 3
ROWS = 300_000


@pytest.fixture
def run_dir(tmp_path, monkeypatch):
    """Where jobs of this case are found, and nobody else's."""
    directory = tmp_path / "run"
    directory.mkdir(mode=0o700)
    monkeypatch.setenv("TIDEWAY_RUN_DIR", str(directory))
    return directory


@pytest.fixture(scope="module")
def shop(_mysql80):
    """A source that these cases only read."""
    _mysql80.reset()
    jobs.fill_numbers(_mysql80, "shop", "orders", ROWS)
    _mysql80.execute("ANALYZE TABLE shop.orders")
    return _mysql80


def until(holds, seconds=30):
    """What it returns, once that is true."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)
    return found


def status(tideway, job):
    """The status of a job as an object; None when it does not run."""
    outcome = tideway.run("status", job, "--json", deadline_seconds=10).expect(0, NOT_RUNNING)
    found = json.loads(outcome.stdout)
    assert found["running"] == (outcome.code == 0), outcome
    return found if found["running"] else None


def ask(tideway, *words):
    return tideway.run(*words, deadline_seconds=10).expect(0).stdout


def rows_of(server, table="shop.orders"):
    with contextlib.suppress(pymysql.err.MySQLError):  # no such table yet
        return server.execute(f"SELECT COUNT(*) FROM {table}")[0][0]
    return 0


@contextlib.contextmanager
def copying(tideway, source, target, job, *options, rows=1000):
    """A copy that has written some rows, and is far from its end: it is made to read slowly."""
    run = tideway.start(
        "copy", "--source", source.url(), "--target", target.url(), "--filter", "shop.*", "--job", job, "--chunk-bytes", "64KiB",
        "--threads", "2", "--json", *options
    )  # fmt: skip
    try:
        until(lambda: rows_of(target) >= rows or not run.is_running)
        assert run.is_running, run.wait(1)
        yield run
    finally:
        run.kill()


def steady_rows(target):
    """How many rows there are once no more come."""
    seen = [-1, rows_of(target)]
    while seen[-1] != seen[-2]:
        time.sleep(0.4)
        seen.append(rows_of(target))
    return seen[-1]


def test_a_copy_is_asked_paused_tuned_resumed_and_watched(tideway, run_dir, shop, target):
    with copying(tideway, shop, target, "nightly") as run:
        ask(tideway, "pause", "nightly")
        found = until(lambda: (s := status(tideway, "nightly")).get("paused") and s)
        assert found["job"] == "nightly" and found["pid"] == run.pid and found["command"] == "copy"
        assert {"pause", "resume", "readers", "source-impact"} <= set(found["verbs"])
        assert found["rows_per_s"] == 0 and "seconds_left_most" not in found
        rows = steady_rows(target)
        assert rows < ROWS
        assert "paused by the operator" in ask(tideway, "status")
        watcher = tideway.start("watch", "--json")
        assert "2" in ask(tideway, "tune", "nightly", "--readers", "2")
        assert rows_of(target) == rows, "a paused job writes nothing, whatever else it is asked"
        ask(tideway, "resume", "nightly")
        outcome = run.wait()
        jobs.assert_proven_copy(outcome, shop, target, databases=["shop"])
        heard = watcher.wait(10).expect(0).events()
        assert heard[0]["paused"] is True and heard[-1] == {**heard[-1], "event": "end", "exit": 0}
        assert any("paused" not in each for each in heard if each["event"] == "status")
    assert list(run_dir.iterdir()) == [], "nothing is left of a job that ended"
    tideway.run("pause", "nightly").expect(NOT_RUNNING)


def test_status_takes_at_most_50_ms_while_the_target_does_not_answer(tideway, run_dir, shop, target):
    with copying(tideway, shop, target, "stuck"):
        target.pause()
        try:
            (place,) = run_dir.glob("*.sock")
            taken = []
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(place))
                lines = client.makefile("rb")
                deadline = time.monotonic() + 4
                while time.monotonic() < deadline:
                    began = time.monotonic()
                    client.sendall(b'{"verb":"status"}\n')
                    assert json.loads(lines.readline())["event"] == "status"
                    taken.append(time.monotonic() - began)
                    time.sleep(0.05)
            print(f"status: {len(taken)} times, the longest {max(taken) * 1000:.1f} ms")
            assert sorted(taken)[len(taken) * 9 // 10] < 0.05  # one answer may meet a machine that is busy with others
            # The whole client too, as an operator has it.
            outcome = tideway.run("status", "stuck").expect(0)
            assert "copy" in outcome.stdout
        finally:
            target.resume()


def test_a_killed_job_does_not_run_and_is_started_again(tideway, run_dir, shop, target):
    with copying(tideway, shop, target, "fragile") as run:
        run.kill()
        assert list(run_dir.glob("*.sock")), "kill -9 leaves its socket"
        said = tideway.run("status").expect(0).stdout
        assert "fragile: does not run" in said, said
        assert list(run_dir.iterdir()) == []
        assert status(tideway, "fragile") is None
    with copying(tideway, shop, target, "fragile") as run:
        run.kill()
    with copying(tideway, shop, target, "fragile", rows=0) as run:  # takes over what the killed one left
        until(lambda: status(tideway, "fragile"))
        assert status(tideway, "fragile")["pid"] == run.pid
        run.wait().expect(0)


def test_two_jobs_are_told_apart_and_one_has_to_be_named(tideway, run_dir, shop, target):
    with waiting(tideway, shop, target, "one") as one, waiting(tideway, shop, target, "two") as two:
        assert {each["job"]: each["pid"] for each in _statuses(tideway)} == {"one": one.pid, "two": two.pid}
        assert "one, two" in tideway.run("pause").expect(jobs.USAGE).stderr


def test_a_comparison_says_that_it_cannot_be_paused(tideway, run_dir, shop, target):
    target.pause()
    run = tideway.start("verify", "--source", shop.url(), "--target", target.url(), "--filter", "shop.*")
    try:
        until(lambda: _statuses(tideway))
        assert "nothing but its status" in tideway.run("pause").expect(jobs.FAILED).stderr
    finally:
        target.resume()
        run.kill()


@contextlib.contextmanager
def waiting(tideway, source, target, job):
    """A job that is there, and gets nowhere because its target does not answer."""
    target.pause()
    run = tideway.start("copy", "--source", source.url(), "--target", target.url(), f"--job={job}", "--filter", "shop.*")
    try:
        until(lambda: status(tideway, job) or not run.is_running)
        assert run.is_running, run.wait(1)
        yield run
    finally:
        target.resume()
        run.kill()
        tideway.run("status", job)  # cleans up behind it


def _statuses(tideway):
    return tideway.run("status", "--json").expect(0).events()


def test_a_second_process_of_a_job_does_not_take_its_socket(tideway, run_dir, shop, target):
    with copying(tideway, shop, target, "mine") as run:
        ask(tideway, "pause", "mine")
        refused = jobs.copy(tideway, shop, target, "--filter", "shop.*", "--job", "mine", "--chunk-bytes", "64KiB", "--threads", "2")
        assert refused.code != 0
        assert status(tideway, "mine")["pid"] == run.pid


@pytest.mark.parametrize("name", ["../../etc/x", "a b\tc", "näme", "x" * 200, "job\nwith lines", "%s%n", "*", "'; DROP"])
def test_any_name_of_a_job_is_found_again(tideway, run_dir, shop, target, name):
    with waiting(tideway, shop, target, name) as run:
        found = status(tideway, name)
        assert found["job"] == name and found["pid"] == run.pid
        assert len(list(run_dir.iterdir())) == 2
        assert "\n" not in tideway.run("status", name).expect(0).stdout.split("   pid")[0]
    assert {each.name for each in run_dir.parent.iterdir()} == {"run"}, "no file outside the directory"
    assert list(run_dir.iterdir()) == []


def test_a_directory_that_others_can_write_is_not_used_and_the_job_goes_on(tideway, run_dir, shop, target):
    os.chmod(run_dir, 0o777)
    outcome = jobs.copy(tideway, shop, target, "--filter", "shop.*").expect(0)
    assert any("nobody can ask this job" in each["text"] for each in outcome.events() if each["event"] == "warning")
    assert list(run_dir.iterdir()) == []
    assert "others may write" in tideway.run("status").expect(jobs.ENVIRONMENT).stderr


def test_a_status_without_jobs_says_so(tideway, run_dir):
    assert "no job runs" in tideway.run("status").expect(0).stdout
    assert tideway.run("status", "--json").expect(0).stdout == ""
    assert "TW117" in tideway.run("status", "gone").expect(NOT_RUNNING).stderr
    assert "TW117" in tideway.run("cutover").expect(NOT_RUNNING).stderr
    assert "--readers" in tideway.run("tune", "x").expect(jobs.USAGE).stderr


def test_readers_give_way_while_the_source_is_busy(tideway, run_dir, shop, target):
    """Sessions that do nothing but run count as threads running: a dozen are more than the source bears."""
    sleepers = [shop.connect() for _ in range(12)]
    try:
        for each in sleepers:
            each._execute_command(COMMAND.COM_QUERY, "SELECT SLEEP(600)")  # and nobody waits for the answer
        with copying(tideway, shop, target, "gentle", "--source-impact", "threads-running=4") as run:
            found = until(lambda: (s := status(tideway, "gentle")) and s.get("limited_by", "").startswith("source busy: 0") and s)
            assert found["limited_by"] == "source busy: 0 of 2 readers"
            rows = steady_rows(target)
            assert rows < ROWS
            assert "latency" in ask(tideway, "tune", "gentle", "--source-impact", "latency=10s")
            until(lambda: rows_of(target) > rows, seconds=20)
            refused = tideway.run("tune", "gentle", "--source-impact", "load=3").expect(jobs.USAGE)
            assert "threads-running=N" in refused.stderr
            assert "off" in ask(tideway, "tune", "gentle", "--source-impact", "off")
            jobs.assert_proven_copy(run.wait(), shop, target, databases=["shop"])
    finally:
        for each in sleepers:
            shop.execute(f"KILL {each.thread_id()}")
            each._force_close()


def test_our_own_readers_are_not_taken_for_load(tideway, run_dir, shop, target):
    """The source bears one thread more than none, and only we are there."""
    outcome = jobs.copy(
        tideway, shop, target, "--filter", "shop.*", "--threads", "8", "--chunk-bytes", "64KiB", "--source-impact", "threads-running=1"
    ).expect(0)
    limits = {each.get("limited_by", "") for each in outcome.events() if each["event"] == "status"}
    assert not any("source busy" in each for each in limits), limits


def test_a_job_that_follows_stands_still_while_paused_and_misses_nothing(tideway, run_dir, mysql80, target, tmp_path):
    journal = tmp_path / "journal"
    with Writer(mysql80, journal, seed=9, pause_seconds=0.005):
        follower = tideway.start(
            "migrate", "--source", mysql80.url(), "--target", target.url(), "--json", "--filter", "live.*", "--job", "live"
        )
        until(lambda: (s := status(tideway, "live")) and "following" in s["phase"] and s["rows_done"] > 50)
        ask(tideway, "pause", "live")
        until(lambda: status(tideway, "live").get("paused"))
        still = standing(target)
        time.sleep(1.5)
        assert _progress(target) == still, "nothing moves while it is paused"
        ask(tideway, "resume", "live")
        until(lambda: _progress(target) != still)
    follower.signal(signal.SIGTERM)
    follower.wait().expect(jobs.STOPPED)
    outcome = tideway.run(
        "migrate", "--source", mysql80.url(), "--target", target.url(), "--json", "--filter", "live.*", "--job", "live",
        "--until", "caught-up"
    )  # fmt: skip
    outcome.expect(jobs.PROVEN, jobs.UNPROVEN)
    file, offset = jobs.Certificate.of(outcome).json["position"].split()[0].rsplit(":", 1)
    place = (file, int(offset))
    assert History(mysql80, journal).differences(target, {("live", table): place for table in COLUMNS}) == []
    assert oracle.compare(mysql80, target, databases=["live"]) == []


def _progress(target):
    """The base of the log, what every lane has committed, and how many rows there are."""
    rows = [rows_of(target, f"live.`{table}`") for table in COLUMNS]
    return [rows, *(target.execute(f"SELECT * FROM tideway_meta.{each} ORDER BY 1, 2") for each in ("log", "lane"))]


def standing(target):
    """The progress once it does not change for half a second."""
    seen = [None, _progress(target)]
    deadline = time.monotonic() + 20
    while seen[-1] != seen[-2]:
        assert time.monotonic() < deadline, "it goes on"
        time.sleep(0.5)
        seen.append(_progress(target))
    return seen[-1]
