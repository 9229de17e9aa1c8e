"""Tables of a given shape and size, made by the server itself: large, wide, many.

Generators take a database (made when missing) and return nothing; rows are a function of their number, so the same
call gives the same table on any server.
"""

import contextlib

from testbed import servers

_STEP_ROWS = 100_000  # rows a statement: a transaction that the small servers of the testbed carry easily
_DIGITS = " UNION ALL ".join(f"SELECT {each} AS d" for each in range(10))
# 10^5 numbers, without a table of them.
_NUMBERS = (
    "SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d AS n"
    f" FROM ({_DIGITS}) a, ({_DIGITS}) b, ({_DIGITS}) c, ({_DIGITS}) e, ({_DIGITS}) f"
)


def sysbench(server, rows: int, database: str = "sbtest", table: str = "sbtest1") -> None:
    """sysbench's table, about 190 bytes a row as text, with its secondary index."""
    columns = (
        "id INT NOT NULL AUTO_INCREMENT, k INT NOT NULL DEFAULT 0, c CHAR(120) NOT NULL DEFAULT '',"
        " pad CHAR(60) NOT NULL DEFAULT '', PRIMARY KEY (id), KEY k_1 (k)"
    )
    group = "LPAD(CRC32(CONCAT(n, '{0}')) * 10 + n % 10, 11, '0')"
    c = "CONCAT_WS('-', " + ", ".join(group.format(each) for each in range(10)) + ")"
    pad = "CONCAT_WS('-', " + ", ".join(group.format(chr(97 + each)) for each in range(5)) + ")"
    _fill(server, database, table, columns, f"n + 1, CRC32(n) % {max(rows, 1)}, {c}, {pad}", rows)


def narrow(server, rows: int, database: str = "narrow", table: str = "fifty") -> None:
    """Fifty narrow columns: numbers, dates, decimals, short strings, and NULLs in each of them."""
    kinds = [
        ("INT", "CRC32(n + {0}) % 1000000"),
        ("SMALLINT", "(n + {0}) % 30000"),
        ("VARCHAR(12)", "CONCAT('v', (n * {0}) % 10000)"),
        ("DECIMAL(10,2)", "(n % 100000) / 8 + {0}"),
        ("DATETIME", "DATE_ADD('2020-01-01', INTERVAL (n * 61 + {0}) SECOND)"),
        ("TINYINT UNSIGNED", "(n + {0}) % 256"),
        ("DOUBLE", "n / ({0} + 3)"),
    ]
    columns, values = ["id BIGINT NOT NULL PRIMARY KEY"], ["n"]
    for number in range(1, 50):
        kind, value = kinds[number % len(kinds)]
        columns.append(f"c{number} {kind}")
        values.append(f"IF((n + {number}) % 23 = 0, NULL, {value.format(number)})")
    _fill(server, database, table, ", ".join(columns), ", ".join(values), rows)


def wide(server, database: str = "wide", table: str = "thousand", rows: int = 100) -> None:
    """1 000 columns."""
    columns = (
        ["id INT NOT NULL PRIMARY KEY"] + [f"c{number} INT" for number in range(1, 999)] + ["last_one VARCHAR(20)"]
    )
    values = (
        ["n"] + [f"IF((n + {number}) % 7 = 0, NULL, n * {number})" for number in range(1, 999)] + ["CONCAT('row ', n)"]
    )
    _fill(server, database, table, ", ".join(columns), ", ".join(values), rows)


def huge_rows(server, rows: int = 3, mebibytes: int = 64, database: str = "huge", table: str = "rows") -> None:
    """Rows whose one cell is this large, of bytes that need every escape, among small ones."""
    _database(server, database)
    server.execute(
        f"CREATE TABLE `{database}`.`{table}` (id INT NOT NULL PRIMARY KEY, b LONGBLOB, after_it VARCHAR(20))"
    )
    for number in range(rows):
        unit = f"CONCAT(MD5({number}), X'00275C220A0D1AFF', UNHEX(MD5({number})), X'0000000000000000')"  # 64 bytes
        server.execute(
            f"INSERT INTO `{database}`.`{table}` VALUES"
            f" ({2 * number}, 'small', 'before'), ({2 * number + 1}, REPEAT({unit}, {mebibytes} << 14), 'after')"
        )


def null_rows(server, tables: int = 8, rows: int = 16_384, columns: int = 300, database: str = "nulls") -> None:
    """A byte for each value on the wire, and more in any memory."""
    _database(server, database)
    listed = ", ".join(f"c{number} TINYINT" for number in range(columns))
    for number in range(tables):
        table = f"`{database}`.t{number}"
        server.execute(f"CREATE TABLE {table} (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, {listed})")
        server.execute(f"INSERT INTO {table} (c0) VALUES (NULL)")
        for _ in range(rows.bit_length() - 1):
            server.execute(f"INSERT INTO {table} (c0) SELECT NULL FROM {table}")


def many_tables(server, count: int = 10_000, database: str = "many") -> None:
    """Empty tables, some 400 a second: in the shared tablespace, which is quicker and shows nowhere.

    A case that needs 10 000 of them starts a server from `many_prepared()`.
    """
    _database(server, database)
    ((per_table,),) = server.execute("SELECT @@global.innodb_file_per_table")
    server.execute("SET GLOBAL innodb_file_per_table = OFF")
    with contextlib.closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f"USE `{database}`")
        for number in range(count):
            cursor.execute(f"CREATE TABLE t{number:05} (id INT NOT NULL PRIMARY KEY, v VARCHAR(20))")
    server.execute(f"SET GLOBAL innodb_file_per_table = {per_table}")


def many_prepared(count: int = 10_000) -> servers.Prepared:
    """For `Server(series, prepared=...)`: database `many`, made once and kept in the cache."""
    return servers.Prepared(f"many-{count}", lambda server: many_tables(server, count))


def _fill(server, database: str, table: str, columns: str, values: str, rows: int) -> None:
    _database(server, database)
    name = f"`{database}`.`{table}`"
    with contextlib.closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = '', time_zone = '+00:00', unique_checks = 0, foreign_key_checks = 0")
        cursor.execute(f"CREATE TABLE {name} ({columns})")
        for start in range(0, rows, _STEP_ROWS):
            count = min(_STEP_ROWS, rows - start)
            cursor.execute(
                f"INSERT INTO {name} SELECT {values} FROM (SELECT {start} + n AS n FROM ({_NUMBERS}) AS numbers"
                f" WHERE n < {count} ORDER BY n) AS numbered"
            )


def _database(server, database: str) -> None:
    server.execute(f"CREATE DATABASE IF NOT EXISTS `{database}` DEFAULT CHARACTER SET utf8mb4")
