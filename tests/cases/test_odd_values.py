"""Values whose text a server prints for other values too: they arrive as they were, by every way, and are proven to."""

import jobs
import pytest
from testbed import oracle

_LEGACY = (
    "ascii", "sjis", "cp932", "gbk", "gb2312", "gb18030", "big5", "euckr", "ujis", "eucjpms", "swe7", "dec8", "hp8",
    "tis620", "geostd8", "hebrew", "armscii8", "cp1250", "cp1251", "cp1256", "cp1257", "greek", "latin1", "latin2",
    "latin5", "latin7", "koi8r", "koi8u", "cp850", "cp852", "cp866", "keybcs2", "macce", "macroman",
)  # fmt: skip
_DOUBLE_BYTE = ("sjis", "cp932", "gbk", "gb2312", "gb18030", "big5", "euckr", "ujis", "eucjpms")


def _fill_charset(server, charset: str) -> None:
    """One row for every value of one byte, and of two where the set has such, that the server takes."""
    server.execute(f"CREATE TABLE odd.{charset} (id INT PRIMARY KEY, c VARCHAR(10) CHARACTER SET {charset}, t TEXT CHARACTER SET {charset})")
    values = [f"{byte:02X}" for byte in range(256)]
    if charset in _DOUBLE_BYTE:
        values += [f"{first:02X}{second:02X}" for first in range(0x81, 0xFF, 3) for second in range(0x40, 0xFF)]
    if charset == "ascii":
        values = values[:128]  # what only INSERT IGNORE stores is refused by name, as any server refuses it
    rows = [f"({at}, x'{value}', x'61{value}62')" for at, value in enumerate(values)]
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = ''")
        for at in range(0, len(rows), 4000):
            cursor.execute(f"INSERT IGNORE INTO odd.{charset} VALUES {', '.join(rows[at : at + 4000])}")


@pytest.fixture
def odd(source):
    source.execute("CREATE DATABASE odd")
    for charset in _LEGACY:
        _fill_charset(source, charset)
    source.execute(
        "CREATE TABLE odd.keyed (c VARCHAR(4) CHARACTER SET cp932 COLLATE cp932_bin PRIMARY KEY)",
        "INSERT IGNORE INTO odd.keyed SELECT c FROM odd.cp932 WHERE c <> ''",
        "ANALYZE TABLE odd.keyed",
    )
    return source


def _bytes(server, table: str, columns: str) -> list:
    return server.execute(f"SELECT {columns} FROM odd.{table} ORDER BY 1")


def _assert_same_bytes(source, target):
    for charset in _LEGACY:
        query = charset, "id, HEX(c), HEX(t)"
        assert _bytes(source, *query) == _bytes(target, *query), charset
    assert _bytes(source, "keyed", "HEX(c)") == _bytes(target, "keyed", "HEX(c)")


def _needs_character_sets(target):
    if target.is_tidb:
        pytest.skip("TiDB keeps characters, not their codes in the source's set: test_codes_that_tidb_has_no_character_for…")


def test_codes_that_tidb_has_no_character_for_are_refused_by_name(tideway, mysql80, target):
    if not target.is_tidb:
        pytest.skip("a MySQL target has the source's character sets")
    mysql80.execute("CREATE DATABASE odd")
    _fill_charset(mysql80, "cp932")
    outcome = jobs.copy(tideway, mysql80, target, "--filter", "odd.*").expect(jobs.FAILED)
    (error,) = [each for each in outcome.events() if each["event"] == "error"]
    assert error["code"] == "TW800" and error["table"] == "`odd`.`cp932`" and error["key"].startswith("`id` = "), error


def test_every_byte_of_every_character_set_is_copied_and_proven(tideway, odd, target):
    _needs_character_sets(target)
    outcome = jobs.copy(tideway, odd, target, "--filter", "odd.*", "--chunk-bytes", "64KiB")
    jobs.assert_proven_copy(outcome, odd, target, databases=["odd"])
    _assert_same_bytes(odd, target)
    jobs.verify(tideway, odd, target, "--filter", "odd.*").expect(jobs.PROVEN)
    target.execute("UPDATE odd.cp932 SET c = CONVERT(c USING utf8mb4)")  # the other code of the same character
    outcome = jobs.verify(tideway, odd, target, "--filter", "odd.*").expect(jobs.FAILED)
    assert jobs.Certificate.of(outcome).tables("different") == {("odd", "cp932")}


@pytest.mark.parametrize("form", ["sql", "csv"])
def test_every_byte_of_every_character_set_survives_files(tideway, odd, target, tmp_path, form):
    _needs_character_sets(target)
    tideway.run("dump", "--source", odd.url(), "--output", tmp_path / "d", "--filter", "odd.*", "--filetype", form).expect(jobs.PROVEN)
    tideway.run("load", "--target", target.url(), "--input", tmp_path / "d").expect(jobs.PROVEN)
    _assert_same_bytes(odd, target)


def test_bytes_that_no_server_takes_are_refused_by_name(tideway, mysql80, target):
    mysql80.execute("CREATE DATABASE odd", "CREATE TABLE odd.a (id INT PRIMARY KEY, c VARCHAR(9) CHARACTER SET ascii)")
    mysql80.execute("INSERT IGNORE INTO odd.a VALUES (7, x'80')")
    ((stored,),) = mysql80.execute("SELECT HEX(c) FROM odd.a")
    assert stored == "80"
    outcome = jobs.copy(tideway, mysql80, target, "--filter", "odd.*").expect(jobs.FAILED)
    (error,) = [each for each in outcome.events() if each["event"] == "error"]
    assert error["code"] == "TW800" and error["key"] == "`id` = 7", error


def _fill_enums(server):
    server.execute("CREATE DATABASE odd", "CREATE TABLE odd.e (id INT PRIMARY KEY, e ENUM('a', '', 'Error value 0') NOT NULL, g ENUM('', '中') CHARACTER SET gbk)")
    server.execute("CREATE TABLE odd.s (id INT PRIMARY KEY, s SET('', 'a', 'b'), n SET('a', '', '2', '12') NOT NULL)")
    server.execute(*(f"INSERT INTO odd.s VALUES ({value}, {value % 8}, {value})" for value in range(16)), "INSERT INTO odd.s VALUES (16, NULL, 0)")
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = ''")
        cursor.execute("INSERT INTO odd.e VALUES (1, 'a', ''), (2, '', NULL), (3, 'Error value 0', '中'), (4, 'none', 'none'), (5, '', 'none'), (6, 'none', '')")


_NUMBERS = "id, e+0, g+0"


def test_enums_and_sets_with_an_empty_label_are_copied_and_proven(tideway, source, target):
    _fill_enums(source)
    alike = {("odd", "e")} if target.is_tidb else {("odd", "e"), ("odd", "s")}  # TiDB prints the members '' and 'a' as ',a'
    jobs.assert_proven_copy(jobs.copy(tideway, source, target, "--filter", "odd.*"), source, target, tables=alike)
    assert _bytes(source, "e", _NUMBERS) == _bytes(target, "e", _NUMBERS)
    assert _bytes(source, "s", "id, s+0, n+0") == _bytes(target, "s", "id, s+0, n+0")
    label = "a" if target.is_tidb else ""  # TiDB's UPDATE takes the label '' for the same as the error value
    target.execute(f"UPDATE odd.e SET e = '{label}' WHERE id = 4")
    jobs.verify(tideway, source, target, "--filter", "odd.*").expect(jobs.FAILED)


@pytest.mark.parametrize("form", ["sql", "csv"])
def test_enums_and_sets_with_an_empty_label_survive_files(tideway, source, target, tmp_path, form):
    _fill_enums(source)
    tideway.run("dump", "--source", source.url(), "--output", tmp_path / "d", "--filter", "odd.*", "--filetype", form).expect(jobs.PROVEN)
    tideway.run("load", "--target", target.url(), "--input", tmp_path / "d").expect(jobs.PROVEN)
    assert _bytes(source, "e", _NUMBERS) == _bytes(target, "e", _NUMBERS)
    assert _bytes(source, "s", "id, s+0, n+0") == _bytes(target, "s", "id, s+0, n+0")


def test_control_characters_in_documents_arrive_from_5_7(tideway, mysql57, target, tmp_path):
    """5.7.19 prints U+001F as it is, which is no JSON."""
    mysql57.execute("CREATE DATABASE odd", "CREATE TABLE odd.j (id INT PRIMARY KEY, j JSON)")
    with mysql57.connect() as connection, connection.cursor() as cursor:
        for code in range(32):
            cursor.execute("INSERT INTO odd.j VALUES (%s, %s)", (code, f'{{"k\\u{code:04x}": ["\\u{code:04x}", "\\\\\\u{code:04x}\\""]}}'))
    jobs.copy(tideway, mysql57, target, "--filter", "odd.*").expect(jobs.PROVEN)
    query = "SELECT id, HEX(JSON_UNQUOTE(JSON_EXTRACT(JSON_KEYS(j), '$[0]'))), HEX(JSON_UNQUOTE(JSON_EXTRACT(JSON_EXTRACT(j, '$.*'), '$[0][1]'))) FROM odd.j ORDER BY id"
    assert target.execute(query) == mysql57.execute(query)
    target.execute("DROP DATABASE odd")
    tideway.run("dump", "--source", mysql57.url(), "--output", tmp_path / "d", "--filter", "odd.*").expect(jobs.PROVEN)
    tideway.run("load", "--target", target.url(), "--input", tmp_path / "d").expect(jobs.PROVEN)
    assert target.execute(query) == mysql57.execute(query)
