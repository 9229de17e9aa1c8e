"""What stands in the way of a migration is made for real, told with what mends it, mended with just that, and gone."""

import json
import time

import jobs
import pytest


def _assess(tideway, source, target=None, *options, user="root", target_user="root"):
    """The exit code, and the findings by name."""
    where = ("--target", target.url(target_user)) if target else ()
    done = tideway.run("assess", "--source", source.url(user), *where, "--json", "--filter", "shop.*", *options)
    (event,) = [each for each in done.events() if each["event"] == "assessment"] or [None]
    assert event is not None, done
    found = {}
    for finding in event["findings"]:
        found.setdefault(finding["name"], []).append(finding)
    assert event["blockers"] == sum(each["level"] == "blocker" for each in event["findings"])
    expected = jobs.FAILED if event["blockers"] else jobs.UNPROVEN if event["warnings"] else jobs.PROVEN
    assert done.code == expected, done
    return found


@pytest.fixture
def shop(source):
    source.execute("CREATE DATABASE shop", "CREATE TABLE shop.orders (id INT NOT NULL PRIMARY KEY, v VARCHAR(20))",
                   "INSERT INTO shop.orders VALUES (1, 'a')")
    return source


def _databases(target):
    return {name for (name,) in target.execute("SHOW DATABASES")}


def _mend(server, finding):
    for statement in finding["mend"]:
        server.execute(statement)


BLOCKING = {
    "binlog_format": [("SET GLOBAL binlog_format = 'STATEMENT'", "TW408"), ("SET GLOBAL binlog_format = 'MIXED'", "TW408")],
    "binlog_row_value_options": [("SET GLOBAL binlog_row_value_options = 'PARTIAL_JSON'", "TW111")],
}


@pytest.mark.parametrize("name", BLOCKING)
def test_a_setting_that_keeps_the_log_from_being_followed_stops_every_job_until_it_is_mended(tideway, shop, target, name):
    if name == "binlog_row_value_options" and shop.version.startswith("5."):
        assert name not in _assess(tideway, shop)
        return
    for statement, code in BLOCKING[name]:
        shop.execute(statement)
        (finding,) = _assess(tideway, shop, target)[name]
        assert finding["level"] == "blocker" and finding["side"] == "source" and finding["code"] == code, finding
        for way in (("migrate", "--until", "caught-up"), ("replicate", "--start", "now", "--until", "caught-up")):
            done = tideway.run(*way, "--source", shop.url(), "--target", target.url(), "--filter", "shop.*").expect(jobs.FAILED)
            assert code in done.stderr and f"next: {finding['mend'][0]}" in done.stderr, done
        assert "shop" not in _databases(target)
        _mend(shop, finding)
        assert name not in _assess(tideway, shop, target)
    tideway.run("migrate", "--until", "caught-up", "--source", shop.url(), "--target", target.url(), "--filter", "shop.*").expect(jobs.PROVEN, jobs.UNPROVEN)
    assert target.execute("SELECT * FROM shop.orders") == [(1, "a")]


def test_all_blockers_are_told_at_once_with_what_mends_each(tideway, shop, target):
    shop.execute("SET GLOBAL binlog_format = 'STATEMENT'", "CREATE USER mover@'%'", "GRANT SELECT, REPLICATION CLIENT ON *.* TO mover@'%'")
    done = tideway.run("migrate", "--source", shop.url("mover"), "--target", target.url(), "--filter", "shop.*").expect(jobs.FAILED)
    for said in ("binlog_format: the source logs STATEMENT", "binlog_format = 'ROW'", "could not pull an event", "GRANT REPLICATION SLAVE"):
        assert said in done.stderr, done
    assert "shop" not in _databases(target)


def test_a_source_that_writes_no_log_can_be_copied_and_not_migrated(tideway, mysql57, target):
    mysql57.gtid = False
    try:
        mysql57.restart({"log_bin": None})
        mysql57.execute("CREATE DATABASE shop", "CREATE TABLE shop.orders (id INT NOT NULL PRIMARY KEY)")
        (finding,) = _assess(tideway, mysql57, target)["log_bin"]
        assert finding["level"] == "blocker" and "log_bin" in finding["mend"][0], finding
        done = tideway.run("migrate", "--source", mysql57.url(), "--target", target.url(), "--filter", "shop.*").expect(jobs.FAILED)
        assert "TW401" in done.stderr, done
        outcome = jobs.copy(tideway, mysql57, target, "--filter", "shop.*").expect(jobs.UNPROVEN)
        assert any("log" in each for each in jobs.Certificate.of(outcome).json["warnings"]), outcome
    finally:
        mysql57.gtid = True
        mysql57.restart()
    assert "log_bin" not in _assess(tideway, mysql57, target)


def test_a_log_that_leaves_a_database_out_is_a_blocker(tideway, mysql80):
    mysql80.restart({"binlog_ignore_db": "shop"})
    try:
        mysql80.execute("CREATE DATABASE shop", "CREATE TABLE shop.orders (id INT NOT NULL PRIMARY KEY)")
        (finding,) = _assess(tideway, mysql80)["binlog_do_db"]
        assert finding["level"] == "blocker" and finding["subjects"] == ["`shop`"], finding
    finally:
        mysql80.restart()


WARNING = {
    "binlog_row_image": "SET GLOBAL binlog_row_image = 'MINIMAL'",
    "keyless": "CREATE TABLE shop.t (v INT)",
    "engine": "CREATE TABLE shop.t (id INT NOT NULL PRIMARY KEY) ENGINE = MyISAM",
}


@pytest.mark.parametrize("name", WARNING)
def test_what_runs_and_should_be_known_is_a_warning_and_can_be_mended(tideway, shop, name):
    shop.execute(WARNING[name])
    (finding,) = _assess(tideway, shop)[name]
    assert finding["level"] == "warning", finding
    _mend(shop, finding)
    assert name not in _assess(tideway, shop)


RIGHTS = {
    "SELECT": "select",
    "REPLICATION CLIENT": "replication_client",
    "REPLICATION SLAVE": "replication_slave",
}


@pytest.mark.parametrize("missing", RIGHTS)
def test_what_the_sources_account_cannot_do_is_found_by_trying_and_granted_as_said(tideway, shop, missing):
    shop.execute("CREATE TABLE shop.other (id INT NOT NULL PRIMARY KEY)", "CREATE USER mover@'%'")
    granted = [each for each in (*RIGHTS, "SHOW VIEW", "PROCESS") if each != missing]
    shop.execute(f"GRANT {', '.join(granted)} ON *.* TO mover@'%'")
    if missing == "SELECT":
        # It is seen and cannot be read.
        shop.execute("GRANT SELECT ON shop.orders TO mover@'%'", "GRANT INSERT, REFERENCES ON shop.other TO mover@'%'")
        (finding,) = _assess(tideway, shop, user="mover")["select"]
        assert finding["subjects"] == ["`shop`.`other`"], finding
    else:
        (finding,) = _assess(tideway, shop, user="mover")[RIGHTS[missing]]
        assert finding["subjects"] == ["mover@%"], finding
    assert finding["level"] == "blocker" and finding["code"] == "TW301", finding
    _mend(shop, finding)
    found = _assess(tideway, shop, user="mover")
    assert not any(each["level"] == "blocker" for several in found.values() for each in several), found


def test_what_the_targets_account_cannot_do_is_found_by_trying(tideway, shop, mysql80):
    if shop is mysql80:
        return  # one server cannot be both
    mysql80.execute("CREATE USER mover@'%'", "GRANT SELECT ON *.* TO mover@'%'")
    (finding,) = _assess(tideway, shop, mysql80, target_user="mover")["progress_tables"]
    assert finding["level"] == "blocker" and finding["side"] == "target", finding
    _mend(mysql80, finding)
    assert "progress_tables" not in _assess(tideway, shop, mysql80, target_user="mover")
    mysql80.execute("SET GLOBAL read_only = ON")
    (finding,) = _assess(tideway, shop, mysql80, target_user="mover")["read_only"]
    assert finding["level"] == "blocker" and finding["code"] == "TW308", finding
    _mend(mysql80, finding)
    assert "read_only" not in _assess(tideway, shop, mysql80, target_user="mover")


def test_a_target_that_wants_primary_keys_refuses_a_table_without(tideway, mysql57, mysql80):
    mysql57.execute("CREATE DATABASE shop", "CREATE TABLE shop.log (v INT)")
    mysql80.execute("SET GLOBAL sql_require_primary_key = ON")
    (finding,) = _assess(tideway, mysql57, mysql80)["sql_require_primary_key"]
    assert finding["level"] == "blocker" and finding["subjects"] == ["`shop`.`log`"], finding
    done = tideway.run("migrate", "--source", mysql57.url(), "--target", mysql80.url(), "--filter", "shop.*").expect(jobs.FAILED)
    assert "primary key" in done.stderr and "shop" not in _databases(mysql80), done
    _mend(mysql80, finding)
    assert "sql_require_primary_key" not in _assess(tideway, mysql57, mysql80)


def test_a_prepared_transaction_is_told_and_ended_by_what_is_said(tideway, shop):
    with shop.connect() as branch, branch.cursor() as cursor:
        for statement in ("XA START 'one', 'two', 3", "UPDATE shop.orders SET v = 'b'", "XA END 'one', 'two', 3", "XA PREPARE 'one', 'two', 3"):
            cursor.execute(statement)
        (finding,) = _assess(tideway, shop)["prepared"]
        assert finding["level"] == "warning", finding
        for statement in finding["mend"]:
            cursor.execute(statement)
    assert "prepared" not in _assess(tideway, shop)
    assert shop.execute("SELECT v FROM shop.orders") == [("a",)]


def test_what_is_not_carried_over_and_what_is_changed_is_noted(tideway, mysql57, mysql80):
    mysql57.execute("CREATE DATABASE shop", "CREATE TABLE shop.orders (id INT NOT NULL PRIMARY KEY, g INT AS (id + 1)) ENGINE = MyISAM",
                    "CREATE TRIGGER shop.t BEFORE INSERT ON shop.orders FOR EACH ROW SET NEW.id = NEW.id",
                    "CREATE PROCEDURE shop.p() SELECT 1", "CREATE USER app@'%'")
    found = _assess(tideway, mysql57, mysql80)
    assert {name for each in found["not_carried"] for name in each["subjects"]} >= {"`shop`.`t`", "`shop`.`p`", "'app'@'%'"}
    assert [each["subjects"] for each in found["generated"]] == [["`shop`.`orders`"]]
    assert any("MyISAM" in each["sentence"] for each in found["changed"]), found
    assert all(each["level"] == "note" for name in ("not_carried", "generated", "changed") for each in found[name])


def test_an_assessment_leaves_nothing_but_the_empty_database_of_the_progress(tideway, shop, target):
    before = _databases(target)
    _assess(tideway, shop, target)
    _assess(tideway, shop, target)
    assert _databases(target) - before <= {"tideway_meta"}
    assert target.execute("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'tideway_meta'") == [(0,)]
    assert shop.execute("SELECT * FROM shop.orders") == [(1, "a")]


def test_an_assessment_for_people_has_blockers_first_and_says_whether_a_migration_can_begin(tideway, shop):
    shop.execute("CREATE TABLE shop.k (v INT)", "SET GLOBAL binlog_format = 'MIXED'")
    done = tideway.run("assess", "--source", shop.url(), "--filter", "shop.*").expect(jobs.FAILED)
    places = [done.stdout.index(part) for part in ("1 blocker", "binlog_format", "mended by: SET", "1 warning", "keyless", "ALTER TABLE `shop`.`k`", "BLOCKED")]
    assert places == sorted(places), done
    shop.execute("SET GLOBAL binlog_format = 'ROW'", "DROP TABLE shop.k")
    assert "A migration can begin" in tideway.run("assess", "--source", shop.url(), "--filter", "shop.*").expect(jobs.PROVEN).stdout


def test_aurora_is_told_of_its_retention_and_its_parameter_group(tideway, aurora):
    aurora.server.execute("CREATE DATABASE shop", "CREATE TABLE shop.orders (id INT NOT NULL PRIMARY KEY)", "SET GLOBAL binlog_format = 'MIXED'")
    done = tideway.run("assess", "--source", aurora.writer_url(), "--json", "--filter", "shop.*").expect(jobs.FAILED)
    (event,) = [each for each in done.events() if each["event"] == "assessment"]
    found = {each["name"]: each for each in event["findings"]}
    assert found["retention"]["mend"] == ["CALL mysql.rds_set_configuration('binlog retention hours', 72)"], found
    aurora.server.execute(*found["retention"]["mend"])
    done = tideway.run("assess", "--source", aurora.writer_url(), "--json", "--filter", "shop.*").expect(jobs.FAILED)
    (event,) = [each for each in done.events() if each["event"] == "assessment"]
    assert "retention" not in {each["name"] for each in event["findings"]}, event


@pytest.fixture
def aurora():
    from testbed.aurora import Aurora

    with Aurora("8.0") as server:
        yield server


def _events(run, wanted):
    lines = [line for line in run.output()[0].splitlines() if line.endswith("}")]
    return [event for event in map(json.loads, lines) if wanted(event)]


def _wait_for_event(run, wanted, seconds=40):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = _events(run, wanted)
        if found:
            return found[-1]
        assert run.is_running, run.wait()
        time.sleep(0.1)
    raise AssertionError(f"never seen in {run.output()[0][-2000:]}")


def test_a_source_that_purges_too_soon_is_told_while_it_is_followed_with_what_raises_it(tideway, mysql80, target):
    mysql80.execute("CREATE DATABASE shop", "CREATE TABLE shop.orders (id INT NOT NULL PRIMARY KEY)", "SET GLOBAL binlog_expire_logs_seconds = 600")
    run = tideway.start("migrate", "--source", mysql80.url(), "--target", target.url(), "--json", "--filter", "shop.*")
    try:
        status = _wait_for_event(run, lambda event: event["event"] == "status" and "retention_hours_left" in event)
        assert status["retention_hours_left"] == pytest.approx(600 / 3600, abs=0.02)
        warning = _wait_for_event(run, lambda event: event["event"] == "warning" and " purges " in event["text"])["text"]
        statement = warning.split("mended by: ")[1]
        assert statement.startswith("SET PERSIST binlog_expire_logs_seconds = "), warning
        mysql80.execute(statement)
        hours = int(statement.split("=")[1]) / 3600
        _wait_for_event(run, lambda event: event["event"] == "status" and event.get("retention_hours_left") == pytest.approx(hours, rel=0.01))
    finally:
        run.kill()
