"""Every statement to the source fails in turn: nothing is called proven that is not, and the same command goes on and proves.

An undisturbed run says how many statements there are; then the first, the second, … of them is refused
by the server or dies with its connection, until none is left. TIDEWAY_FULL=1 leaves no statement out.
"""

import os

import jobs
import pytest
from testbed import oracle

FULL = os.environ.get("TIDEWAY_FULL") == "1"
_OPTIONS = ("--threads", "1", "--json", "--filter", "shop.*", "--snapshot-wait", "1s", "--chunk-bytes", "64KiB")

HARMS = {
    "refused": lambda way, place: way.fail_statement("", 1105, "the test says no", skip=place),
    "short of memory": lambda way, place: way.fail_statement("", 1041, "Out of memory", skip=place),
    "statement lost": lambda way, place: way.cut_at_statement("", answered=False, skip=place),
    "answer lost": lambda way, place: way.cut_at_statement("", answered=True, skip=place),
}


@pytest.fixture(scope="module")
def shop(_mysql80):
    _mysql80.reset()
    jobs.fill_numbers(_mysql80, "shop", "orders", 2_000)
    _mysql80.execute(
        "CREATE TABLE shop.log (at INT, note VARCHAR(120))",
        "INSERT INTO shop.log SELECT k, note FROM shop.orders WHERE id <= 100",
        "INSERT INTO shop.log SELECT * FROM shop.log LIMIT 10",
        "CREATE TABLE shop.empty (id INT PRIMARY KEY)",
        "CREATE VIEW shop.some AS SELECT id FROM shop.orders WHERE k > 5",
        "ANALYZE TABLE shop.orders, shop.log, shop.empty",
    )
    return _mysql80


def _places(count: int, harm: str):
    step = 1 if FULL else 5
    return range(list(HARMS).index(harm) % step, count, step)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("harm", list(HARMS))
def test_a_copy_survives_the_failure_of_every_statement_to_its_source(tideway, shop, target, proxy, harm):
    way = proxy(shop, mysql=True)
    command = ("copy", "--source", way.url(tls="off"), "--target", target.url(), *_OPTIONS)
    tideway.run(*command).expect(jobs.PROVEN)
    statements = way.statements()
    assert len(statements) > 30
    ends = {}
    for place in _places(len(statements), harm):
        target.execute("DROP DATABASE shop", "DROP DATABASE tideway_meta")
        way.heal()
        HARMS[harm](way, place)
        context = f"{harm} at statement {place}: {statements[place][:200]}"
        outcome = tideway.run(*command, deadline_seconds=60)
        ends[outcome.code] = ends.get(outcome.code, 0) + 1
        _judge_copy(outcome, shop, target, context)
        way.heal()
        again = tideway.run(*command, deadline_seconds=60)
        assert again.code == jobs.PROVEN, f"{context}\n{outcome}\n{again}"
        assert oracle.compare(shop, target, databases=["shop"]) == [], context
        assert target.execute("SELECT COUNT(*) FROM shop.some") == shop.execute("SELECT COUNT(*) FROM shop.some"), context
    print(f"{harm}: {len(statements)} statements, ends by exit code {ends}")


def _judge_copy(outcome, source, target, context):
    """It may fail, and say so; what it calls proven is equal."""
    assert outcome.code in (jobs.PROVEN, jobs.FAILED, jobs.UNPROVEN, jobs.ENVIRONMENT), f"{context}\n{outcome}"
    if outcome.code not in (jobs.PROVEN, jobs.UNPROVEN):
        assert [each for each in outcome.events() if each["event"] == "error"], f"{context}\n{outcome}"
        return
    certificate = jobs.Certificate.of(outcome)
    proven = certificate.tables("proven")
    assert set(certificate.proofs()) == {("shop", each) for each in ("orders", "log", "empty")}, f"{context}\n{outcome}"
    assert (outcome.code == jobs.PROVEN) == (len(proven) == 3), f"{context}\n{outcome}"
    for table in certificate.tables("unproven") | certificate.tables("not compared"):
        assert certificate.reason(*table), f"{context}\n{outcome}"
    assert oracle.compare(source, target, tables=list(proven)) == [], context
    if outcome.code == jobs.PROVEN:
        count = "SELECT COUNT(*) FROM shop.some"
        assert target.execute(count) == source.execute(count), f"{context}\n{outcome}"


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("harm", list(HARMS))
def test_a_dump_survives_the_failure_of_every_statement_to_its_source(tideway, shop, proxy, tmp_path, harm):
    way = proxy(shop, mysql=True)
    command = lambda place: ("dump", "--source", way.url(tls="off"), *_OPTIONS, "--output", tmp_path / str(place))
    tideway.run(*command("whole")).expect(jobs.PROVEN)
    statements, whole = way.statements(), _files(tmp_path / "whole")
    for place in _places(len(statements), harm):
        way.heal()
        HARMS[harm](way, place)
        context = f"{harm} at statement {place}: {statements[place][:200]}"
        outcome = tideway.run(*command(place), deadline_seconds=60)
        assert outcome.code in (jobs.PROVEN, jobs.FAILED, jobs.UNPROVEN, jobs.ENVIRONMENT), f"{context}\n{outcome}"
        if outcome.code == jobs.PROVEN:
            assert _files(tmp_path / str(place)) == whole, context
        else:
            assert outcome.code == jobs.UNPROVEN or not (tmp_path / str(place) / "metadata").exists(), context
        way.heal()
        tideway.run(*command(place), deadline_seconds=60).expect(jobs.PROVEN)
        assert _files(tmp_path / str(place)) == whole, context


def _files(directory):
    """What a dump holds, without what tells its times."""
    return {each.name: each.read_bytes() for each in directory.iterdir() if each.suffix == ".sql"}
