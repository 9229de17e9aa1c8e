"""How far behind a follower says it is, against what the test knows of both servers."""

import json
import time

import jobs
import pytest


def _last(run, event="status"):
    lines = [line for line in run.output()[0].splitlines() if line.endswith("}")]
    found = [each for each in map(json.loads, lines) if each["event"] == event and "lag_ms" in each]
    return found[-1] if found else None


def _wait_for(run, wanted, seconds=40):
    """The first status of which `wanted` is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        status = _last(run)
        if status and wanted(status):
            return status
        assert run.is_running, run.wait()
        time.sleep(0.1)
    raise AssertionError(f"never seen; the last was {_last(run)}")


@pytest.fixture(params=[True, False], ids=["gtid", "positions"])
def source(request, mysql80):
    if not request.param:
        mysql80.gtid = False
        mysql80.restart()
    mysql80.reset()
    mysql80.execute("CREATE DATABASE live", "CREATE TABLE live.t (id INT NOT NULL PRIMARY KEY AUTO_INCREMENT, v VARCHAR(200))",
                    "INSERT INTO live.t (v) VALUES ('first')")
    yield mysql80
    if not request.param:
        mysql80.gtid = True
        mysql80.restart()


@pytest.fixture
def following(tideway, source, target):
    run = tideway.start("migrate", "--source", source.url(), "--target", target.url(), "--json", "--filter", "live.*")
    yield run
    if run.is_running:
        run.kill()


def test_an_idle_source_that_says_so_is_zero_behind(source, following):
    _wait_for(following, lambda status: status["lag_ms"] == 0 and status["lag_transactions"] == 0 and status["lag_trend"] == "caught up")


def test_a_target_that_stands_still_is_counted_in_time_bytes_and_transactions(source, target, following):
    _wait_for(following, lambda status: status["lag_ms"] == 0)
    with target.connect() as blocker:
        with blocker.cursor() as cursor:
            cursor.execute("LOCK TABLES live.t READ")
            with source.connect() as writer, writer.cursor() as rows:
                for number in range(50):
                    rows.execute("INSERT INTO live.t (v) VALUES (REPEAT('x', 150))")
                    writer.commit()
            began = time.monotonic()
            status = _wait_for(following, lambda status: (status["lag_ms"] or 0) > 8000 and status["lag_trend"] == "not shrinking")
            waited = time.monotonic() - began
            assert status["lag_ms"] <= (waited + 2) * 1000, "more than passed"
            assert status["lag_bytes"] >= 50 * 150, status
            if source.gtid:
                assert status["lag_transactions"] == 50 and "lag_transactions_estimated" not in status, status
            else:
                assert status["lag_transactions_estimated"] and status["lag_transactions"] >= 10, status
            cursor.execute("UNLOCK TABLES")
    _wait_for(following, lambda status: status["lag_ms"] == 0 and status["lag_trend"] == "caught up")
    assert target.execute("SELECT COUNT(*) FROM live.t") == [(51,)]


def test_a_source_that_does_not_answer_makes_the_lag_grow_and_bytes_unknown(source, following):
    _wait_for(following, lambda status: status["lag_ms"] == 0)
    source.pause()
    try:
        status = _wait_for(following, lambda status: (status["lag_ms"] or 0) > 12_000)
        assert status["lag_bytes"] is None and status["lag_transactions"] is None, status
    finally:
        source.resume()
    _wait_for(following, lambda status: status["lag_ms"] == 0 and status["lag_bytes"] is not None)
