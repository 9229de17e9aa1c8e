"""Extremes: very many tables, very wide and very large rows, names and keys at their limits, nothing at all."""

import random

import jobs
import pytest
from testbed import oracle, shapes
from testbed.servers import Server

_QUICK_DDL = {"innodb_file_per_table": "OFF", "sync_binlog": "0", "innodb_flush_log_at_trx_commit": "0"}


@pytest.mark.timeout(600)
def test_ten_thousand_empty_tables(tideway, tmp_path):
    """Copied, found there by a second start, verified and dumped; the time is the servers', who make or describe them one by one."""
    with Server("8.0", prepared=shapes.many_prepared()) as source, Server("8.0", options=_QUICK_DDL) as target:
        for name in ("first start", "second start"):
            outcome = jobs.copy(tideway, source, target, "--filter", "many.*", deadline_seconds=250).expect(jobs.PROVEN)
            assert len(jobs.Certificate.of(outcome).tables("proven")) == 10_000, name
            assert outcome.peak_rss_bytes < 256 << 20, name
        assert target.execute("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'many'") == [(10_000,)]
        jobs.verify(tideway, source, target, "--filter", "many.*").expect(jobs.PROVEN)
        tideway.run("dump", "--source", source.url(), "--output", tmp_path / "d", "--filter", "many.*").expect(jobs.PROVEN)
        assert len(list((tmp_path / "d").glob("many.*-schema.sql"))) == 10_000

@pytest.mark.parametrize("form", ["sql", "csv"])
def test_a_thousand_columns_survive_copy_and_files(tideway, mysql80, target, tmp_path, form):
    shapes.wide(mysql80)
    if form == "sql":
        jobs.assert_proven_copy(jobs.copy(tideway, mysql80, target, "--filter", "wide.*"), mysql80, target, databases=["wide"])
        target.execute("DROP DATABASE wide")
    _through_files(tideway, mysql80, target, tmp_path, "wide.*", "--filetype", form)
    assert oracle.compare(mysql80, target, databases=["wide"]) == []


def _through_files(tideway, source, target, directory, rule, *options):
    tideway.run("dump", "--source", source.url(), "--output", directory / "d", "--filter", rule, *options).expect(jobs.PROVEN)
    tideway.run("load", "--target", target.url(), "--input", directory / "d").expect(jobs.PROVEN)


_HOSTILE = ["`", "'", '"', ".", "/", "\\", "%", "*", "?", "[", "]", "{", "}", "$", " ", "!", "@", "#", "~", "-", "+", "=", ";", ",", ":", "\n", "é", "中"]


def _hostile_names():
    """Names of 64 characters in which every hostile character stands first, in the middle and nearly last."""
    names = []
    for at, each in enumerate(_HOSTILE):
        first = "" if each in " \n" else each
        names.append((first + f"n{at:02}" + each + "x" * 64)[:61] + each + "é1")
    return names


def test_names_of_64_hostile_characters_for_databases_tables_and_columns(tideway, mysql80, target, tmp_path):
    quoted = lambda name: "`" + name.replace("`", "``") + "`"
    names = _hostile_names()
    assert all(len(each) == 64 for each in names)
    for name in names:
        mysql80.execute(
            f"CREATE DATABASE {quoted(name)}",
            f"CREATE TABLE {quoted(name)}.{quoted(name)} ({quoted(name)} INT PRIMARY KEY, v VARCHAR(20))",
            f"INSERT INTO {quoted(name)}.{quoted(name)} VALUES (1, 'one'), (2, NULL)",
        )
    outcome = jobs.copy(tideway, mysql80, target)
    jobs.assert_proven_copy(outcome, mysql80, target, databases=names)
    for name in names:
        target.execute(f"DROP DATABASE {quoted(name)}")
    tideway.run("dump", "--source", mysql80.url(), "--output", tmp_path / "d").expect(jobs.PROVEN)
    tideway.run("load", "--target", target.url(), "--input", tmp_path / "d").expect(jobs.PROVEN)
    assert oracle.compare(mysql80, target, databases=names) == []


def test_duplicate_rows_without_a_key_survive_kills(tideway, mysql80, target):
    mysql80.execute("CREATE DATABASE shop", "CREATE TABLE shop.log (a INT, b VARCHAR(60))", "INSERT INTO shop.log VALUES (1, 'x'), (1, 'x'), (NULL, NULL), (2, '')")
    for _ in range(13):
        mysql80.execute("INSERT INTO shop.log SELECT * FROM shop.log")
    draw = random.Random(3)
    command = ("copy", "--source", mysql80.url(), "--target", target.url(), "--json", "--filter", "shop.*")
    kills = 0
    for _ in range(6):
        try:
            tideway.start(*command).wait(draw.uniform(0.1, 0.5))
        except AssertionError:  # the deadline: it was killed
            kills += 1
    assert kills > 0
    jobs.assert_proven_copy(tideway.run(*command), mysql80, target, databases=["shop"])


def test_nothing_at_all_is_copied_dumped_and_proven(tideway, source, target, tmp_path):
    """An empty database stays a database, an empty table a table."""
    source.execute("CREATE DATABASE nothing", "CREATE DATABASE little", "CREATE TABLE little.t (id INT PRIMARY KEY)", "CREATE TABLE little.keyless (v TEXT)")
    rules = ("--filter", "nothing.*", "--filter", "little.*")
    jobs.assert_proven_copy(jobs.copy(tideway, source, target, *rules), source, target, databases=["nothing", "little"])
    databases = lambda: {name for (name,) in target.execute("SHOW DATABASES")}
    assert {"nothing", "little"} <= databases()
    target.execute("DROP DATABASE nothing", "DROP DATABASE little")
    tideway.run("dump", "--source", source.url(), "--output", tmp_path / "d", *rules).expect(jobs.PROVEN)
    tideway.run("load", "--target", target.url(), "--input", tmp_path / "d").expect(jobs.PROVEN)
    assert {"nothing", "little"} <= databases()
    assert {name for (name,) in target.execute("SHOW TABLES FROM little")} == {"t", "keyless"}


@pytest.mark.parametrize("form", ["sql", "csv"])
def test_a_row_as_large_as_the_target_takes_survives_files(tideway, mysql80, target, tmp_path, form):
    shapes.huge_rows(mysql80, rows=1, mebibytes=5 if target.is_tidb else 64)
    times = 300_000 if target.is_tidb else 1_000_000
    mysql80.execute(
        "CREATE TABLE huge.texts (id INT PRIMARY KEY, t LONGTEXT, n INT)",
        f"INSERT INTO huge.texts VALUES (1, REPEAT('a\\'\\\"\\\\\\n,é中😀', {times}), 7), (2, '', 8)",
    )
    _through_files(tideway, mysql80, target, tmp_path, "huge.*", "--filetype", form)
    assert oracle.compare(mysql80, target, databases=["huge"]) == []


def test_views_over_views_come_in_any_order(tideway, mysql80, target, tmp_path):
    jobs.fill_numbers(mysql80, "shop", "orders", 50)
    mysql80.execute("CREATE DATABASE also", "CREATE VIEW shop.z9 AS SELECT id, k FROM shop.orders")
    chain = ["z9", "m5", "a1", "k3", "b2"]
    for below, above in zip(chain, chain[1:]):
        mysql80.execute(f"CREATE VIEW shop.{above} AS SELECT id, k + 1 AS k FROM shop.{below}")
    mysql80.execute("CREATE VIEW also.a AS SELECT b.id FROM shop.b2 b JOIN shop.a1 a USING (id)")
    rules = ("--filter", "shop.*", "--filter", "also.*")
    jobs.copy(tideway, mysql80, target, *rules).expect(jobs.PROVEN)
    query = "SELECT SUM(id), SUM(k) FROM shop.b2"
    assert target.execute(query) == mysql80.execute(query) and target.execute("SELECT COUNT(*) FROM also.a") == [(50,)]
    target.execute("DROP DATABASE shop", "DROP DATABASE also")
    tideway.run("dump", "--source", mysql80.url(), "--output", tmp_path / "d", *rules).expect(jobs.PROVEN)
    tideway.run("load", "--target", target.url(), "--input", tmp_path / "d").expect(jobs.PROVEN)
    assert target.execute(query) == mysql80.execute(query) and target.execute("SELECT COUNT(*) FROM also.a") == [(50,)]


def _tables_of_odd_keys(source):
    source.execute(
        "CREATE DATABASE shop",
        "CREATE TABLE shop.nullable (a INT NULL, b VARCHAR(20), UNIQUE KEY (a))",
        "INSERT INTO shop.nullable VALUES (NULL, 'x'), (NULL, 'x'), (1, 'y'), (2, NULL), (NULL, NULL)",
        "CREATE TABLE shop.computed (a INT PRIMARY KEY, d INT AS (a * 2) STORED, v INT AS (a + 1) VIRTUAL, b INT DEFAULT 4, KEY (d), UNIQUE KEY (v))",
        "INSERT INTO shop.computed (a, b) VALUES (1, NULL), (2, 5), (-3, 6)",
        "CREATE TABLE shop.all_computed (d INT AS (7) STORED, e INT AS (8) VIRTUAL)",
        "INSERT INTO shop.all_computed () VALUES (), ()",
    )
    if source.version.startswith("8."):
        source.execute("ALTER TABLE shop.computed ADD INDEX hidden (b) INVISIBLE")


@pytest.mark.parametrize("form", ["copy", "sql", "csv"])
def test_generated_columns_and_nullable_keys(tideway, source, target, tmp_path, form):
    _tables_of_odd_keys(source)
    if form == "copy":
        jobs.assert_proven_copy(jobs.copy(tideway, source, target, "--filter", "shop.*"), source, target, databases=["shop"])
        jobs.verify(tideway, source, target, "--filter", "shop.*").expect(jobs.PROVEN)
    else:
        _through_files(tideway, source, target, tmp_path, "shop.*", "--filetype", form)
        assert oracle.compare(source, target, databases=["shop"]) == []
