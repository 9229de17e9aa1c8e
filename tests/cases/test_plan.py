"""tideway plan: which table goes where and which rule said so, before anything runs."""

import jobs


def _tables(outcome) -> dict:
    found = [event for event in outcome.events() if event["event"] == "plan"]
    assert len(found) == 1, f"no plan in\n{outcome}"
    return {(table["database"], table["table"]): table for table in found[0]["tables"]}


def _plan(tideway, source, *options, target=None, **settings):
    ends = ["--source", source.url(), *(("--target", target.url()) if target else ())]
    return tideway.run("plan", *ends, "--json", *options, **settings)


def _shop(source):
    source.execute(
        "CREATE DATABASE shop",
        "CREATE TABLE shop.orders (id INT PRIMARY KEY, v INT)",
        "CREATE TABLE shop.log_1 (v INT)",
        "CREATE TABLE shop.old (id INT PRIMARY KEY) ENGINE=MyISAM",
    )


def test_every_table_says_which_rule_decided_and_where_it_goes(tideway, source, target, tmp_path):
    _shop(source)
    target.execute("CREATE DATABASE store", "CREATE TABLE store.sales (id INT PRIMARY KEY, v INT)")
    config = tmp_path / "job.yaml"
    config.write_text(
        "block-allow-list:\n  bw:\n    do-dbs: [shop]\n    ignore-tables:\n    - {db-name: shop, tbl-name: 'log*'}\n"
        "routes:\n  all: {schema-pattern: shop, target-schema: store}\n"
        "  one: {schema-pattern: shop, table-pattern: orders, target-schema: store, target-table: sales}\n"
        "filters:\n  nodrop: {schema-pattern: shop, events: [drop table], action: Error}\n"
    )
    tables = _tables(_plan(tideway, source, "--config", str(config), target=target).expect(jobs.PROVEN))
    orders, log, old = (tables["shop", name] for name in ("orders", "log_1", "old"))
    assert (orders["taken"], orders["target_database"], orders["target_table"], orders["route"]) == (True, "store", "sales", "one")
    assert orders["why"] == "do-dbs 'shop' of block-allow-list 'bw'"
    assert orders["on_target"] is True and orders["filters"] == ["filter 'nodrop'"]
    assert (log["taken"], log["why"]) == (False, "ignore-tables 'shop.log*' of block-allow-list 'bw'")
    assert (old["target_table"], old["route"], old["on_target"]) == ("old", "all", False)
    assert any("MyISAM" in remark for remark in old["remarks"])
    assert tables["mysql", "user"]["taken"] is False


def test_a_table_without_a_key_is_remarked_upon(tideway, mysql80):
    _shop(mysql80)
    tables = _tables(_plan(tideway, mysql80, "--filter", "shop.*").expect(jobs.PROVEN))
    assert any("no primary or unique key" in remark for remark in tables["shop", "log_1"]["remarks"])
    assert "remarks" not in tables["shop", "orders"]
    assert tables["shop", "orders"]["why"] == "filter 'shop.*'"


def test_contradictions_are_named_for_each_table_and_end_with_code_2(tideway, mysql80):
    _shop(mysql80)
    outcome = _plan(tideway, mysql80, "--route", "shop.o* => a.t", "--route", "shop.log_1 => b.x").expect(jobs.USAGE)
    tables = _tables(outcome)
    assert tables["shop", "orders"]["problem"] == tables["shop", "old"]["problem"]
    assert "`shop`.`old` and `shop`.`orders` would both become `a`.`t`" in tables["shop", "old"]["problem"]
    assert "problem" not in tables["shop", "log_1"]
    outcome = _plan(tideway, mysql80, "--route", "shop => a", "--route", "sho* => b").expect(jobs.USAGE)
    assert "more than one rule" in _tables(outcome)["shop", "orders"]["problem"]


def test_expressions_are_tried_on_the_tables_they_are_about(tideway, mysql80, tmp_path):
    _shop(mysql80)
    config = tmp_path / "job.yaml"
    rule = "expression-filter:\n  e: {{schema: shop, table: orders, insert-value-expr: \"{}\"}}\n"
    config.write_text(rule.format("v > 10 AND id IS NOT NULL"))
    tables = _tables(_plan(tideway, mysql80, "--config", str(config)).expect(jobs.PROVEN))
    assert tables["shop", "orders"]["filters"] == ["expression-filter 'e'"]
    config.write_text(rule.format("SLEEP(v) = 0"))
    tables = _tables(_plan(tideway, mysql80, "--config", str(config)).expect(jobs.USAGE))
    assert "SLEEP" in tables["shop", "orders"]["problem"] and "'e'" in tables["shop", "orders"]["problem"]
    config.write_text(rule.format("gone = 1"))
    assert "no column 'gone'" in _plan(tideway, mysql80, "--config", str(config)).expect(jobs.PROVEN).stdout


def test_people_get_a_page(tideway, mysql80, target):
    _shop(mysql80)
    outcome = tideway.run("plan", "--source", mysql80.url(), "--target", target.url(), "--filter", "shop.*", "--filter", "!*.old",
                          "--route", "shop.* => store.*", "--route", "nowhere => x").expect(jobs.PROVEN)
    assert "shop.orders" in outcome.stdout and "-> store.orders (is made)" in outcome.stdout
    assert "filter '!*.old'" in outcome.stdout
    assert "route 'nowhere => x' matches no table" in outcome.stdout
    assert target.execute("SHOW DATABASES LIKE 'store'") == []


def test_a_rule_that_cannot_be_read_is_refused_with_its_name(tideway, mysql80, tmp_path):
    config = tmp_path / "job.yaml"
    config.write_text("filters:\n  bad: {schema-pattern: s, events: [truncat table], action: Ignore}\n")
    outcome = _plan(tideway, mysql80, "--config", str(config)).expect(jobs.USAGE)
    assert "filter 'bad'" in str(outcome) and "truncate table" in str(outcome)
