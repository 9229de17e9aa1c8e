"""kill -9 at random moments: started again the same command goes on, and nothing of it shows in the rows.

TIDEWAY_TEST_KILLS says how many kills the first four share: 10, and 300 in the long form of the check.
"""

import os
import random

import jobs
import pytest
from testbed import oracle
from testbed.journal import History
from testbed.program import DeadlineExceeded
from testbed.writer import Writer

KILLS = int(os.environ.get("TIDEWAY_TEST_KILLS") or ("300" if os.environ.get("TIDEWAY_CHECK_FULL") else "10"))
SMALL = ("--threads", "3", "--chunk-bytes", "256KiB")
LIVE = ("--filter", "live.*", "--threads", "3", "--chunk-bytes", "64KiB", "--snapshot-wait", "1s")


class Killer:
    """Kills what it starts until its share of the kills is used up."""

    def __init__(self, tideway, share: int):
        self._tideway = tideway
        self._left = KILLS // 4 + (share < KILLS % 4)
        self._draw = random.Random(20261 + share)
        self.rounds = 0

    def goes_on(self) -> bool:
        self.rounds += 1
        return self._left > 0

    def run_to_its_end(self, longest: float, *command):
        """The outcome of the first start that was not killed at a moment before `longest` seconds."""
        while True:
            run = self._tideway.start(*command)
            try:
                return run.wait(self._draw.uniform(0.02, longest) if self._left > 0 else 120)
            except DeadlineExceeded:
                if self._left <= 0:
                    raise
                self._left -= 1


def _fill(server):
    jobs.fill_numbers(server, "shop", "orders", 60_000)
    server.execute(
        "CREATE TABLE shop.log (at INT, note VARCHAR(120))",
        "INSERT INTO shop.log SELECT k, note FROM shop.orders WHERE id <= 20000",
        "CREATE TABLE shop.names (name VARCHAR(60) NOT NULL, part INT NOT NULL, v INT, PRIMARY KEY (name, part))",
        "INSERT INTO shop.names SELECT MD5(id), id % 3, id FROM shop.orders WHERE id <= 20000",
    )


def _copying(source, target, *options):
    return ("copy", "--source", source.url(), "--target", target.url(), "--json", *options)


def _dumping(source, directory, *options):
    return ("dump", "--source", source.url(), "--output", directory, "--json", *options)


def _loading(target, directory):
    return ("load", "--target", target.url(), "--input", directory, "--json", "--threads", "3")


def _assert_proven_as_journalled(source, target, journal, certificate):
    proven = certificate.tables("proven")
    assert {("live", "still_keyed"), ("live", "still_keyless")} <= proven, certificate.json
    file, offset = certificate.json["position"].split()[0].rsplit(":", 1)
    assert History(source, journal).differences(target, {each: (file, int(offset)) for each in proven}) == [], certificate.json


@pytest.mark.timeout(120 + 10 * KILLS)
def test_a_copy(tideway, mysql80, target):
    _fill(mysql80)
    whole = tideway.run(*_copying(mysql80, target, *SMALL, "--filter", "shop.*", "--job", "measure")).expect(jobs.PROVEN).seconds
    killer = Killer(tideway, 0)
    while killer.goes_on():
        target.reset()
        outcome = killer.run_to_its_end(whole * 0.7, *_copying(mysql80, target, *SMALL, "--filter", "shop.*"))
        jobs.assert_proven_copy(outcome, mysql80, target, databases=["shop"])
    assert killer.rounds > 1


@pytest.mark.timeout(120 + 10 * KILLS)
def test_a_dump_and_its_load(tideway, mysql80, target, tmp_path):
    _fill(mysql80)
    killer = Killer(tideway, 1)
    while killer.goes_on():
        target.reset()
        directory = tmp_path / f"d{killer.rounds}"
        killer.run_to_its_end(0.8, *_dumping(mysql80, directory, *SMALL, "--filter", "shop.*")).expect(jobs.PROVEN)
        killer.run_to_its_end(1.5, *_loading(target, directory)).expect(jobs.PROVEN)
        assert oracle.compare(mysql80, target, databases=["shop"]) == []
    assert killer.rounds > 1


@pytest.mark.timeout(120 + 10 * KILLS)
def test_a_copy_of_a_live_source(tideway, mysql80, target, tmp_path):
    killer = Killer(tideway, 2)
    while killer.goes_on():
        mysql80.reset()
        target.reset()
        journal = tmp_path / f"journal{killer.rounds}"
        with Writer(mysql80, journal, seed=killer.rounds, pause_seconds=0.002):
            outcome = killer.run_to_its_end(2.5, *_copying(mysql80, target, *LIVE)).expect(jobs.PROVEN, jobs.UNPROVEN)
        _assert_proven_as_journalled(mysql80, target, journal, jobs.Certificate.of(outcome))
    assert killer.rounds > 1


@pytest.mark.timeout(120 + 10 * KILLS)
def test_a_dump_of_a_live_source_and_its_load(tideway, mysql80, target, tmp_path):
    killer = Killer(tideway, 3)
    while killer.goes_on():
        mysql80.reset()
        target.reset()
        journal, directory = tmp_path / f"journal{killer.rounds}", tmp_path / f"d{killer.rounds}"
        with Writer(mysql80, journal, seed=killer.rounds, pause_seconds=0.002):
            dumped = killer.run_to_its_end(2.5, *_dumping(mysql80, directory, *LIVE)).expect(jobs.PROVEN, jobs.UNPROVEN)
        killer.run_to_its_end(1.0, *_loading(target, directory)).expect(jobs.PROVEN, jobs.UNPROVEN)
        _assert_proven_as_journalled(mysql80, target, journal, jobs.Certificate.of(dumped))
    assert killer.rounds > 1


def test_a_copy_killed_while_rows_are_written_elsewhere_copies_those_tables_again(tideway, mysql80, target):
    _fill(mysql80)
    draw = random.Random(7)
    command = _copying(mysql80, target, "--threads", "2", "--chunk-bytes", "256KiB", "--filter", "shop.*")
    for round_number in range(3):
        run = tideway.start(*command)
        try:
            run.wait(draw.uniform(0.2, 0.9))
        except DeadlineExceeded:
            pass
        mysql80.execute(
            f"UPDATE shop.orders SET k = {round_number} WHERE id % 1000 = 1",
            "DELETE FROM shop.log LIMIT 5",
            "UPDATE shop.names SET part = part + 3 LIMIT 10",
        )
    jobs.assert_proven_copy(tideway.run(*command), mysql80, target, databases=["shop"])
    assert oracle.compare(mysql80, target, databases=["shop"]) == []
