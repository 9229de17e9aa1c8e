"""The judge of a copy, which shares nothing with the program under test: SQL asked of both servers.

    assert oracle.compare(source, target, databases=["shop"]) == []

A row becomes text column by column, `length:text` or `N` for NULL, so that no two rows share one;
a table is judged by its row count and by the sums of both halves of MD5(row). Sums see duplicate rows
of keyless tables, which an XOR would cancel. What a column's text is:

    whole numbers, DECIMAL, dates, times   as the server prints them, in UTC; without the zeros of ZEROFILL
    FLOAT, DOUBLE                          f * 1E0: every digit, and the sign of -0, which f + 0E0 loses
    BIT                                    its value as a number
    ENUM, SET                              number and label: the label '' is not the error value 0; a SET that is compared
                                           with TiDB's its labels alone: TiDB fails with 1690 over the number of 64 members
    characters                             HEX in the column's character set; in utf8mb4 when the sides' sets differ, or a
                                           side is TiDB, which keeps all but gbk as UTF-8 whatever the set is called
    binary, geometry                       HEX (geometry: SRID and WKB as stored)
    JSON                                   HEX of the server's normal form
    anything that may be large             length and SHA-256 of the above, to stay below max_allowed_packet

A side is whatever has `connect()` (servers.Server) or is a PyMySQL connection. Servers print some floats
and documents differently (TiDB; 5.7 prints the JSON number 1.0 as 1 and forgets to escape control characters),
so tables with such columns whose texts differ are compared once more by the values, parsed here.
"""

import collections
import contextlib
import dataclasses
import hashlib
import json

_SYSTEM_DATABASES = {"mysql", "sys", "information_schema", "performance_schema", "metrics_schema", "tideway_meta"}
_FLOATS = {"float", "double"}
_TEXTS = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext"}
_BINARIES = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"}
_GEOMETRIES = {
    "geometry",
    "point",
    "linestring",
    "polygon",
    "multipoint",
    "multilinestring",
    "multipolygon",
    "geometrycollection",
    "geomcollection",
}
_PLAIN = {
    "tinyint",
    "smallint",
    "mediumint",
    "int",
    "bigint",
    "decimal",
    "year",
    "date",
    "time",
    "datetime",
    "timestamp",
}
_LARGE_BYTES = 1 << 16
_SHOWN = 10


@dataclasses.dataclass(frozen=True)
class Column:
    name: str
    type: str  # data_type of information_schema: no length, no signedness
    charset: str | None
    octets: int  # the most bytes that it may hold, 0 when that is small anyway
    definition: tuple  # what else a copy must keep: full type, nullability, default, extra, expression, comment


    @property
    def is_zerofill(self) -> bool:
        return "zerofill" in self.definition[0]


@dataclasses.dataclass(frozen=True)
class Digest:
    rows: int
    high: int
    low: int


@dataclasses.dataclass(frozen=True)
class Difference:
    database: str
    table: str
    what: str

    def __str__(self) -> str:
        return f"{self.database}.{self.table}: {self.what}"


def compare(source, target, databases=None, *, tables=None, rename=None, definitions=False) -> list[Difference]:
    """Every difference between the base tables of both sides, in a stable order; [] when there is none.

    databases: only these; tables: only these (database, table); rename: (database, table) of the source
    to that of the target. definitions=True also compares columns and keys. Neither side may be written to meanwhile.
    """
    rename = rename or (lambda database, table: (database, table))
    with _session(source) as left, _session(target) as right:
        wanted = _selected(base_tables(left), databases, tables)
        present = base_tables(right)
        targets = {rename(*each): each for each in wanted}
        found = [Difference(*each, "missing in the target") for each in wanted if rename(*each) not in present]
        for each in present - targets.keys():
            if tables is None and each[0] in {database for database, _ in targets} | set(databases or ()):
                found.append(Difference(*each, "only in the target"))
        left_columns = columns(left, {database for database, _ in wanted})
        right_columns = columns(right, {database for database, _ in targets})
        for there, here in targets.items():
            if there in present:
                sides = (left, here, left_columns[here]), (right, there, right_columns[there])
                found += _compare_table(*sides, definitions)
    return sorted(found, key=lambda each: (each.database, each.table, each.what))


def digests(side, databases=None) -> dict:
    """The digest of each base table, by (database, table): to see later whether anything changed."""
    with _session(side) as session:
        wanted = _selected(base_tables(session), databases, None)
        known = columns(session, {database for database, _ in wanted})
        return {each: digest(session, each, known[each]) for each in wanted}


def rows(side, table: tuple[str, str]) -> list[tuple]:
    """All rows of (database, table) as exact text, None for NULL, in sorted order."""
    with _session(side) as session:
        known = columns(session, {table[0]})[table]
        selected = ", ".join(_exact(each, False) for each in known)
        found = _ask(session, f"SELECT {selected} FROM {_name(table)}")
        return sorted((tuple(_text(cell) for cell in row) for row in found), key=_sort_key)


def definitions(side, databases=None) -> dict:
    """Columns and keys of each base table by (database, table), comparable between servers."""
    with _session(side) as session:
        wanted = _selected(base_tables(session), databases, None)
        known = columns(session, {database for database, _ in wanted})
        indexes = _indexes(session, {database for database, _ in wanted})
        return {
            each: ([(column.name, *column.definition) for column in known[each]], indexes.get(each, []))
            for each in wanted
        }


def base_tables(session) -> set[tuple[str, str]]:
    query = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
    found = _ask(session, query)
    return {(database, table) for database, table in found if database.lower() not in _SYSTEM_DATABASES}


def columns(session, databases) -> dict:
    """The columns of each table of these databases in order, generated and invisible ones too."""
    known = collections.defaultdict(list)
    for database in sorted(databases):
        query = (
            "SELECT table_schema, table_name, column_name, data_type, character_set_name, character_octet_length,"
            " column_type, is_nullable, column_default, extra, generation_expression, collation_name, column_comment"
            " FROM information_schema.columns WHERE table_schema = %s ORDER BY table_name, ordinal_position"
        )
        for row in _ask(session, query, (database,)):
            schema, table, name, type_, charset, octets, *definition = row
            if schema == database:  # the comparison above may ignore case
                column = Column(name, _text(type_).lower(), charset, int(octets or 0), tuple(map(_text, definition)))
                known[schema, table].append(column)
    return known


def digest(session, table: tuple[str, str], its_columns, as_utf8=frozenset()) -> Digest:
    """`session` must be one of ours (`_session`): UTC, empty sql_mode."""
    expression = f"MD5({_row_text(its_columns, as_utf8)})"
    query = (
        f"SELECT COUNT(*), COUNT(h), SUM(CAST(CONV(LEFT(h, 16), 16, 10) AS UNSIGNED)),"
        f" SUM(CAST(CONV(RIGHT(h, 16), 16, 10) AS UNSIGNED)) FROM (SELECT {expression} AS h FROM {_name(table)}) AS hashed"
    )
    ((count, hashed, high, low),) = _ask(session, query)
    if count != hashed:
        raise AssertionError(f"{table}: {count - hashed} rows have no digest (max_allowed_packet?)")
    return Digest(count, int(high or 0), int(low or 0))


def _compare_table(left, right, with_definitions: bool) -> list[Difference]:
    (left_session, here, left_columns), (right_session, there, right_columns) = left, right
    left_names, right_names = [[each.name for each in side] for side in (left_columns, right_columns)]
    if left_names != right_names:
        return [Difference(*here, f"columns {left_names} became {right_names}")]
    found = []
    if with_definitions:
        found += _compare_definitions(left, right)
    # Both sides get the text of the source's type: a target that stores it otherwise must still say the same.
    pairs = zip(left_columns, right_columns)
    is_utf8 = _is_tidb(left_session) or _is_tidb(right_session)
    as_utf8 = frozenset(
        one.name
        for one, other in pairs
        if (one.type in _TEXTS and one.charset != other.charset) or (one.type in _TEXTS | {"set"} and is_utf8)
    )
    one = digest(left_session, here, left_columns, as_utf8)
    other = digest(right_session, there, left_columns, as_utf8)
    has_values = any(each.type in _FLOATS | {"json"} for each in left_columns)
    if one != other and one.rows == other.rows and has_values:
        one = _digest_of_values(left_session, here, left_columns, as_utf8)
        other = _digest_of_values(right_session, there, left_columns, as_utf8)
    if one.rows != other.rows:
        found.append(Difference(*here, f"{one.rows} rows became {other.rows}"))
    elif one != other:
        found.append(Difference(*here, "rows differ: " + _show(left, right, as_utf8)))
    return found


def _compare_definitions(left, right) -> list[Difference]:
    (left_session, here, left_columns), (right_session, there, right_columns) = left, right
    found = []
    for one, other in zip(left_columns, right_columns):
        if one.definition != other.definition:
            found.append(Difference(*here, f"column {one.name}: {one.definition} became {other.definition}"))
    one = _indexes(left_session, {here[0]}).get(here, [])
    other = _indexes(right_session, {there[0]}).get(there, [])
    if one != other:
        found.append(Difference(*here, f"keys {one} became {other}"))
    return found


def _show(left, right, as_utf8) -> str:
    """A few of the rows that one side has and the other has not."""
    (left_session, here, its_columns), (right_session, there, _) = left, right
    sides = []
    for session, table in ((left_session, here), (right_session, there)):
        selected = ", ".join(_exact(each, each.name in as_utf8, abridged=True) for each in its_columns)
        found = _ask(session, f"SELECT {selected} FROM {_name(table)}")
        sides.append(collections.Counter(tuple(_text(cell) for cell in row) for row in found))
    only_left, only_right = sides[0] - sides[1], sides[1] - sides[0]
    shown = [f"source only {row}" for row in sorted(only_left, key=_sort_key)[:_SHOWN]]
    shown += [f"target only {row}" for row in sorted(only_right, key=_sort_key)[:_SHOWN]]
    return "; ".join(shown) or "in what the abridged text does not show"


def _indexes(session, databases) -> dict:
    known = collections.defaultdict(list)
    for database in sorted(databases):
        query = (
            "SELECT table_schema, table_name, index_name, non_unique, seq_in_index, column_name, sub_part, index_type"
            " FROM information_schema.statistics WHERE table_schema = %s ORDER BY table_name, index_name, seq_in_index"
        )
        for schema, table, *part in _ask(session, query, (database,)):
            if schema == database:
                known[schema, table].append(tuple(map(_text, part)))
    return known


# A row as text.


def _row_text(its_columns, as_utf8) -> str:
    cells = []
    for each in its_columns:
        text = _exact(each, each.name in as_utf8, abridged=True)
        cells.append(f"IF({_quoted(each.name)} IS NULL, 'N', CONCAT(LENGTH({text}), ':', {text}))")
    # CONCAT takes any number of arguments, but its parser's stack does not: groups of a hundred.
    groups = [", ".join(cells[at : at + 100]) for at in range(0, len(cells), 100)]
    return "CONCAT(" + ", ".join(f"CONCAT({each})" for each in groups) + ")"


def _exact(column: Column, as_utf8: bool, abridged: bool = False) -> str:
    """SQL for the column's text. ASCII only, so that no connection character set touches it."""
    name = _quoted(column.name)
    if column.type in _PLAIN:
        return f"CONCAT({name} + 0)" if column.is_zerofill else f"CONCAT({name})"  # TiDB's CAST cuts decimals
    if column.type in _FLOATS:
        return f"CAST({name} * 1E0 AS CHAR)"
    if column.type == "bit":
        return f"CAST(CAST({name} AS UNSIGNED) AS CHAR)"
    if column.type == "set" and as_utf8:
        return f"HEX(CONVERT({name} USING utf8mb4))"
    if column.type in ("enum", "set"):
        return f"CONCAT({name} + 0, '=', HEX(CONVERT({name} USING utf8mb4)))"
    octets = _octets(column, name, as_utf8)
    is_large = column.type in ("json", *_GEOMETRIES) or column.octets >= _LARGE_BYTES
    if abridged and is_large:
        return f"CONCAT(LENGTH({octets}), '#', SHA2({octets}, 256))"
    return f"HEX({octets})"


def _octets(column: Column, name: str, as_utf8: bool) -> str:
    if column.type in _TEXTS:
        return f"CONVERT({name} USING utf8mb4)" if as_utf8 else f"CAST({name} AS BINARY)"
    if column.type == "json":
        return f"CAST({name} AS CHAR CHARACTER SET utf8mb4)"
    if column.type in _BINARIES or column.type in _GEOMETRIES:
        return name
    raise AssertionError(f"the oracle has no exact text for type {column.type} of column {column.name}")


def _digest_of_values(session, table, its_columns, as_utf8) -> Digest:
    """The digest of floats and documents as parsed and printed here."""
    selected = ", ".join(_exact(each, each.name in as_utf8) for each in its_columns)
    count = high = low = 0
    for row in _ask(session, f"SELECT {selected} FROM {_name(table)}"):
        cells = [_normal(each, _text(cell)) for each, cell in zip(its_columns, row)]
        text = "".join("N" if cell is None else f"{len(cell)}:{cell}" for cell in cells)
        hashed = hashlib.md5(text.encode()).hexdigest()
        count, high, low = count + 1, high + int(hashed[:16], 16), low + int(hashed[16:], 16)
    return Digest(count, high, low)


def _normal(column: Column, text: str | None) -> str | None:
    if text is None:
        return None
    if column.type in _FLOATS:
        return repr(float(text))
    if column.type == "json":
        # strict=False: control characters may stand in strings unescaped.
        return json.dumps(_normal_numbers(json.loads(bytes.fromhex(text), strict=False)), sort_keys=True)
    return text


def _normal_numbers(document):
    """Whole numbers that fit 64 bits exactly, all others as doubles: what JSON text can carry between servers."""
    if isinstance(document, list):
        return [_normal_numbers(each) for each in document]
    if isinstance(document, dict):
        return {key: _normal_numbers(each) for key, each in document.items()}
    if isinstance(document, bool) or not isinstance(document, (int, float)):
        return document
    if isinstance(document, float) and not document.is_integer():
        return document
    return int(document) if -(2**63) <= document < 2**64 else float(document)


# Sessions and names.


@contextlib.contextmanager
def _session(side):
    """A connection in UTC with an empty sql_mode; a given connection gets its settings back."""
    if not hasattr(side, "cursor"):
        with contextlib.closing(side.connect()) as connection:
            with _session(connection) as session:
                yield session
        return
    ((zone, mode),) = _ask(side, "SELECT @@session.time_zone, @@session.sql_mode")
    _ask(side, "SET SESSION time_zone = '+00:00', SESSION sql_mode = ''")
    try:
        yield side
    finally:
        _ask(side, "SET SESSION time_zone = %s, SESSION sql_mode = %s", (zone, mode))


def _is_tidb(session) -> bool:
    return "TiDB" in session.get_server_info()


def _ask(connection, query: str, arguments=None) -> list:
    with connection.cursor() as cursor:
        cursor.execute(query, arguments)
        return list(cursor.fetchall())


def _selected(present, databases, tables) -> list:
    chosen = set(present)
    if databases is not None:
        chosen = {each for each in chosen if each[0] in set(databases)}
    if tables is not None:
        missing = set(tables) - chosen
        if missing:
            raise AssertionError(f"the source has no {sorted(missing)}")
        chosen = set(tables)
    return sorted(chosen)


def _text(value):
    return value.decode("latin-1") if isinstance(value, bytes) else None if value is None else str(value)


def _sort_key(row):
    return [(cell is not None, cell or "") for cell in row]


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _name(table: tuple[str, str]) -> str:
    return f"{_quoted(table[0])}.{_quoted(table[1])}"
