"""What only TiDB does, on a TiDB when TIDEWAY_TEST_TIDB names one and on a MySQL that answers like it when not."""

import contextlib

import jobs
import pytest
from testbed import oracle
from testbed.tidb_like import TidbLike


@pytest.fixture
def tidb(target):
    if target.is_tidb:
        yield target
        return
    with contextlib.closing(TidbLike(target)) as like:
        yield like


def _changes(outcome) -> str:
    return "\n".join(f"{each['object']} {each['what']}" for each in jobs.Certificate.of(outcome).json["changes"])


def _error(outcome) -> dict:
    (found,) = [event for event in outcome.events() if event["event"] == "error"]
    return found


def _fill_documents(server):
    """Documents whose members MySQL and TiDB print in another order, with a key and without."""
    columns = "id INT NOT NULL, j JSON, note VARCHAR(20)"
    server.execute(
        "CREATE DATABASE papers DEFAULT CHARACTER SET utf8mb4",
        f"CREATE TABLE papers.keyed ({columns}, PRIMARY KEY (id))",
        f"CREATE TABLE papers.keyless ({columns})",
    )
    for table in ("keyed", "keyless"):
        server.execute(
            f"""INSERT INTO papers.{table} VALUES
            (1, '{{"b": 1, "aa": 2, "c": {{"zz": [1.0, -0.0, 1e20, 0.1], "y": null}}, "ü": "é"}}', 'x'), (2, NULL, NULL),
            (3, '[{{"long name": 1, "short": 2, "s": 3}}, 18446744073709551615, "\\\\u0001\\\\"\\\\n/<"]', ''), (4, '{{}}', 'y')"""
        )


def test_documents_are_proven_though_the_servers_print_them_otherwise(tideway, mysql80, tidb):
    _fill_documents(mysql80)
    jobs.assert_proven_copy(jobs.copy(tideway, mysql80, tidb), mysql80, tidb, databases=["papers"])
    jobs.verify(tideway, mysql80, tidb, "--filter", "papers.*").expect(jobs.PROVEN)


def test_a_document_that_differs_is_found_and_its_key_named(tideway, mysql80, tidb):
    _fill_documents(mysql80)
    jobs.copy(tideway, mysql80, tidb).expect(jobs.PROVEN)
    changed = """ SET j = '{"b": 1, "aa": 2, "c": {"zz": [1.0, -0.0, 1e20, 0.2], "y": null}, "ü": "é"}' WHERE id = 1"""
    tidb.execute("UPDATE papers.keyed" + changed, "UPDATE papers.keyless" + changed)
    certificate = jobs.Certificate.of(jobs.verify(tideway, mysql80, tidb, "--filter", "papers.*").expect(jobs.FAILED))
    assert certificate.tables("different") == {("papers", "keyed"), ("papers", "keyless")}
    keyed, keyless = certificate.json["tables"]
    assert keyed["differences"] == ["different `id`=1"]
    assert "1 missing, 1 extra" in keyless["reason"]


def test_dumped_documents_are_proven_when_loaded(tideway, mysql80, tidb, tmp_path):
    _fill_documents(mysql80)
    tideway.run("dump", "--source", mysql80.url(), "--output", tmp_path / "d", "--filter", "papers.*").expect(jobs.PROVEN)
    tideway.run("load", "--target", tidb.url(), "--input", tmp_path / "d").expect(jobs.PROVEN)
    assert oracle.compare(mysql80, tidb, databases=["papers"]) == []


def test_reals_are_proven_though_the_servers_print_them_otherwise(tideway, mysql80, tidb):
    doubles = "-1.5e20 2.5e-20 1e15 999999999999999.9 1e-15 1e-16 -0.1 12345678901234567 0 -2.25e-18 1e34 4503599627370495.5"
    floats = "-1.5e20 0.1 1e15 -9.9 0.00001 8388608.5 3 1e34 0 123456.789 1e20 -0.333"
    pairs = enumerate(zip(doubles.split(), floats.split(), strict=True))
    mysql80.execute(
        "CREATE DATABASE reals",
        "CREATE TABLE reals.r (id INT NOT NULL PRIMARY KEY, d DOUBLE, f FLOAT NOT NULL)",
        "INSERT INTO reals.r VALUES " + ", ".join(f"({at}, {d}, {f})" for at, (d, f) in pairs) + ", (99, NULL, 0)",
    )
    jobs.assert_proven_copy(jobs.copy(tideway, mysql80, tidb), mysql80, tidb, databases=["reals"])
    jobs.verify(tideway, mysql80, tidb, "--filter", "reals.*").expect(jobs.PROVEN)
    tidb.execute("UPDATE reals.r SET d = -1.5000000000000002e20 WHERE id = 0")
    outcome = jobs.verify(tideway, mysql80, tidb, "--filter", "reals.*").expect(jobs.FAILED)
    assert jobs.Certificate.of(outcome).json["tables"][0]["differences"] == ["different `id`=0"]


def test_fixed_decimals_are_proven_by_their_decimals(tideway, mysql80, tidb):
    """MySQL stores -0.1 in a DOUBLE(m,d) as -0.09999999999999998, TiDB as -0.1; both mean -0.10000."""
    values = "(1, -0.1), (2, 0.1), (3, -12345678.87654), (4, 12345678901234567), (6, 0), (7, NULL), (8, -0.000001)"
    mysql80.execute(
        "CREATE DATABASE fixed",
        "CREATE TABLE fixed.f (id INT NOT NULL PRIMARY KEY, d DOUBLE(65,5))",
        f"INSERT INTO fixed.f VALUES {values}",
    )
    jobs.copy(tideway, mysql80, tidb).expect(jobs.PROVEN)
    jobs.verify(tideway, mysql80, tidb).expect(jobs.PROVEN)
    query = "SELECT id, CAST(d AS DECIMAL(65,5)) FROM fixed.f ORDER BY id"
    assert list(tidb.execute(query)) == list(mysql80.execute(query))


def test_that_minus_zero_is_lost_is_said(tideway, mysql80, tidb):
    mysql80.execute(
        "CREATE DATABASE zeros", "CREATE TABLE zeros.z (id INT PRIMARY KEY, d DOUBLE)", "INSERT INTO zeros.z VALUES (1, -0E0)"
    )
    outcome = jobs.copy(tideway, mysql80, tidb).expect(jobs.PROVEN)
    assert "-0 in `d` becomes 0" in _changes(outcome)


def test_labels_with_backslashes_fit_when_the_job_starts_again(tideway, mysql80, tidb):
    mysql80.execute(
        "CREATE DATABASE labels",
        r"CREATE TABLE labels.l (id INT PRIMARY KEY, e ENUM('a\\b', 'it''s', 'x\\'), s SET('x\\', '\\y') NOT NULL)",
        r"INSERT INTO labels.l VALUES (1, 'a\\b', 'x\\'), (2, 'x\\', 'x\\,\\y'), (3, NULL, '')",
    )
    for _ in range(2):
        outcome = jobs.copy(tideway, mysql80, tidb)
        jobs.assert_proven_copy(outcome, mysql80, tidb, databases=["labels"])
    jobs.verify(tideway, mysql80, tidb, "--filter", "labels.*").expect(jobs.PROVEN)


def test_all_tables_that_it_cannot_have_are_named_before_any_is_made(tideway, mysql80, tidb):
    mysql80.execute(
        "CREATE DATABASE odd",
        "CREATE TABLE odd.a_plain (id INT PRIMARY KEY)",
        "CREATE TABLE odd.place (id INT PRIMARY KEY, p POINT, g GEOMETRY NOT NULL)",
        "CREATE TABLE odd.Twice (id INT PRIMARY KEY)",
        "CREATE TABLE odd.tWICE (id INT PRIMARY KEY)",
    )
    error = _error(jobs.copy(tideway, mysql80, tidb).expect(jobs.FAILED))
    assert error["name"] == "impossible_on_target"
    assert "`odd`.`place`" in error["message"] and "`p` is point" in error["message"] and "`g` is geometry" in error["message"]
    assert "`odd`.`tWICE` has the name of `odd`.`Twice`" in error["message"] and "a_plain" not in error["message"]
    assert "odd" not in {name for (name,) in tidb.execute("SHOW DATABASES")}
    left = ("--filter", "odd.*", "--filter", "!odd.place", "--filter", "!odd.tWICE", "--case-sensitive")
    jobs.copy(tideway, mysql80, tidb, *left).expect(jobs.PROVEN)


def test_an_index_on_an_expression_that_it_refuses_is_left_out_and_named(tideway, mysql80, tidb):
    mysql80.execute(
        "CREATE DATABASE shop",
        "CREATE TABLE shop.t (id INT PRIMARY KEY, a INT, b VARCHAR(9), c DATETIME, KEY by_year ((YEAR(c))), KEY b (b DESC))",
        "INSERT INTO shop.t VALUES (1, 2, 'x', '2024-02-29')",
    )
    outcome = jobs.copy(tideway, mysql80, tidb)
    jobs.assert_proven_copy(outcome, mysql80, tidb, databases=["shop"])
    assert "key `by_year` left out" in _changes(outcome)
    assert {row[2] for row in tidb.execute("SHOW KEYS FROM shop.t")} == {"PRIMARY", "b"}
