"""Every way a source may log, in pairs: what the log brings is what the source has, for all types and all kinds of change."""

import time

import jobs
import pytest
from testbed import fixtures, oracle, workload

# version, GTIDs, row image, checksum, TLS, metadata of table maps (8.0 alone has them, and TLS): each value of one beside each of
# another.
_WAYS = [
    ("5.7", True, "FULL", "CRC32", False, None),
    ("5.7", False, "FULL", "NONE", False, None),
    ("5.7", True, "NOBLOB", "NONE", False, None),
    ("5.7", False, "NOBLOB", "CRC32", False, None),
    ("5.7", True, "MINIMAL", "CRC32", False, None),
    ("5.7", False, "MINIMAL", "NONE", False, None),
    ("8.0", True, "FULL", "NONE", True, "FULL"),
    ("8.0", False, "FULL", "CRC32", False, "MINIMAL"),
    ("8.0", True, "NOBLOB", "CRC32", True, "MINIMAL"),
    ("8.0", False, "NOBLOB", "NONE", False, "FULL"),
    ("8.0", True, "MINIMAL", "NONE", False, "MINIMAL"),
    ("8.0", False, "MINIMAL", "CRC32", True, "FULL"),
]


def _name(way) -> str:
    version, gtid, image, checksum, tls, metadata = way
    words = (version, "gtid" if gtid else "positions", image, checksum, "tls" if tls else None, metadata and f"metadata-{metadata}")
    return "-".join(filter(None, words))


@pytest.fixture(params=_WAYS, ids=_name)
def way(request, mysql57, mysql80):
    """A server that logs in one way, and its URL."""
    version, gtid, image, checksum, tls, metadata = request.param
    server = {"5.7": mysql57, "8.0": mysql80}[version]
    options = {"binlog_row_image": image, "binlog_checksum": checksum}
    if metadata:
        options["binlog_row_metadata"] = metadata
    server.gtid = gtid
    server.restart(options)
    server.reset()
    yield server, server.url(tls="require" if tls else "off")
    server.gtid = True
    server.restart()


def _is_following(job) -> bool:
    return '"phase":"following the log"' in job.output()[0]


def test_all_types_and_all_kinds_of_change_arrive(tideway, way, target):
    source, url = way
    fixtures.load(source, "all_types")
    workload.prepare(source)
    command = ("--source", url, "--target", target.url(), "--json", *jobs.lossless(target), "--filter", "changes.*")
    job = tideway.start("migrate", *command, "--verify", "never")
    deadline = time.monotonic() + 90
    while not _is_following(job):
        assert job.is_running, f"{job.wait()}"
        assert time.monotonic() < deadline, "the copy did not end"
        time.sleep(0.05)
    assert workload.run(source) > 100
    job.kill()  # it goes on from wherever it was
    outcome = tideway.run("migrate", *command, "--until", "caught-up", "--verify", "at-end").expect(jobs.PROVEN)
    certificate = jobs.Certificate.of(outcome)
    assert certificate.tables("proven") == set(certificate.proofs()), certificate.json
    assert jobs.type_differences(source, target) == []
    assert oracle.compare(source, target, databases=["changes"]) == []
