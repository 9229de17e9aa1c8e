"""tideway copy: one command from a real MySQL into a second server, judged by digests the test asks for itself."""

import jobs
from testbed import fixtures, oracle


def test_copies_one_table_with_an_integer_key(tideway, source, target):
    jobs.fill_numbers(source, "shop", "orders", 30_000)
    outcome = jobs.copy(tideway, source, target)
    certificate = jobs.assert_proven_copy(outcome, source, target, databases=["shop"])
    assert certificate.json["rung"] == "exact"


def _type_differences(source, target):
    return jobs.type_differences(source, target, definitions=not target.is_tidb and source.version.startswith("8."))


def test_every_type_arrives_as_it_was(tideway, source, target):
    fixtures.load(source, "all_types")
    certificate = jobs.Certificate.of(jobs.copy(tideway, source, target, *jobs.lossless(target)).expect(jobs.PROVEN))
    assert certificate.tables("proven") == set(certificate.proofs())
    assert _type_differences(source, target) == []


def test_what_json_text_cannot_carry_is_said(tideway, mysql80, target):
    """DECIMAL, dates and bytes inside JSON lose their type in text; the target's digest shows it."""
    fixtures.load(mysql80, "all_types")
    outcome = jobs.copy(tideway, mysql80, target, "--filter", "all_types.documents_typed").expect(jobs.FAILED)
    assert jobs.Certificate.of(outcome).proofs() == {("all_types", "documents_typed"): "different"}


def test_hostile_names_arrive_as_they_were(tideway, source, target):
    options, tables = jobs.hostile_names(source, target)
    outcome = jobs.copy(tideway, source, target, *options)
    jobs.assert_proven_copy(outcome, source, target, tables=tables)


def test_a_second_start_of_a_finished_job_copies_what_changed(tideway, mysql80, target):
    jobs.fill_numbers(mysql80, "shop", "orders", 5_000)
    jobs.fill_numbers(mysql80, "shop", "quiet", 5_000)
    jobs.copy(tideway, mysql80, target).expect(jobs.PROVEN)
    mysql80.execute("DELETE FROM shop.orders WHERE id % 7 = 0", "UPDATE shop.orders SET k = -1 WHERE id % 5 = 0")
    outcome = jobs.copy(tideway, mysql80, target)
    jobs.assert_proven_copy(outcome, mysql80, target, databases=["shop"])


def test_views_come_after_the_tables_they_read(tideway, mysql80, target):
    jobs.fill_numbers(mysql80, "shop", "orders", 100)
    mysql80.execute(
        "CREATE VIEW shop.z AS SELECT id, k FROM shop.orders WHERE k > 5",
        "CREATE VIEW shop.a AS SELECT COUNT(*) AS n FROM shop.z",
    )
    jobs.copy(tideway, mysql80, target).expect(jobs.PROVEN)
    assert target.execute("SELECT n FROM shop.a") == mysql80.execute("SELECT n FROM shop.a")


def test_what_is_not_carried_over_is_counted_and_named(tideway, mysql80, target):
    jobs.fill_numbers(mysql80, "shop", "orders", 100)
    mysql80.execute(
        "CREATE TRIGGER shop.audit BEFORE INSERT ON shop.orders FOR EACH ROW SET NEW.k = NEW.k",
        "CREATE PROCEDURE shop.nothing() SELECT 1",
        "CREATE EVENT shop.nightly ON SCHEDULE EVERY 1 DAY DO DO 0",
    )
    outcome = jobs.copy(tideway, mysql80, target)
    certificate = jobs.assert_proven_copy(outcome, mysql80, target, databases=["shop"])
    left = {entry["kind"]: entry for entry in certificate.json["not_carried_over"]}
    assert left["trigger"]["names"] == ["`shop`.`audit`"]
    assert left["procedure"]["count"] == 1 and left["event"]["count"] == 1


def test_a_filter_decides_what_is_copied(tideway, mysql80, target):
    for table in ("orders", "items", "secret"):
        jobs.fill_numbers(mysql80, "shop", table, 100)
    outcome = jobs.copy(tideway, mysql80, target, "--filter", "shop.*", "--filter", "!*.secret")
    outcome.expect(jobs.PROVEN)
    assert {name for (name,) in target.execute("SHOW TABLES FROM shop")} == {"orders", "items"}


def test_where_copies_only_those_rows_and_proves_them(tideway, mysql80, target):
    jobs.fill_numbers(mysql80, "shop", "orders", 1_000)
    jobs.copy(tideway, mysql80, target, "--where", "id <= 10 OR id > 990").expect(jobs.PROVEN)
    assert target.execute("SELECT COUNT(*) FROM shop.orders") == ((20,),) or target.execute(
        "SELECT COUNT(*) FROM shop.orders"
    ) == [(20,)]


def test_copies_without_gtid(tideway, mysql80, target):
    mysql80.gtid = False
    try:
        mysql80.restart()
        jobs.fill_numbers(mysql80, "shop", "orders", 2_000)
        outcome = jobs.copy(tideway, mysql80, target)
        jobs.assert_proven_copy(outcome, mysql80, target, databases=["shop"])
    finally:
        mysql80.gtid = True
        mysql80.restart()


def test_verify_names_the_keys_that_differ(tideway, mysql80, target, tmp_path):
    jobs.fill_numbers(mysql80, "shop", "orders", 5_000)
    jobs.copy(tideway, mysql80, target).expect(jobs.PROVEN)
    target.execute(
        "DELETE FROM shop.orders WHERE id = 17",
        "UPDATE shop.orders SET note = 'bent' WHERE id = 4321",
        "INSERT INTO shop.orders VALUES (999999, 1, 'extra')",
    )
    outcome = jobs.verify(tideway, mysql80, target, "--filter", "shop.*").expect(jobs.FAILED)
    (table,) = jobs.Certificate.of(outcome).json["tables"]
    assert table["proof"] == "different"
    assert sorted(table["differences"]) == ["different `id`=4321", "extra `id`=999999", "missing `id`=17"]
    mysql80.execute("DELETE FROM shop.orders WHERE id = 17")


def test_verify_finds_differences_without_a_key(tideway, mysql80, target):
    mysql80.execute(
        "CREATE DATABASE shop",
        "CREATE TABLE shop.log (a INT, b VARCHAR(20))",
        "INSERT INTO shop.log VALUES (1, 'x'), (1, 'x'), (2, NULL), (3, '')",
    )
    jobs.copy(tideway, mysql80, target).expect(jobs.PROVEN)
    jobs.verify(tideway, mysql80, target, "--filter", "shop.*").expect(jobs.PROVEN)
    target.execute("DELETE FROM shop.log WHERE a = 1 LIMIT 1", "INSERT INTO shop.log VALUES (4, 'y')")
    outcome = jobs.verify(tideway, mysql80, target, "--filter", "shop.*").expect(jobs.FAILED)
    (table,) = jobs.Certificate.of(outcome).json["tables"]
    assert "1 missing, 1 extra" in table["reason"]


def test_an_equal_pair_of_servers_is_proven_by_the_oracle_too(tideway, source, target):
    fixtures.load(source, "all_types")
    jobs.copy(tideway, source, target, *jobs.lossless(target)).expect(jobs.PROVEN)
    assert _type_differences(source, target) == []
    jobs.verify(tideway, source, target, *jobs.lossless(target)).expect(jobs.PROVEN)


def test_a_column_named_star_is_refused_and_the_other_tables_go_on(tideway, mysql80, target, tmp_path):
    """MySQL takes a selected `*` for all columns: what came would be moved by one and read as if it were not."""
    mysql80.execute("CREATE DATABASE d", "CREATE TABLE d.s (`*` INT PRIMARY KEY, b TEXT)", "CREATE TABLE d.t (id INT PRIMARY KEY)")
    mysql80.execute("INSERT INTO d.s VALUES (1, 'x'), (2, NULL)", "INSERT INTO d.t VALUES (1)")
    for done in (
        jobs.copy(tideway, mysql80, target, "-f", "d.*"),
        tideway.run("dump", "--source", mysql80.url(), "--output", tmp_path / "d", "-f", "d.*", "--json"),
    ):
        certificate = jobs.Certificate.of(done.expect(jobs.UNPROVEN))
        assert certificate.proofs() == {("d", "s"): "not compared", ("d", "t"): "proven"}
        assert "a column named * cannot be read" in certificate.reason("d", "s")
