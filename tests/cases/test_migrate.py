"""The main job beside a live writer: what the target holds at the place that is reported is what the source held there.

The expected rows come from the writer's own journal, played up to that place; see testbed/writer.py.
"""

import random
import time

import jobs
import pytest
from testbed import oracle
from testbed.journal import History
from testbed.writer import COLUMNS, Writer


def _migrate(tideway, source, target, *options, **settings):
    return tideway.run("migrate", "--source", source.url(), "--target", target.url(), "--json", "--filter", "live.*", *options, **settings)


def _differences(source, target, journal, outcome):
    file, offset = jobs.Certificate.of(outcome).json["position"].split()[0].rsplit(":", 1)
    place = (file, int(offset))
    return History(source, journal).differences(target, {("live", table): place for table in COLUMNS})


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


def test_a_target_that_follows_a_live_source_holds_what_the_source_held(tideway, source, target, tmp_path):
    journal = tmp_path / "journal"
    with Writer(source, journal, seed=3, pause_seconds=0.002):
        outcome = _migrate(tideway, source, target, "--until", "caught-up")
    outcome.expect(jobs.PROVEN, jobs.UNPROVEN)
    assert _differences(source, target, journal, outcome) == []
    # The same job goes on from there; now nobody writes.
    _migrate(tideway, source, target, "--until", "caught-up").expect(jobs.PROVEN, jobs.UNPROVEN)
    assert oracle.compare(source, target, databases=["live"]) == []


def test_kills_at_any_moment_leave_no_trace(tideway, source, target, tmp_path):
    journal = tmp_path / "journal"
    moments = random.Random(5)
    with Writer(source, journal, seed=4, pause_seconds=0.002):
        for _ in range(5):
            job = tideway.start("migrate", "--source", source.url(), "--target", target.url(), "--json", "--filter", "live.*")
            time.sleep(moments.uniform(0.2, 2.5))
            job.kill()
        outcome = _migrate(tideway, source, target, "--until", "caught-up")
    outcome.expect(jobs.PROVEN, jobs.UNPROVEN)
    assert _differences(source, target, journal, outcome) == []
