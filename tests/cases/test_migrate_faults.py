"""A migration under load through everything that breaks: itself, both servers, connections; two copies of one job; an owner that
wakes up late. In the end nobody can tell.

TIDEWAY_TEST_FAULTS says how many faults the first case makes: 15, and 1000 in the long form of the check.
"""

import os
import random
import signal
import time

import jobs
import pytest
from testbed import oracle
from testbed.stubborn import StubbornWriter

FAULTS = int(os.environ.get("TIDEWAY_TEST_FAULTS") or ("1000" if os.environ.get("TIDEWAY_CHECK_FULL") else "15"))


class Migration:
    """The one job, started again whenever it is gone. Both servers are reached by proxies."""

    def __init__(self, tideway, source_way, target_way):
        self._tideway = tideway
        self.command = ("--source", source_way.url(), "--target", target_way.url(), "--filter", "stubborn.*", "--job", "faults")
        self.run = None
        self.starts = 0

    def start(self, *options):
        return self._tideway.start("migrate", *self.command, "--verify", "never", *options)

    def keep_up(self) -> None:
        if self.run is None or not self.run.is_running:
            self.run = self.start("--takeover")
            self.starts += 1

    def end(self):
        return self._tideway.run("migrate", *self.command, "--until", "caught-up", "--takeover", "--json")


def _follows(migration, source, target, beat: int, seconds: float = 90) -> float:
    """How long until a row that is written now is in the target; the job is kept alive meanwhile."""
    source.execute(f"INSERT INTO stubborn.beat VALUES ({beat})")
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        migration.keep_up()
        try:
            if target.execute(f"SELECT 1 FROM stubborn.beat WHERE id = {beat}"):
                return time.monotonic() - began
        except Exception:  # noqa: BLE001  the table is not there yet
            pass
        time.sleep(0.02)
    raise AssertionError(f"the change did not come in {seconds} s\n{migration.run.output()}")


@pytest.mark.timeout(280 if FAULTS < 100 else 6 * 3600)
@pytest.mark.parametrize("gtid", [True, False], ids=["gtid", "positions"])
def test_whatever_breaks_leaves_no_trace(tideway, mysql80, target, proxy, gtid):
    source = mysql80
    if not gtid:
        source.gtid = False
        source.restart()
    source_way, target_way = proxy(source), proxy(target)
    migration = Migration(tideway, source_way, target_way)
    faults = ["job", "job", "connections", "connection", "connection", "target", "source"]
    if target.is_tidb:
        faults.remove("target")
    draw = random.Random(20 + gtid)
    try:
        with StubbornWriter(source, seed=gtid):
            migration.keep_up()
            for beat in range(FAULTS // 2 + (gtid and FAULTS % 2)):
                fault = faults[beat % len(faults)]
                time.sleep(draw.uniform(0, 0.8))  # any moment is a good one
                if fault == "job":
                    migration.run.kill()
                elif fault == "connections":
                    source_way.cut()
                    target_way.cut()
                elif fault == "connection":
                    draw.choice((source_way, target_way)).cut_random()
                else:
                    server = {"target": target, "source": source}[fault]
                    server.kill()
                    server.start()
                _follows(migration, source, target, beat)
        migration.run.kill()
        migration.end().expect(jobs.PROVEN)
        assert oracle.compare(source, target, databases=["stubborn"]) == []
    finally:
        source.gtid = True
        source.restart()


def test_a_second_copy_of_the_job_is_refused_or_takes_over_for_good(tideway, mysql80, target, proxy):
    source = mysql80
    migration = Migration(tideway, proxy(source), proxy(target))
    with StubbornWriter(source, seed=3):
        migration.keep_up()
        _follows(migration, source, target, 1)
        refused = tideway.run("migrate", *migration.command, "--verify", "never").expect(jobs.FAILED)
        assert "TW108" in refused.stderr
        second = migration.start("--takeover")
        first = migration.run.wait(60)
        assert first.code == jobs.FAILED and "TW802" in first.stderr, f"{first}"
        migration.run = second
        _follows(migration, source, target, 2)
    second.kill()
    migration.end().expect(jobs.PROVEN)
    assert oracle.compare(source, target, databases=["stubborn"]) == []


def test_an_owner_that_was_stopped_and_wakes_up_changes_nothing(tideway, mysql80, target, proxy):
    source = mysql80
    migration = Migration(tideway, proxy(source), proxy(target))
    draw = random.Random(5)
    with StubbornWriter(source, seed=4):
        migration.keep_up()
        for beat in range(4):
            _follows(migration, source, target, 10 * beat)
            sleeper = migration.run
            time.sleep(draw.uniform(0, 0.3))
            sleeper.signal(signal.SIGSTOP)
            migration.run = migration.start("--takeover")
            _follows(migration, source, target, 10 * beat + 1)
            sleeper.signal(signal.SIGCONT)
            woken = sleeper.wait(60)
            assert woken.code == jobs.FAILED and "TW802" in woken.stderr, f"{woken}"
            _follows(migration, source, target, 10 * beat + 2)
    migration.run.kill()
    migration.end().expect(jobs.PROVEN)
    assert oracle.compare(source, target, databases=["stubborn"]) == []
