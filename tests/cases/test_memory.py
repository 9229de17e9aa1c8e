"""Bounded memory: --memory 192MiB stays below 256 MiB of RSS with 16 readers and rows of 64 MiB."""

import jobs
import pytest
from testbed import oracle, shapes


def _fill(source, target):
    """TiDB takes rows of up to 6 MiB."""
    shapes.huge_rows(source, rows=3, mebibytes=5 if target.is_tidb else 64)


def test_huge_rows_go_one_at_a_time(tideway, mysql80, target):
    _fill(mysql80, target)
    outcome = jobs.copy(tideway, mysql80, target, "--memory", "192MiB", "--threads", "16", deadline_seconds=280)
    outcome.expect(jobs.PROVEN)
    assert oracle.compare(mysql80, target, databases=["huge"]) == []
    assert outcome.peak_rss_bytes < 256 << 20, outcome.peak_rss_bytes / 2**20


@pytest.mark.parametrize("form", [[], ["--filetype", "csv"], ["--compress", "zstd"]], ids=["sql", "csv", "zstd"])
def test_a_dump_of_huge_rows_and_its_load_stay_within_their_memory(tideway, mysql80, target, tmp_path, form):
    _fill(mysql80, target)
    bounded = ["--memory", "192MiB", "--threads", "16", "--json"]
    dump = tideway.run("dump", "--source", mysql80.url(), "--output", tmp_path / "dump", *form, *bounded, deadline_seconds=280)
    dump.expect(jobs.PROVEN)
    assert dump.peak_rss_bytes < 256 << 20, dump.peak_rss_bytes / 2**20
    load = tideway.run("load", "--target", target.url(), "--input", tmp_path / "dump", *bounded, deadline_seconds=280)
    load.expect(jobs.PROVEN)
    assert oracle.compare(mysql80, target, databases=["huge"]) == []
    assert load.peak_rss_bytes < 256 << 20, load.peak_rss_bytes / 2**20


def test_rows_of_nulls_before_a_slow_target_stay_within_their_memory(tideway, mysql80, target, proxy, tmp_path):
    shapes.null_rows(mysql80)
    slow = proxy(target)
    slow.throttle(12_000_000)
    bounded = ["--memory", "192MiB", "--threads", "16", "--filter", "nulls.*"]

    def run(*job):
        outcome = tideway.run(*job, *bounded, deadline_seconds=280).expect(jobs.PROVEN)
        assert outcome.peak_rss_bytes < 256 << 20, (job[0], outcome.peak_rss_bytes / 2**20)

    run("copy", "--source", mysql80.url(), "--target", slow.url())
    assert oracle.compare(mysql80, target, databases=["nulls"]) == []
    run("dump", "--source", mysql80.url(), "--output", tmp_path / "dump")
    target.execute("DROP DATABASE nulls")
    run("load", "--target", slow.url(), "--input", tmp_path / "dump")
    assert oracle.compare(mysql80, target, databases=["nulls"]) == []
