"""What an operator got wrong is told before the first row moves, all of it, with what to type."""

import pathlib

import jobs
import pytest


@pytest.fixture
def shelf(mysql57):
    """Three small tables on a 5.7, which these cases copy into a target that has others of their names."""
    mysql57.execute(
        "CREATE DATABASE shelf",
        "CREATE TABLE shelf.a (id INT NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL, note VARCHAR(10))",
        "CREATE TABLE shelf.b (id INT NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL)",
        "CREATE TABLE shelf.c (id INT NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL)",
        *(f"INSERT INTO shelf.{table} (id, name) VALUES (1, 'x'), (2, 'x')" for table in "abc"),
    )
    return mysql57


SHAPE = "id INT NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL"
WRONG = {
    "missing column": ("id INT NOT NULL PRIMARY KEY", "column `name` is missing on the target", "ADD COLUMN `name` varchar(40)"),
    "narrower type": ("id INT NOT NULL PRIMARY KEY, name VARCHAR(9) NOT NULL", "`name` is varchar(40)", "MODIFY COLUMN `name` varchar(40) NOT NULL"),
    "other type": ("id INT NOT NULL PRIMARY KEY, name BLOB NOT NULL", "blob on the target", "MODIFY COLUMN `name` varchar(40) NOT NULL"),
    "other primary key": ("id INT NOT NULL, name VARCHAR(40) NOT NULL PRIMARY KEY", "primary key (`name`) is no key of the source", "DROP PRIMARY KEY"),
    "no primary key": ("id INT NOT NULL, name VARCHAR(40) NOT NULL", "source's primary key (`id`) is no key of the target", "ADD PRIMARY KEY (`id`)"),
    "another unique key": (SHAPE + ", UNIQUE KEY u (name)", "unique key `u` (`name`) is no key of the source", "DROP KEY `u`"),
    "extra column": (SHAPE + ", more INT NOT NULL", "column `more` is on the target only and has no default", "MODIFY COLUMN `more` int"),
}


@pytest.mark.parametrize("way", ["copy", "load"])
@pytest.mark.parametrize("wrong", WRONG)
def test_a_target_table_that_does_not_fit_is_refused_before_a_row_is_written(tideway, shelf, target, tmp_path, way, wrong):
    definition, said, mending = WRONG[wrong]
    target.execute("CREATE DATABASE shelf", f"CREATE TABLE shelf.b ({definition})")
    if way == "load":
        tideway.run("dump", "--source", shelf.url(), "--output", tmp_path / "d", "-f", "shelf.*").expect(jobs.PROVEN)
        done = tideway.run("load", "--input", tmp_path / "d", "--target", target.url())
    else:
        done = tideway.run("copy", "--source", shelf.url(), "--target", target.url(), "-f", "shelf.*")
    assert "TW501 definition_mismatch (target)" in done.expect(jobs.FAILED).stderr and said in done.stderr, done
    assert "table: `shelf`.`b`" in done.stderr and "next: ALTER TABLE `shelf`.`b` " + mending in done.stderr, done
    held = [target.execute(f"SELECT COUNT(*) FROM shelf.{table}")[0][0] for table in "abc"]
    assert held == [0, 0, 0], done


def test_all_tables_that_do_not_fit_are_told_at_once(tideway, shelf, target):
    target.execute(
        "CREATE DATABASE shelf", "CREATE TABLE shelf.a (id INT)", "CREATE TABLE shelf.b (id INT)",
        f"CREATE TABLE shelf.c ({SHAPE})", "INSERT INTO shelf.c VALUES (9, 'mine')",
    )
    done = tideway.run("copy", "--source", shelf.url(), "--target", target.url(), "-f", "shelf.*").expect(jobs.FAILED)
    for said in ("`shelf`.`a` does not fit", "`shelf`.`b` does not fit", "`shelf`.`c` already holds rows"):
        assert said in done.stderr, done


def test_a_wider_key_and_a_numbered_column_of_the_target_fit(tideway, shelf, target):
    target.execute(
        "CREATE DATABASE shelf",
        "CREATE TABLE shelf.a (id INT NOT NULL, name VARCHAR(40) NOT NULL, note VARCHAR(10), PRIMARY KEY (name, id))",
        "CREATE TABLE shelf.b (number BIGINT AUTO_INCREMENT PRIMARY KEY, id INT NOT NULL UNIQUE, name VARCHAR(40) NOT NULL)",
    )
    tideway.run("copy", "--source", shelf.url(), "--target", target.url(), "-f", "shelf.*").expect(jobs.PROVEN)


def test_an_output_that_cannot_be_made_is_told_with_its_path_and_the_systems_words(tideway, shelf, tmp_path):
    (tmp_path / "file").write_text("")
    for place, why in {tmp_path / "file" / "dump": "Not a directory", pathlib.Path("/proc/nowhere/dump"): "No such file or directory"}.items():
        done = tideway.run("dump", "--source", shelf.url(), "--output", place, "-f", "shelf.*").expect(jobs.ENVIRONMENT)
        assert f"TW603 storage_write (local): {place} cannot be written: {why}" in done.stderr, done


def test_a_log_file_makes_no_directories(tideway, shelf, target, tmp_path):
    log = tmp_path / "no" / "where" / "log"
    done = tideway.run("verify", "--source", shelf.url(), "--target", target.url(), "--log-file", log).expect(jobs.ENVIRONMENT)
    assert f"there is no directory {log.parent}" in done.stderr and f"next: mkdir -p {log.parent}" in done.stderr
    assert not (tmp_path / "no").exists()


def test_a_report_that_cannot_be_written_is_told_before_anything_is_compared(tideway, tmp_path):
    nobody = ("--source", "mysql://x@127.0.0.1:1", "--target", "mysql://x@127.0.0.1:1")
    for place, why in ((tmp_path / "no" / "r.json", "No such file or directory"), (tmp_path, "Is a directory")):
        done = tideway.run("verify", *nobody, "--report", place).expect(jobs.ENVIRONMENT)
        assert f"TW603 storage_write (local): {place}: {why}" in done.stderr, done
    assert list(tmp_path.iterdir()) == []


def test_a_configuration_file_that_is_not_there_is_a_usage_error(tideway, tmp_path):
    done = tideway.run("copy", "--config", tmp_path / "none.yaml").expect(jobs.USAGE)
    assert f"{tmp_path / 'none.yaml'}: no such file" in done.stderr
    assert "is a directory" in tideway.run("copy", "--config", tmp_path).expect(jobs.USAGE).stderr


def test_no_privilege_is_asked_for_that_is_not_needed(tideway, mysql80, target):
    jobs.fill_numbers(mysql80, "shop", "orders", 3000)
    mysql80.execute("CREATE USER mover@'%'", "GRANT SELECT, SHOW VIEW, REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO mover@'%'")
    done = tideway.run("copy", "--source", mysql80.url("mover"), "--target", target.url(), "-f", "shop.*").expect(jobs.PROVEN)
    assert "PROCESS" not in done.stdout + done.stderr, done


def test_an_account_of_the_target_needs_no_more_than_its_tables_need_and_collations_stay(tideway, shelf, mysql80):
    shelf.execute("CREATE DATABASE plain DEFAULT CHARSET utf8mb4",
                  "CREATE TABLE plain.words (w VARCHAR(9) NOT NULL PRIMARY KEY, v VARCHAR(9) CHARACTER SET latin1) DEFAULT CHARSET=utf8mb4")
    mysql80.execute("CREATE USER mover@'%'",
                    *(f"GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES ON {place}.* TO mover@'%'" for place in ("shelf", "plain", "tideway_meta")))
    done = tideway.run("copy", "--source", shelf.url(), "--target", mysql80.url("mover"), "-f", "shelf.*", "-f", "plain.*").expect(jobs.PROVEN)
    assert "GRANT" not in done.stderr, done
    collations = mysql80.execute("SELECT COLUMN_NAME, COLLATION_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'plain' ORDER BY 1")
    assert collations == [("v", "latin1_swedish_ci"), ("w", "utf8mb4_general_ci")], "an 8.0 would have given w another one"
    database = mysql80.execute("SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'plain'")
    assert database == [("utf8mb4_general_ci",)]


def test_a_row_that_a_trigger_rejects_is_named(tideway, shelf, mysql80):
    target = mysql80  # TiDB has no triggers
    target.execute("CREATE DATABASE shelf", f"CREATE TABLE shelf.b ({SHAPE})",
                   "CREATE TRIGGER shelf.t BEFORE INSERT ON shelf.b FOR EACH ROW IF NEW.id = 2 THEN"
                   " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no twos here'; END IF")
    done = tideway.run("copy", "--source", shelf.url(), "--target", target.url(), "-f", "shelf.b").expect(jobs.FAILED)
    assert "TW800 row_rejected (target)" in done.stderr and "1644: no twos here" in done.stderr, done
    assert "table: `shelf`.`b`" in done.stderr and "key: " in done.stderr and "2" in done.stderr.split("key: ")[1].splitlines()[0], done
