"""Beside a live writer: every table that is reported as proven equals the source at its reported position.

The expected rows come from the writer's own journal, played up to that position; see testbed/writer.py.
"""

import jobs
import pytest
from testbed import oracle
from testbed.journal import History
from testbed.writer import Writer


def _position(certificate):
    """`binlog.000001:123 uuid:1-9` -> (file, offset)."""
    file, offset = certificate.json["position"].split()[0].rsplit(":", 1)
    return file, int(offset)


def _judge(source, target, journal, certificate):
    """Differences of the proven tables from the journal, and how many were proven."""
    proven = certificate.tables("proven")
    position = _position(certificate)
    return History(source, journal).differences(target, {each: position for each in proven}), proven


@pytest.mark.parametrize("gtid", [True, False], ids=["gtid", "positions"])
def test_what_is_proven_beside_a_live_writer_is_so(tideway, mysql80, target, tmp_path, gtid):
    journal = tmp_path / "journal"
    if not gtid:
        mysql80.gtid = False
        mysql80.restart()
    try:
        for seed in (1, 2):
            mysql80.reset()
            target.reset()
            journal.unlink(missing_ok=True)
            with Writer(mysql80, journal, seed=seed, pause_seconds=0.002):
                outcome = jobs.copy(tideway, mysql80, target, "--filter", "live.*", "--snapshot-wait", "3s")
            outcome.expect(jobs.PROVEN, jobs.UNPROVEN)
            certificate = jobs.Certificate.of(outcome)
            differences, proven = _judge(mysql80, target, journal, certificate)
            assert differences == [], (certificate.json, differences)
            assert {("live", "still_keyed"), ("live", "still_keyless")} <= proven, certificate.json
            for table in certificate.tables("unproven"):
                assert certificate.reason(*table), table
    finally:
        if not gtid:
            mysql80.gtid = True
            mysql80.restart()


def test_the_same_command_after_the_writer_stopped_proves_everything(tideway, mysql80, target, tmp_path):
    with Writer(mysql80, tmp_path / "journal", pause_seconds=0.002):
        jobs.copy(tideway, mysql80, target, "--filter", "live.*", "--snapshot-wait", "1s")
    outcome = jobs.copy(tideway, mysql80, target, "--filter", "live.*")
    jobs.assert_proven_copy(outcome, mysql80, target, databases=["live"])
    jobs.verify(tideway, mysql80, target, "--filter", "live.*").expect(jobs.PROVEN)


def test_a_dump_beside_a_live_writer_says_what_is_not_proven(tideway, mysql80, tmp_path):
    with Writer(mysql80, tmp_path / "journal", pause_seconds=0.002):
        outcome = tideway.run(
            "dump", "--source", mysql80.url(), "--filter", "live.*", "--output", tmp_path / "dump", "--json", "--snapshot-wait", "1s"
        )
    assert outcome.code in (jobs.PROVEN, jobs.UNPROVEN), outcome
    certificate = jobs.Certificate.of(outcome)
    assert {("live", "still_keyed"), ("live", "still_keyless")} <= certificate.tables("proven")
    for table in certificate.tables("unproven"):
        assert certificate.reason(*table), table


@pytest.mark.parametrize("rung", ["flush", "lock"])
def test_a_lock_that_was_asked_for_gives_one_position(tideway, mysql80, target, tmp_path, rung):
    journal = tmp_path / "journal"
    with Writer(mysql80, journal, xa=False, pause_seconds=0.002):
        outcome = jobs.copy(tideway, mysql80, target, "--filter", "live.*", "--consistency", rung)
    outcome.expect(jobs.PROVEN)
    certificate = jobs.Certificate.of(outcome)
    assert certificate.json["rung"] == "locked"
    differences, proven = _judge(mysql80, target, journal, certificate)
    assert differences == [] and len(proven) == len(certificate.proofs())


def test_none_promises_nothing_and_says_so(tideway, mysql80, target):
    jobs.fill_numbers(mysql80, "shop", "orders", 100)
    outcome = jobs.copy(tideway, mysql80, target, "--consistency", "none")
    certificate = jobs.Certificate.of(outcome)
    assert oracle.compare(mysql80, target, databases=["shop"]) == []
    assert certificate.json["rung"] == "none" or outcome.code == jobs.PROVEN
