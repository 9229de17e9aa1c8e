"""Each way to a consistent point, forced, beside a live writer: what is called proven is what the writer's journal says."""

import contextlib
import itertools
import threading
import time

import jobs
import pytest
from testbed.journal import History
from testbed.writer import Writer

_LIVE = ("--filter", "live.*", "--snapshot-wait", "3s")


@pytest.fixture
def positions(mysql80):
    """MySQL 8.0 without GTIDs."""
    mysql80.gtid = False
    mysql80.restart()
    mysql80.reset()
    yield mysql80
    mysql80.gtid = True
    mysql80.restart()


def _copy_beside_a_writer(tideway, source, target, journal, *options, url=None, **writing):
    with Writer(source, journal, pause_seconds=0.002, **writing):
        outcome = tideway.run("copy", "--source", url or source.url(), "--target", target.url(), "--json", *_LIVE, *options)
    return outcome, jobs.Certificate.of(outcome)


def _assert_proven_as_journalled(source, target, journal, certificate, tables):
    file, offset = certificate.json["position"].split()[0].rsplit(":", 1)
    assert History(source, journal).differences(target, {each: (file, int(offset)) for each in tables}) == [], certificate.json


def _assert_reasons(certificate):
    for table in set(certificate.proofs()) - certificate.tables("proven"):
        assert certificate.reason(*table), table


@pytest.mark.parametrize("rung", ["auto", "flush", "lock"])
def test_with_gtids(tideway, mysql80, target, tmp_path, rung):
    outcome, certificate = _copy_beside_a_writer(tideway, mysql80, target, tmp_path / "j", "--consistency", rung, xa=rung == "auto")
    proven = certificate.tables("proven")
    assert outcome.code == (jobs.PROVEN if len(proven) == len(certificate.proofs()) else jobs.UNPROVEN), outcome
    assert certificate.json["rung"] in (("exact", "window") if rung == "auto" else ("locked",))
    assert {("live", "still_keyed"), ("live", "still_keyless")} <= proven
    assert rung == "auto" or outcome.code == jobs.PROVEN
    _assert_reasons(certificate)
    _assert_proven_as_journalled(mysql80, target, tmp_path / "j", certificate, proven)


@pytest.mark.parametrize("rung", ["auto", "flush", "lock"])
def test_without_gtids(tideway, positions, target, tmp_path, rung):
    outcome, certificate = _copy_beside_a_writer(tideway, positions, target, tmp_path / "j", "--consistency", rung, xa=rung == "auto")
    proven = certificate.tables("proven")
    assert outcome.code in (jobs.PROVEN, jobs.UNPROVEN), outcome
    assert {("live", "still_keyed"), ("live", "still_keyless")} <= proven, certificate.json
    assert rung == "auto" or outcome.code == jobs.PROVEN
    _assert_reasons(certificate)
    _assert_proven_as_journalled(positions, target, tmp_path / "j", certificate, proven)


def test_an_old_position_proves_nothing_and_names_the_grant(tideway, positions, target, tmp_path):
    """Without GTIDs and without PROCESS nobody can say which transactions were running: the position is only old enough."""
    positions.execute(
        "CREATE USER IF NOT EXISTS plain@'%' IDENTIFIED WITH mysql_native_password BY ''",
        "GRANT SELECT, SHOW VIEW, REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO plain@'%'",
    )
    try:
        outcome, certificate = _copy_beside_a_writer(tideway, positions, target, tmp_path / "j", url=positions.url("plain"))
        outcome.expect(jobs.UNPROVEN)
        assert certificate.json["rung"] == "timed"
        assert certificate.tables("unproven") == set(certificate.proofs())
        assert any("PROCESS" in each for each in certificate.json["warnings"]), certificate.json
        _assert_reasons(certificate)
        still = {("live", "still_keyed"), ("live", "still_keyless")}
        _assert_proven_as_journalled(positions, target, tmp_path / "j", certificate, still)
    finally:
        positions.execute("DROP USER plain@'%'")


def test_none_proves_nothing_beside_a_writer_that_it_did_not_slip_past(tideway, mysql80, target, tmp_path):
    """It tries once and waits for nobody; when the writer paused at that moment, that is seen and the point is exact."""
    outcome, certificate = _copy_beside_a_writer(tideway, mysql80, target, tmp_path / "j", "--consistency", "none")
    proven = certificate.tables("proven")
    if certificate.json["rung"] == "exact":
        _assert_proven_as_journalled(mysql80, target, tmp_path / "j", certificate, proven)
        return
    outcome.expect(jobs.UNPROVEN)
    assert certificate.json["rung"] == "none" and proven == set()
    _assert_reasons(certificate)


def _prepare(source):
    """A session with a prepared branch that holds one row of live.branch; XA COMMIT and ROLLBACK are any session's."""
    source.execute("CREATE DATABASE IF NOT EXISTS live", "CREATE TABLE live.branch (id INT PRIMARY KEY)", "INSERT INTO live.branch VALUES (1)")
    connection = source.connect()
    with connection.cursor() as cursor:
        for statement in ("XA START 'b'", "INSERT INTO live.branch VALUES (2)", "XA END 'b'", "XA PREPARE 'b'"):
            cursor.execute(statement)
    connection.close()


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_a_prepared_transaction_is_waited_for(tideway, mysql80, target, proxy, tmp_path, end):
    way = proxy(mysql80, mysql=True)

    def finish():
        deadline = time.monotonic() + 60
        while sum("XA RECOVER" in each for each in way.statements()) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        mysql80.execute(f"XA {end} 'b'")

    with Writer(mysql80, tmp_path / "j", xa=False, pause_seconds=0.002):
        _prepare(mysql80)
        finisher = threading.Thread(target=finish)
        finisher.start()
        outcome = tideway.run("copy", "--source", way.url(tls="off"), "--target", target.url(), "--json", "--filter", "live.*", "--snapshot-wait", "20s")
        finisher.join()
    assert outcome.code in (jobs.PROVEN, jobs.UNPROVEN), outcome
    certificate = jobs.Certificate.of(outcome)
    proven = certificate.tables("proven")
    assert {("live", "branch"), ("live", "still_keyed")} <= proven, certificate.json
    assert target.execute("SELECT id FROM live.branch ORDER BY id") == ([(1,), (2,)] if end == "COMMIT" else [(1,)])
    _assert_proven_as_journalled(mysql80, target, tmp_path / "j", certificate, proven - {("live", "branch")})


def _branches_without_end(source, asked, over):
    """One prepared branch after the other: each ends once it was asked for, the next comes 60 ms later."""
    with contextlib.closing(source.connect()) as connection, connection.cursor() as cursor:
        for number in itertools.count(10):
            for statement in (f"XA START '{number}'", f"INSERT INTO live.branch VALUES ({number})", f"XA END '{number}'", f"XA PREPARE '{number}'"):
                cursor.execute(statement)
            before = asked()
            while asked() == before and not over.wait(0.001):
                pass
            cursor.execute(f"XA COMMIT '{number}'")
            if over.wait(0.06):
                return


def test_branches_that_come_and_go_do_not_end_a_copy(tideway, positions, target, proxy):
    positions.execute("CREATE DATABASE live", "CREATE TABLE live.branch (id INT PRIMARY KEY)", "CREATE TABLE live.still (id INT PRIMARY KEY)")
    positions.execute("INSERT INTO live.still VALUES (1), (2)")
    way = proxy(positions, mysql=True)
    over = threading.Event()
    writer = threading.Thread(target=_branches_without_end, args=(positions, lambda: sum("XA RECOVER" in each for each in way.statements()), over))
    writer.start()
    try:
        outcome = tideway.run(
            "copy", "--source", way.url(tls="off"), "--target", target.url(), "--json", "--filter", "live.*", "--snapshot-wait", "3s"
        )
    finally:
        over.set()
        writer.join()
    outcome.expect(jobs.PROVEN, jobs.UNPROVEN)
    assert ("live", "still") in jobs.Certificate.of(outcome).tables("proven"), outcome


def test_a_transaction_that_stays_prepared_ends_the_copy_with_its_name(tideway, mysql80, target):
    _prepare(mysql80)
    try:
        outcome = jobs.copy(tideway, mysql80, target, "--filter", "live.*", "--snapshot-wait", "1s")
        assert outcome.code not in (jobs.PROVEN, jobs.UNPROVEN), outcome
        (error,) = [each for each in outcome.events() if each["event"] == "error"]
        assert error["code"] == "TW403" and "0x62" in error["message"], error  # 'b'
    finally:
        mysql80.execute("XA ROLLBACK 'b'")
    jobs.copy(tideway, mysql80, target, "--filter", "live.*").expect(jobs.PROVEN)
