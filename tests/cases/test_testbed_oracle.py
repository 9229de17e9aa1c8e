"""The oracle sees every difference, and none where there is none."""

import pytest

from testbed import fixtures, oracle


@pytest.fixture(scope="module", params=["all_types", "keys", "objects", "hostile_names"])
def fixture_name(request):
    return request.param


def test_the_same_fixture_is_equal_on_both_series(mysql57, mysql80, fixture_name):
    fixtures.load(mysql57, fixture_name)
    fixtures.load(mysql80, fixture_name)
    differences = oracle.compare(mysql57, mysql80)
    # The fixture says of itself that 5.7 loses this on input already.
    assert [each for each in differences if each.table != "documents_typed"] == []


def test_a_table_that_one_side_lacks_is_a_difference(mysql80, target):
    for each in (mysql80, target):
        each.execute("CREATE DATABASE d", "CREATE TABLE d.both_have (a INT)")
    mysql80.execute("CREATE TABLE d.here (a INT)")
    target.execute("CREATE TABLE d.there (a INT)")
    found = [(each.table, each.what) for each in oracle.compare(mysql80, target)]
    assert found == [("here", "missing in the target"), ("there", "only in the target")]


CHANGES = [
    "UPDATE texts SET v = CONCAT(v, ' ') WHERE id = 4",
    "UPDATE texts SET t4 = INSERT(t4, 777777, 1, 'D') WHERE id = 3",
    "UPDATE texts SET v = '' WHERE id = 1",
    "UPDATE binaries SET t3 = CONCAT(LEFT(t3, 50000), X'01', SUBSTR(t3, 50002)) WHERE id = 3",
    "UPDATE binaries SET v0 = NULL WHERE id = 2",
    "UPDATE floats SET f = 0.3333333 WHERE id = 8",
    "UPDATE floats SET d = 0.3 WHERE id = 7",
    "UPDATE minus_zero SET d = 0 WHERE id = 1",
    "UPDATE bits SET b64 = b64 - 1 WHERE id = 3",
    "UPDATE enums SET e = '' WHERE id = 11",
    "UPDATE enums SET s64 = 'm64,m1' WHERE id = 4",
    "UPDATE temporal SET dt6 = '2021-06-30 23:59:59.999999' WHERE id = 6",
    "UPDATE temporal SET ts6 = '1970-01-01 00:00:01.000002' WHERE id = 3",
    "UPDATE temporal SET d = NULL WHERE id = 2",
    "UPDATE decimals SET d65 = 0.000000000000000000000000000002 WHERE id = 5",
    "UPDATE documents SET j = '9007199254740992' WHERE id = 5",
    "UPDATE documents SET n = JSON_SET(n, '$.a.a.b', NULL) WHERE id = 12",
    "UPDATE documents SET j = 'null' WHERE id = 1",
    "UPDATE shapes SET g = X'000000000101000000000000000000244000000000000034C0' WHERE id = 4",
    "UPDATE latin1_bytes SET v = X'83' WHERE id = 3",
    "UPDATE charsets SET c_gbk = NULL WHERE id = 2",
    "UPDATE integers SET u64 = 18446744073709551614 WHERE id = 2147483647",
    "INSERT INTO one_column VALUES ('a')",
    "DELETE FROM one_column WHERE v IS NULL LIMIT 1",
    "DELETE FROM floats WHERE id = 2",
]


@pytest.fixture(scope="module")
def _pair(_mysql80, _target):
    """Two servers with all types, shared by the changes below, each of which is taken back."""
    for each in (_mysql80, _target):
        each.reset()
        fixtures.load(each, "all_types")
    return _mysql80, _target


@pytest.mark.parametrize("change", CHANGES)
def test_one_changed_value_is_a_difference(_pair, change):
    source, target = _pair
    with target.connect() as session, session.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'")
        cursor.execute("USE all_types")
        assert oracle.compare(source, session) == []
        session.begin()
        assert cursor.execute(change) == 1
        (difference,) = oracle.compare(source, session)
        assert difference.table in change
        session.rollback()


def test_duplicate_rows_are_counted(mysql80, target):
    for each, rows in ((mysql80, "(1), (1), (2), (2)"), (target, "(1), (1), (1), (2)")):
        each.execute("CREATE DATABASE d", "CREATE TABLE d.t (a INT)", f"INSERT INTO d.t VALUES {rows}")
    assert len(oracle.compare(mysql80, target)) == 1


def test_a_changed_definition_is_a_difference_when_asked_for(mysql80, target):
    mysql80.execute("CREATE DATABASE d", "CREATE TABLE d.t (a INT DEFAULT 1, b INT, KEY (a))")
    target.execute("CREATE DATABASE d", "CREATE TABLE d.t (a INT DEFAULT 2, b INT, KEY (b))")
    assert oracle.compare(mysql80, target) == []
    assert len(oracle.compare(mysql80, target, definitions=True)) == 2


def test_a_thousand_columns_have_a_digest(mysql80, target):
    names = [f"c{number} INT" for number in range(999)] + ["c999 VARCHAR(20)"]
    for each, value in ((mysql80, "a"), (target, "b")):
        each.execute(
            "CREATE DATABASE d", f"CREATE TABLE d.t ({', '.join(names)})", f"INSERT INTO d.t (c999) VALUES ('{value}')"
        )
    assert len(oracle.compare(mysql80, target)) == 1


def test_rows_are_exact_text_in_order(mysql80):
    mysql80.execute(
        "CREATE DATABASE d",
        "CREATE TABLE d.t (a INT, b VARCHAR(5), c FLOAT, d BIT(3))",
        "INSERT INTO d.t VALUES (2, 'é', 0.1, 5), (1, NULL, NULL, NULL)",
    )
    assert oracle.rows(mysql80, ("d", "t")) == [("1", None, None, None), ("2", "C3A9", "0.10000000149011612", "5")]
