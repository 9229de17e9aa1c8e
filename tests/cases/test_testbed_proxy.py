"""The proxy's cruelties are real, and only those that were asked for."""

import time

import pymysql
import pytest


@pytest.fixture
def through(mysql80, proxy):
    """(proxy, connect): a proxy before MySQL 8.0, and how to reach the server through it."""
    made = proxy(mysql80, mysql=True)

    def connect(**settings):
        return pymysql.connect(host=made.host, port=made.port, user="root", autocommit=True, **settings)

    return made, connect


def ask(connection, statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


LOST = (2006, 2013)


def assert_lost(connection, statement="SELECT 1"):
    with pytest.raises(pymysql.err.MySQLError) as raised:
        ask(connection, statement)
    assert isinstance(raised.value, pymysql.err.InterfaceError) or raised.value.args[0] in LOST


def test_carries_answers_of_any_size_unchanged(through):
    _, connect = through
    connection = connect()
    assert ask(connection, "SELECT REPEAT('ab', 20 << 20)") == [("ab" * (20 << 20),)]
    long = "x" * (17 << 20)
    assert ask(connection, f"SELECT LENGTH('{long}')") == [(17 << 20,)]


@pytest.mark.parametrize("how", ["rst", "fin"])
def test_cut_ends_every_open_connection_and_no_later_one(through, how):
    proxy, connect = through
    one, two = connect(), connect()
    assert proxy.cut(how) == 2
    assert_lost(one)
    assert_lost(two)
    assert ask(connect(), "SELECT 1") == [(1,)]


def test_cut_random_ends_exactly_one(through):
    proxy, connect = through
    connections = [connect() for _ in range(4)]
    assert proxy.cut_random() == 1
    alive = 0
    for each in connections:
        try:
            alive += ask(each, "SELECT 1") == [(1,)]
        except pymysql.err.MySQLError:
            pass
    assert alive == 3


def test_cut_after_carries_exactly_that_many_bytes(through):
    proxy, connect = through
    connection = connect()
    before = proxy.bytes_carried["to_client"]
    proxy.cut_after(before + 100_000)
    assert_lost(connection, "SELECT REPEAT('x', 1000000)")
    assert proxy.bytes_carried["to_client"] == before + 100_000
    assert len(ask(connect(), "SELECT REPEAT('x', 1000000)")[0][0]) == 1_000_000


def test_delay_is_added_both_ways(through):
    proxy, connect = through
    connection = connect()
    proxy.delay(0.1)
    began = time.monotonic()
    ask(connection, "SELECT 1")
    assert 0.2 <= time.monotonic() - began < 1.0


def test_throttle_holds_the_rate(through):
    proxy, connect = through
    connection = connect()
    proxy.throttle(1_000_000)
    began = time.monotonic()
    ask(connection, "SELECT REPEAT('x', 500000)")
    assert 0.4 <= time.monotonic() - began < 2.0


def test_refuse_refuses_new_connections_until_healed(through):
    proxy, connect = through
    old = connect()
    proxy.refuse()
    with pytest.raises(pymysql.err.OperationalError, match="refused"):
        connect()
    assert ask(old, "SELECT 1") == [(1,)]
    proxy.heal()
    assert ask(connect(), "SELECT 1") == [(1,)]


def test_blackhole_accepts_and_keeps_silent_until_healed(through):
    proxy, connect = through
    old = connect(read_timeout=5)
    proxy.blackhole()
    with pytest.raises(pymysql.err.OperationalError):
        connect(read_timeout=1)
    proxy.heal()
    assert ask(old, "SELECT 1") == [(1,)]


def test_show_grants_can_be_rewritten(through):
    proxy, connect = through
    unknown = b"GRANT SELECT INTO S3, LOAD FROM S3 ON *.* TO `root`@`%`"
    proxy.edit_rows(r"^SHOW GRANTS", lambda rows: [[unknown], [b"x" * 300], [None]])
    connection = connect()
    assert ask(connection, "SHOW GRANTS") == [(unknown.decode(),), ("x" * 300,), (None,)]
    assert ask(connection, "SELECT 1") == [(1,)]


def test_a_statement_can_be_refused_in_the_servers_place(through):
    proxy, connect = through
    proxy.refuse_statement("FLUSH TABLES", 1045, "28000", "Access denied for user 'admin'@'%'", times=1)
    connection = connect()
    with pytest.raises(pymysql.err.OperationalError) as raised:
        ask(connection, "FLUSH TABLES")
    assert raised.value.args == (1045, "Access denied for user 'admin'@'%'")
    ask(connection, "FLUSH TABLES")


def test_the_server_itself_refuses_the_statement_that_was_chosen(through):
    proxy, connect = through
    proxy.fail_statement("SELECT", 1041, "no memory", skip=1)
    connection = connect()
    assert ask(connection, "SELECT 1") == [(1,)]
    with pytest.raises(pymysql.err.MySQLError) as raised:
        ask(connection, "SELECT 2")
    assert raised.value.args == (1041, "no memory")
    assert ask(connection, "SELECT 3") == [(3,)]


def test_statement_text_can_be_substituted(through):
    proxy, connect = through
    proxy.substitute("@@aurora_version", "'3.04.0'")
    assert ask(connect(), "SELECT @@aurora_version") == [("3.04.0",)]


@pytest.mark.parametrize("answered", [True, False])
def test_a_commit_can_lose_its_answer_or_itself(through, mysql80, answered):
    proxy, connect = through
    mysql80.execute("CREATE DATABASE d", "CREATE TABLE d.t (a INT PRIMARY KEY)")
    proxy.cut_at_statement("^COMMIT", answered=answered)
    connection = connect()
    ask(connection, "BEGIN")
    ask(connection, "INSERT INTO d.t VALUES (1)")
    assert_lost(connection, "COMMIT")
    assert mysql80.execute("SELECT COUNT(*) FROM d.t") == [(int(answered),)]
    assert proxy.statements()[-1] == "COMMIT"
