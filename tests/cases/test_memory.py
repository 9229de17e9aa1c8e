"""Bounded memory: --memory 192MiB stays below 256 MiB of RSS with 16 readers and rows of 64 MiB."""

import jobs
from testbed import oracle, shapes


def test_huge_rows_go_one_at_a_time(tideway, mysql80, target):
    shapes.huge_rows(mysql80, rows=3, mebibytes=64)
    outcome = jobs.copy(tideway, mysql80, target, "--memory", "192MiB", "--threads", "16", deadline_seconds=280)
    outcome.expect(jobs.PROVEN)
    assert oracle.compare(mysql80, target, databases=["huge"]) == []
    assert outcome.peak_rss_bytes < 256 << 20, outcome.peak_rss_bytes / 2**20


def test_a_dump_of_huge_rows_stays_within_its_memory(tideway, mysql80, tmp_path):
    shapes.huge_rows(mysql80, rows=3, mebibytes=64)
    outcome = tideway.run(
        "dump", "--source", mysql80.url(), "--output", tmp_path / "dump", "--memory", "192MiB", "--threads", "16", deadline_seconds=280
    )
    outcome.expect(jobs.PROVEN)
    assert outcome.peak_rss_bytes < 256 << 20, outcome.peak_rss_bytes / 2**20
