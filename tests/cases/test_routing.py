"""Tables under other names on the target, by real servers, judged by digests the test asks for itself."""

import jobs
from testbed import oracle


def _renamed(database, table):
    return ("store", {"orders": "sales"}.get(table, table)) if database == "shop" else (database, table)


_ROUTES = ("--route", "shop.* => store.*", "--route", "shop.orders => store.sales")


def _fill(source):
    jobs.fill_numbers(source, "shop", "orders", 3_000)
    source.execute(
        "CREATE TABLE shop.items (id INT PRIMARY KEY, order_id BIGINT NOT NULL,"
        " CONSTRAINT of_order FOREIGN KEY (order_id) REFERENCES shop.orders (id))",
        "INSERT INTO shop.items SELECT id, id FROM shop.orders WHERE id % 3 = 0",
        "CREATE DATABASE other",
        "CREATE TABLE other.t (a INT)",
        "INSERT INTO other.t VALUES (1), (1), (NULL)",
    )


def test_a_copy_makes_and_fills_tables_under_their_routed_names(tideway, source, target):
    _fill(source)
    outcome = jobs.copy(tideway, source, target, *_ROUTES)
    certificate = jobs.assert_proven_copy(outcome, source, target, databases=["shop", "other"], rename=_renamed)
    named = {(table["database"], table["table"]) for table in certificate.json["tables"]}
    assert ("shop", "orders") in named
    assert target.execute("SHOW DATABASES LIKE 'shop'") == []
    assert "REFERENCES `sales`" in target.execute("SHOW CREATE TABLE store.items")[0][1]


def test_a_second_start_goes_on_under_the_same_routes_and_refuses_others(tideway, mysql80, target):
    _fill(mysql80)
    jobs.copy(tideway, mysql80, target, *_ROUTES).expect(jobs.PROVEN)
    mysql80.execute("UPDATE shop.orders SET k = -1 WHERE id % 5 = 0", "CREATE TABLE shop.new (id INT PRIMARY KEY)")
    outcome = jobs.copy(tideway, mysql80, target, *_ROUTES)
    jobs.assert_proven_copy(outcome, mysql80, target, databases=["shop", "other"], rename=_renamed)
    refused = jobs.copy(tideway, mysql80, target, "--route", "shop.* => elsewhere.*").expect(jobs.USAGE)
    assert "TW107" in str(refused)


def test_verify_compares_what_routes_brought_together(tideway, mysql80, target):
    _fill(mysql80)
    jobs.copy(tideway, mysql80, target, *_ROUTES).expect(jobs.PROVEN)
    jobs.verify(tideway, mysql80, target, *_ROUTES).expect(jobs.PROVEN)
    target.execute("UPDATE store.sales SET k = k + 1 WHERE id = 77", "CREATE TABLE other.extra (a INT)")
    certificate = jobs.Certificate.of(jobs.verify(tideway, mysql80, target, *_ROUTES).expect(jobs.FAILED))
    assert certificate.tables("different") == {("shop", "orders"), ("other", "extra")}
    plain = jobs.verify(tideway, mysql80, target, "--filter", "shop.*").expect(jobs.FAILED)
    assert "the target has no such table" in plain.stdout


def test_block_and_allow_lists_choose_tables(tideway, mysql80, target, tmp_path):
    _fill(mysql80)
    config = tmp_path / "job.yaml"
    config.write_text("block-allow-list:\n  bw:\n    do-dbs: ['~^sh']\n    ignore-tables: [{db-name: 'sh?p', tbl-name: item*}]\n")
    outcome = jobs.copy(tideway, mysql80, target, "--config", str(config))
    jobs.assert_proven_copy(outcome, mysql80, target, tables={("shop", "orders")})
    assert target.execute("SHOW TABLES FROM shop") == [("orders",)]
    assert target.execute("SHOW DATABASES LIKE 'other'") == []


def test_extracted_columns_are_made_and_filled(tideway, mysql80, target, tmp_path):
    jobs.fill_numbers(mysql80, "shop_01", "orders_a", 2_500)
    config = tmp_path / "job.yaml"
    config.write_text(
        "routes:\n  r:\n    schema-pattern: shop_*\n    table-pattern: orders_*\n    target-schema: store\n    target-table: orders\n"
        "    extract-table: {table-regexp: 'orders_(.*)', target-column: c_table}\n"
        "    extract-schema: {schema-regexp: 'shop_(.*)', target-column: c_schema}\n"
        "    extract-source: {source-regexp: '(.*)', target-column: c_source}\nsource-id: mysql-1\n"
    )
    jobs.copy(tideway, mysql80, target, "--config", str(config), "--digest", "strong").expect(jobs.PROVEN)
    assert target.execute("SELECT c_table, c_schema, c_source, COUNT(*) FROM store.orders GROUP BY 1, 2, 3") == [
        ("a", "01", "mysql-1", 2_500)
    ]
    columns = "id, k, note"
    digest = "SELECT COUNT(*), SUM(CRC32(CONCAT_WS('|', {}))) FROM {}"
    assert target.execute(digest.format(columns, "store.orders")) == mysql80.execute(digest.format(columns, "shop_01.orders_a"))


def test_tables_that_would_become_one_are_refused_before_anything_is_made(tideway, mysql80, target):
    _fill(mysql80)
    outcome = jobs.copy(tideway, mysql80, target, "--route", "shop.*s => store.t").expect(jobs.FAILED)
    assert "`shop`.`items` and `shop`.`orders` would both become `store`.`t`" in str(outcome)
    assert target.execute("SHOW DATABASES LIKE 'store'") == []


def test_views_are_not_made_when_tables_move_and_it_is_said(tideway, mysql80, target):
    _fill(mysql80)
    mysql80.execute("CREATE VIEW shop.v AS SELECT id FROM shop.orders")
    certificate = jobs.Certificate.of(jobs.copy(tideway, mysql80, target, *_ROUTES).expect(jobs.PROVEN))
    left = {entry["kind"]: entry for entry in certificate.json["not_carried_over"]}
    assert left["view"]["names"] == ["`shop`.`v`"]


def test_a_dump_is_loaded_under_other_names(tideway, mysql80, target, tmp_path):
    _fill(mysql80)
    place = tmp_path / "dump"
    tideway.run("dump", "--source", mysql80.url(), "--output", str(place), "--filter", "shop.*", "--filter", "other.*").expect(jobs.PROVEN)
    tideway.run("load", "--input", str(place), "--target", target.url(), "--json", *_ROUTES).expect(jobs.PROVEN)
    assert oracle.compare(mysql80, target, databases=["shop", "other"], rename=_renamed) == []
