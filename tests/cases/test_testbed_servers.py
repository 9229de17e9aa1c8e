"""The testbed does what the other cases rely on."""

import pytest

from testbed.servers import Server


def test_servers_of_both_series_start_with_row_format_and_gtid(source):
    ((version, format_, gtid, packet, infile),) = source.execute(
        "SELECT @@version, @@binlog_format, @@gtid_mode, @@max_allowed_packet, @@local_infile"
    )
    assert version.startswith(source.version)
    assert (format_, gtid, packet, infile) == ("ROW", "ON", 1 << 30, 1)


def test_reset_leaves_nothing_of_a_test_behind(source):
    session = source.connect()
    source.execute(
        "CREATE DATABASE `a``b`",
        "CREATE TABLE `a``b`.t (a INT PRIMARY KEY)",
        "CREATE USER somebody@'%'",
        "CREATE PROCEDURE mysql.rds_left_over() DO 0",
        "SET GLOBAL read_only = ON, GLOBAL sql_mode = '', GLOBAL max_connections = 77",
        "XA START 'left', 'over'",
        "INSERT INTO `a``b`.t VALUES (1)",
        "XA END 'left', 'over'",
        "XA PREPARE 'left', 'over'",
    )
    session.begin()
    session.cursor().execute("SELECT * FROM `a``b`.t")  # holds a metadata lock

    source.reset()

    assert {name for (name,) in source.execute("SHOW DATABASES")} == {
        "information_schema",
        "mysql",
        "performance_schema",
        "sys",
    }
    ((read_only, mode, connections, executed),) = source.execute(
        "SELECT @@global.read_only, @@global.sql_mode, @@max_connections, @@global.gtid_executed"
    )
    assert (read_only, connections, executed) == (0, 300, "")
    assert "STRICT_TRANS_TABLES" in mode
    assert source.execute("XA RECOVER") == []
    assert source.execute("SELECT user FROM mysql.user WHERE user = 'somebody'") == []


def test_committed_rows_survive_kill_minus_nine(source):
    source.execute("CREATE DATABASE d", "CREATE TABLE d.t (a INT PRIMARY KEY)", "INSERT INTO d.t VALUES (1)")
    source.kill()
    with pytest.raises(Exception):
        source.connect()
    source.start()
    assert source.execute("SELECT a FROM d.t") == [(1,)]


def test_a_row_of_64_mib_is_accepted(source):
    source.execute(
        "CREATE DATABASE d",
        "CREATE TABLE d.t (a INT PRIMARY KEY, b LONGBLOB)",
        "INSERT INTO d.t VALUES (1, REPEAT('x', 64 << 20))",
    )
    assert source.execute("SELECT LENGTH(b) FROM d.t") == [(64 << 20,)]


def test_gtid_can_be_off():
    with Server("8.0", gtid=False) as server:
        assert server.execute("SELECT @@gtid_mode") == [("OFF",)]
