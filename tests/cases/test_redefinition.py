"""Definitions that change while their tables are read: copied again as they are now, or said to be unproven."""

import time

import jobs
import pytest
from testbed import oracle

# What is done to the table, and what it must be called in the certificate.
CHANGES = {
    "alter": ["ALTER TABLE shop.{0} ADD COLUMN more INT NOT NULL DEFAULT 7, DROP COLUMN note"],
    "index": ["ALTER TABLE shop.{0} ADD INDEX twice (note, k)"],
    "new table": [
        "DROP TABLE shop.{0}",
        "CREATE TABLE shop.{0} (name VARCHAR(20) PRIMARY KEY)",
        "INSERT INTO shop.{0} VALUES ('new'), ('newer')",
    ],
    "truncate": ["TRUNCATE TABLE shop.{0}", "INSERT INTO shop.{0} VALUES (1, 2, 'alone')"],
    "swap": [
        "CREATE TABLE shop.{0}_new LIKE shop.{0}",
        "INSERT INTO shop.{0}_new SELECT * FROM shop.{0} WHERE id % 2 = 0",
        "RENAME TABLE shop.{0} TO shop.{0}_old, shop.{0}_new TO shop.{0}",
    ],
}


def _fill(server):
    """`first` is read before `second`, which is read before `last`: the largest comes first."""
    jobs.fill_numbers(server, "shop", "first", 30_000)
    jobs.fill_numbers(server, "shop", "second", 20_000)
    jobs.fill_numbers(server, "shop", "last", 300)
    server.execute("ANALYZE TABLE shop.first, shop.second, shop.last")


def _until_second_is_read(tideway, way, command):
    way.throttle(3_000_000)
    run = tideway.start(*command)
    deadline = time.monotonic() + 60
    while not any("FROM `shop`.`second`" in each and "SQL_NO_CACHE" in each for each in way.statements()):
        assert run.is_running and time.monotonic() < deadline, run.wait(1)
        time.sleep(0.01)
    return run


def _while_second_is_read(tideway, way, source, statements, command):
    run = _until_second_is_read(tideway, way, command)
    source.execute(*statements)
    way.throttle(None)
    return run.wait(120)


def _copy(way, target, *options):
    return ("copy", "--source", way.url(tls="off"), "--target", target.url(), "--threads", "1", "--json", "--filter", "shop.*", *options)


@pytest.mark.parametrize("table", ["first", "last"], ids=["read already", "still to be read"])
@pytest.mark.parametrize("change", list(CHANGES))
def test_a_table_that_changes_is_copied_as_it_is_now(tideway, mysql80, target, proxy, change, table):
    _fill(mysql80)
    way = proxy(mysql80, mysql=True)
    statements = [each.format(table) for each in CHANGES[change]]
    outcome = _while_second_is_read(tideway, way, mysql80, statements, _copy(way, target))
    certificate = jobs.assert_proven_copy(outcome, mysql80, target, databases=["shop"])
    made_anew = {each["object"] for each in certificate.json["changes"] if "made anew" in each["what"]}
    assert made_anew == {f"`shop`.`{table}`"}
    keys = lambda server: sorted(row[2:5] for row in server.execute(f"SHOW INDEX FROM shop.{table}"))
    assert keys(mysql80) == keys(target)


@pytest.mark.parametrize("change", ["alter", "new table", "swap"])
def test_a_dump_holds_the_new_definition_and_its_rows_only(tideway, mysql80, target, proxy, tmp_path, change):
    _fill(mysql80)
    way = proxy(mysql80, mysql=True)
    dump = ("dump", "--source", way.url(tls="off"), "--threads", "1", "--json", "--filter", "shop.*", "--output", tmp_path / "d")
    statements = [each.format("first") for each in CHANGES[change]]
    _while_second_is_read(tideway, way, mysql80, statements, dump).expect(jobs.PROVEN)
    tideway.run("load", "--target", target.url(), "--input", tmp_path / "d", "--json").expect(jobs.PROVEN)
    assert oracle.compare(mysql80, target, databases=["shop"]) == []


@pytest.mark.parametrize("table", ["first", "last"], ids=["read already", "still to be read"])
def test_a_dropped_table_is_named_and_the_others_are_proven(tideway, mysql80, target, proxy, tmp_path, table):
    _fill(mysql80)
    way = proxy(mysql80, mysql=True)
    outcome = _while_second_is_read(tideway, way, mysql80, [f"DROP TABLE shop.{table}"], _copy(way, target)).expect(jobs.UNPROVEN)
    certificate = jobs.Certificate.of(outcome)
    assert certificate.tables("proven") == {("shop", each) for each in ("first", "second", "last") if each != table}
    reason = certificate.reason("shop", table)
    assert "TW304" in reason and f"`shop`.`{table}`" in reason and "dropped" in reason
    left = jobs.Certificate.of(tideway.run(*_copy(way, target)).expect(jobs.PROVEN))
    assert ("shop", table) not in left.proofs()
    (warning,) = [each for each in left.json["warnings"] if f"`shop`.`{table}`" in each]
    assert warning.endswith(f"DROP TABLE `shop`.`{table}`")


def test_a_dropped_table_leaves_no_file_in_a_dump(tideway, mysql80, proxy, tmp_path):
    _fill(mysql80)
    way = proxy(mysql80, mysql=True)
    dump = ("dump", "--source", way.url(tls="off"), "--threads", "1", "--json", "--filter", "shop.*", "--output", tmp_path / "d")
    outcome = _while_second_is_read(tideway, way, mysql80, ["DROP TABLE shop.first"], dump).expect(jobs.UNPROVEN)
    assert "TW304" in jobs.Certificate.of(outcome).reason("shop", "first")
    names = [each.name for each in (tmp_path / "d").iterdir()]
    assert "shop.second-schema.sql" in names and not [each for each in names if each.startswith("shop.first")]


def test_a_table_that_the_operator_made_is_not_made_anew(tideway, mysql80, target, proxy):
    """Its definition is his: the table is left and named, the others are proven; then he alters it."""
    _fill(mysql80)
    target.execute("CREATE DATABASE shop", "CREATE TABLE shop.first (id BIGINT PRIMARY KEY, k INT NOT NULL, note VARCHAR(200) NOT NULL)")
    way = proxy(mysql80, mysql=True)
    change = ["ALTER TABLE shop.first ADD COLUMN more INT NOT NULL DEFAULT 7"]
    outcome = _while_second_is_read(tideway, way, mysql80, change, _copy(way, target, "--job", "mine")).expect(jobs.UNPROVEN)
    certificate = jobs.Certificate.of(outcome)
    assert certificate.tables("proven") == {("shop", "second"), ("shop", "last")}
    assert "TW501" in certificate.reason("shop", "first") and "`more`" in certificate.reason("shop", "first")
    target.execute("ALTER TABLE shop.first ADD COLUMN more INT NOT NULL DEFAULT 7")
    jobs.assert_proven_copy(
        tideway.run(*_copy(way, target, "--job", "mine")), mysql80, target, databases=["shop"]
    )


def test_a_job_that_was_killed_goes_on_with_the_definition_of_now(tideway, mysql80, target, proxy):
    _fill(mysql80)
    way = proxy(mysql80, mysql=True)
    run = _until_second_is_read(tideway, way, _copy(way, target))
    run.kill()
    mysql80.execute(*(each.format("first") for each in CHANGES["alter"]))
    way.throttle(None)
    outcome = tideway.run(*_copy(way, target))
    jobs.assert_proven_copy(outcome, mysql80, target, databases=["shop"])


def test_a_table_that_no_snapshot_holds_is_read_again_once_it_is_quiet(tideway, mysql80, target, proxy):
    _fill(mysql80)
    mysql80.execute("ALTER TABLE shop.first ENGINE = MyISAM")
    way = proxy(mysql80, mysql=True)
    change = ["UPDATE shop.first SET k = -1 WHERE id % 3 = 0"]
    outcome = _while_second_is_read(tideway, way, mysql80, change, _copy(way, target))
    outcome.expect(jobs.PROVEN)
    sums = "SELECT COUNT(*), SUM(k), SUM(id), MD5(GROUP_CONCAT(MD5(note) ORDER BY id)) FROM shop.first"
    assert mysql80.execute(sums) == target.execute(sums)
