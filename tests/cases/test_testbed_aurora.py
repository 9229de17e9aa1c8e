"""The Aurora-like source refuses what Aurora refuses."""

import pymysql
import pytest

from testbed import aurora


@pytest.fixture(scope="module", params=["5.7", "8.0"])
def cluster(request):
    with aurora.Aurora(request.param) as made:
        yield made


def ask(endpoint, user, statement):
    settings = {"host": endpoint.host, "port": endpoint.port, "password": aurora.PASSWORD, "autocommit": True}
    with pymysql.connect(user=user, **settings) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def refused(endpoint, user, statement):
    with pytest.raises(pymysql.err.MySQLError) as raised:
        ask(endpoint, user, statement)
    return raised.value.args[0]


def test_the_global_lock_is_refused_with_and_without_the_endpoint(cluster):
    statement = "FLUSH TABLES WITH READ LOCK"
    assert refused(cluster.writer, aurora.USER, statement) == 1045
    assert refused(cluster.server, aurora.USER, statement) == 1227


def test_gtids_are_off_and_the_log_is_on(cluster):
    assert ask(cluster.writer, aurora.USER, "SELECT @@gtid_mode, @@log_bin") == [("OFF", 1)]
    assert ask(cluster.writer, aurora.USER, "SHOW MASTER STATUS")[0][0].startswith("binlog.")


def test_grants_hold_privileges_that_no_grammar_knows(cluster):
    text = "\n".join(row[0] for row in ask(cluster.writer, aurora.USER, "SHOW GRANTS FOR CURRENT_USER()"))
    assert "SELECT INTO S3" in text and "REPLICATION SLAVE" in text
    assert ("rds_superuser_role" in text) == cluster.server.version.startswith("8.")


def test_the_version_is_told_in_each_form_that_programs_use(cluster):
    for statement in (
        "SELECT @@aurora_version",
        "SELECT AURORA_VERSION()",
        "SHOW GLOBAL VARIABLES LIKE 'aurora_version'",
    ):
        assert ask(cluster.writer, aurora.USER, statement)[0][-1] == cluster.version


def test_the_reader_refuses_its_status_and_writes(cluster):
    assert refused(cluster.reader, aurora.READER_USER, "SHOW MASTER STATUS") == 1227
    assert refused(cluster.reader, aurora.USER, "CREATE DATABASE d") == 1290
    assert ask(cluster.reader, aurora.USER, "SELECT @@innodb_read_only") == [(1,)]


def test_retention_is_shown_and_set_by_procedures(cluster):
    ask(cluster.writer, aurora.USER, "CALL mysql.rds_set_configuration('binlog retention hours', 24)")
    row = ask(cluster.writer, aurora.USER, "CALL mysql.rds_show_configuration()")[0]
    assert row[:2] == ("binlog retention hours", "24")
