"""The Aurora-like source through whole programs: no global lock, no GTIDs, grants that nobody knows, a reader endpoint."""

import jobs
import pytest
from testbed import aurora, oracle
from testbed.journal import History
from testbed.writer import Writer


@pytest.fixture(scope="module", params=["5.7", "8.0"])
def cluster(request):
    with aurora.Aurora(request.param) as made:
        jobs.fill_numbers(made.server, "shop", "orders", 5_000)
        made.server.execute("CREATE TABLE shop.log (at INT, note VARCHAR(120))", "INSERT INTO shop.log SELECT k, note FROM shop.orders LIMIT 50")
        yield made


def _url(url):
    return f"{url}?tls=off"


def test_a_quiet_source_is_copied_and_proven(tideway, cluster, target):
    outcome = tideway.run("copy", "--source", _url(cluster.writer_url()), "--target", target.url(), "--json", "--filter", "shop.*")
    jobs.assert_proven_copy(outcome, cluster.server, target, databases=["shop"])
    certificate = jobs.Certificate.of(outcome)
    assert certificate.json["rung"] == "exact"
    tideway.run("verify", "--source", _url(cluster.writer_url()), "--target", target.url(), "--filter", "shop.*").expect(jobs.PROVEN)


def test_a_quiet_source_is_dumped_and_loaded(tideway, cluster, target, tmp_path):
    dump = ("dump", "--source", _url(cluster.writer_url()), "--output", tmp_path / "d", "--filter", "shop.*")
    tideway.run(*dump).expect(jobs.PROVEN)
    tideway.run("load", "--input", tmp_path / "d", "--target", target.url()).expect(jobs.PROVEN)
    assert oracle.compare(cluster.server, target, databases=["shop"]) == []


def test_beside_a_writer_what_is_proven_is_so(tideway, cluster, target, tmp_path):
    with Writer(cluster.server, tmp_path / "j", pause_seconds=0.002):
        outcome = tideway.run(
            "copy", "--source", _url(cluster.writer_url()), "--target", target.url(), "--json", "--filter", "live.*", "--snapshot-wait", "3s"
        )
    assert outcome.code in (jobs.PROVEN, jobs.UNPROVEN), outcome
    certificate = jobs.Certificate.of(outcome)
    proven = certificate.tables("proven")
    assert {("live", "still_keyed"), ("live", "still_keyless")} <= proven, certificate.json
    file, offset = certificate.json["position"].split()[0].rsplit(":", 1)
    assert History(cluster.server, tmp_path / "j").differences(target, {each: (file, int(offset)) for each in proven}) == []


def test_the_global_lock_that_was_asked_for_is_refused_in_words(tideway, cluster, target):
    command = ("copy", "--source", _url(cluster.writer_url()), "--target", target.url(), "--filter", "shop.*", "--consistency", "flush")
    outcome = tideway.run(*command)
    assert outcome.code not in (jobs.PROVEN, jobs.UNPROVEN), outcome
    assert "--consistency lock" in outcome.stderr, outcome


def test_a_reader_endpoint_promises_nothing_and_says_why(tideway, cluster, target):
    """A reader has no log of its own: the copy runs, nothing of it is proven, and the way to a proof is named."""
    command = ("copy", "--source", _url(cluster.reader_url()), "--target", target.url(), "--json", "--filter", "shop.*")
    outcome = tideway.run(*command).expect(jobs.UNPROVEN)
    certificate = jobs.Certificate.of(outcome)
    assert certificate.tables("proven") == set()
    assert any("writer" in each or "REPLICATION CLIENT" in each for each in certificate.json["warnings"]), certificate.json
    assert oracle.compare(cluster.server, target, databases=["shop"]) == []


def test_a_reader_endpoint_is_refused_as_a_target(tideway, cluster, mysql80):
    jobs.fill_numbers(mysql80, "other", "t", 10)
    reader = _url(cluster.reader.url(aurora.USER, aurora.PASSWORD))
    outcome = tideway.run("copy", "--source", mysql80.url(), "--target", reader, "--filter", "other.*").expect(jobs.ENVIRONMENT)
    assert "writer" in outcome.stderr and ("TW204" in outcome.stderr or "TW308" in outcome.stderr), outcome
