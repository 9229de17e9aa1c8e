"""A migration from its copy to its cutover, with a writer beside it: the target is verified while both sides change, and the end
is one that the oracle agrees with."""

import json
import random
import time

import jobs
import pytest
from testbed import oracle
from testbed.journal import History
from testbed.writer import COLUMNS, Writer

_JOB = "cut"


def _words(source, target, *options):
    ends = ("--source", source.url(), "--target", target.url())
    return ("migrate", *ends, "--json", "--filter", "live.*", "--job", _JOB, "--verify-share", "100", *options)


def _events(job) -> list[dict]:
    stdout, _ = job.output()
    return [json.loads(line) for line in stdout.splitlines(keepends=True) if line.endswith("\n")]


def _wait_for(job, what, seconds=90):
    """The first event of which `what` is true; the job must be running until then."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for event in _events(job):
            if what(event):
                return event
        assert job.is_running, f"{job.wait()}"
        time.sleep(0.1)
    raise AssertionError(f"it did not happen in {seconds} s: {_events(job)[-3:]}")


def _is_verified(event) -> bool:
    return event["event"] == "status" and event.get("tables_equal", 0) > 0


def _warns(text):
    return lambda event: event["event"] == "warning" and text in event["text"]


def _cutover(tideway, *words):
    return tideway.run("cutover", _JOB, *words).expect(jobs.PROVEN)


def _following(tideway, source, target, *options):
    job = tideway.start(*_words(source, target, *options))
    _wait_for(job, lambda event: event["event"] == "status" and event["phase"] == "following the log")
    return job


@pytest.fixture
def source(mysql80):
    mysql80.reset()
    return mysql80


@pytest.fixture
def quiet_source(source, tmp_path):
    with Writer(source, tmp_path / "journal", seed=11):
        time.sleep(1)
    return source


def test_a_cutover_waits_for_the_writers_and_ends_proven(tideway, source, target, tmp_path):
    journal = tmp_path / "journal"
    with Writer(source, journal, seed=7, pause_seconds=0.03):
        job = _following(tideway, source, target)
        _wait_for(job, _is_verified)
        _cutover(tideway)
        _wait_for(job, lambda event: "writers to stop" in event.get("cutover", ""))
        time.sleep(2)
        assert job.is_running
    outcome = job.wait().expect(jobs.PROVEN)
    certificate = jobs.Certificate.of(outcome)
    assert certificate.tables("proven") == {("live", table) for table in COLUMNS}
    assert oracle.compare(source, target, databases=["live"]) == []
    file, offset = certificate.json["position"].split()[0].rsplit(":", 1)
    at = {("live", table): (file, int(offset)) for table in COLUMNS}
    assert History(source, journal).differences(target, at) == []


def test_a_job_that_was_cut_over_shows_its_certificate_and_follows_no_more(tideway, quiet_source, target):
    job = _following(tideway, quiet_source, target)
    _cutover(tideway)
    first = jobs.Certificate.of(job.wait().expect(jobs.PROVEN))
    quiet_source.execute("UPDATE live.accounts SET balance = balance + 1")
    before = oracle.digests(target, ["live"])
    again = tideway.run(*_words(quiet_source, target)).expect(jobs.PROVEN)
    assert jobs.Certificate.of(again).json == first.json
    assert oracle.digests(target, ["live"]) == before


def test_numbers_that_the_source_has_given_are_not_given_again(tideway, quiet_source, target):
    quiet_source.execute(
        "CREATE TABLE live.counted (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v INT)",
        "INSERT INTO live.counted (v) VALUES (1), (2), (3), (4), (5)",
        "DELETE FROM live.counted WHERE id > 2",
    )
    job = _following(tideway, quiet_source, target)
    quiet_source.execute("INSERT INTO live.counted (v) VALUES (6), (7)", "DELETE FROM live.counted WHERE id > 2")
    _cutover(tideway)
    job.wait().expect(jobs.PROVEN)
    target.execute("INSERT INTO live.counted (v) VALUES (8)")
    assert target.execute("SELECT MAX(id) FROM live.counted")[0][0] >= 8


def test_rows_that_somebody_else_wrote_to_the_target_are_found_and_refuse_the_cutover(tideway, quiet_source, target):
    job = _following(tideway, quiet_source, target)
    target.execute("INSERT INTO live.rare VALUES (987654, 'not ours')")
    found = _wait_for(job, _warns("`live`.`rare`"))
    assert "987654" in found["text"]
    _cutover(tideway)
    _wait_for(job, _warns("the cutover is refused"))
    quiet_source.execute("INSERT INTO live.rare VALUES (987655, 'goes on')")
    deadline = time.monotonic() + 30
    while not target.execute("SELECT 1 FROM live.rare WHERE id = 987655"):
        assert time.monotonic() < deadline and job.is_running
        time.sleep(0.1)
    target.execute("DELETE FROM live.rare WHERE id = 987654")
    _cutover(tideway)
    job.wait().expect(jobs.PROVEN)
    assert oracle.compare(quiet_source, target, databases=["live"]) == []


def test_a_paused_job_is_not_cut_over(tideway, quiet_source, target):
    job = _following(tideway, quiet_source, target)
    tideway.run("pause", _JOB).expect(jobs.PROVEN)
    refused = tideway.run("cutover", _JOB)
    assert refused.code != jobs.PROVEN and "tideway resume" in refused.stderr, f"{refused}"
    tideway.run("resume", _JOB).expect(jobs.PROVEN)
    _cutover(tideway)
    job.wait().expect(jobs.PROVEN)


def test_a_cutover_all_the_same_says_what_differs(tideway, quiet_source, target):
    job = _following(tideway, quiet_source, target)
    target.execute("UPDATE live.accounts SET balance = 0.01 WHERE id = (SELECT id FROM (SELECT MIN(id) id FROM live.accounts) least)")
    _cutover(tideway, "--anyway")
    certificate = jobs.Certificate.of(job.wait().expect(jobs.FAILED))
    assert certificate.tables("different") == {("live", "accounts")}


def test_kills_in_the_middle_of_a_cutover_leave_a_job_that_follows(tideway, source, target, tmp_path):
    moments = random.Random(9)
    with Writer(source, tmp_path / "journal", seed=12, pause_seconds=0.002):
        for _ in range(3):
            job = _following(tideway, source, target)
            _cutover(tideway)
            time.sleep(moments.uniform(0.0, 2.5))
            job.kill()
    job = _following(tideway, source, target)
    _cutover(tideway)
    job.wait().expect(jobs.PROVEN)
    assert oracle.compare(source, target, databases=["live"]) == []
