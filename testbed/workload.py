"""Changes of every kind for the tables of all_types.sql and a few of its own: each column of each type gets another value of its
table, keys change, unique values are swapped, and definitions change in the middle. What comes of it is the server's to say."""

import contextlib

_SHAPES = (
    "CREATE DATABASE changes",
    "CREATE TABLE changes.swaps (id INT NOT NULL PRIMARY KEY, u VARCHAR(20) NOT NULL, n INT, UNIQUE KEY (u))",
    "INSERT INTO changes.swaps VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3), (4, 'd', NULL)",
    "CREATE TABLE changes.keyless (a INT, b VARCHAR(20), c DOUBLE)",
    "INSERT INTO changes.keyless VALUES (1, 'x', 0.5), (1, 'x', 0.5), (2, NULL, NULL), (3, '', -1e10)",
    "CREATE TABLE changes.parents (id INT NOT NULL PRIMARY KEY, v VARCHAR(20))",
    "CREATE TABLE changes.children (id INT NOT NULL PRIMARY KEY, parent INT, v INT, KEY (parent),"
    " FOREIGN KEY (parent) REFERENCES changes.parents (id) ON DELETE CASCADE ON UPDATE CASCADE)",
    "INSERT INTO changes.parents VALUES (1, 'one'), (2, 'two'), (3, 'three')",
    "INSERT INTO changes.children VALUES (1, 1, 1), (2, 1, 2), (3, 2, 3), (4, 3, 4), (5, NULL, 5)",
    "CREATE TABLE changes.emptied (id INT NOT NULL PRIMARY KEY, v INT)",
    "INSERT INTO changes.emptied VALUES (1, 1), (2, 2)",
    "CREATE TABLE changes.altered (id INT NOT NULL PRIMARY KEY, v INT, w VARCHAR(20))",
    "INSERT INTO changes.altered VALUES (1, 1, 'one'), (2, 2, 'two'), (3, 3, 'three')",
    "CREATE TABLE changes.long_ago (id INT NOT NULL PRIMARY KEY, v INT)",
    "INSERT INTO changes.long_ago VALUES (1, 1)",
)

# One transaction each.
_TRANSACTIONS = (
    (
        "UPDATE changes.swaps SET u = 'spare' WHERE id = 1",
        "UPDATE changes.swaps SET u = 'a' WHERE id = 2",
        "UPDATE changes.swaps SET u = 'b' WHERE id = 1",
    ),
    ("UPDATE changes.swaps SET id = 10, n = n + 1 WHERE id = 3", "INSERT INTO changes.swaps VALUES (3, 'e', 0)"),
    ("DELETE FROM changes.swaps WHERE u = 'd'", "INSERT INTO changes.swaps VALUES (40, 'd', 40)"),
    (
        "UPDATE changes.swaps SET n = 7",
        "INSERT INTO changes.keyless SELECT id, u, n FROM changes.swaps",
        "UPDATE changes.parents SET v = CONCAT(v, '!')",
    ),
    ("DELETE FROM changes.keyless WHERE a = 1 LIMIT 1", "UPDATE changes.keyless SET b = 'y' WHERE a = 1 LIMIT 1"),
    ("INSERT INTO changes.keyless SELECT * FROM changes.keyless", "UPDATE changes.keyless SET c = a * 1.5 WHERE b IS NULL OR b = ''"),
    ("UPDATE changes.parents SET id = 20 WHERE id = 2", "DELETE FROM changes.parents WHERE id = 1"),
    ("INSERT INTO changes.emptied VALUES (3, 3)",),
)

_DEFINITIONS = (
    "TRUNCATE TABLE changes.emptied",
    "INSERT INTO changes.emptied VALUES (3, 30), (4, 40)",
    "ALTER TABLE changes.altered ADD COLUMN x DECIMAL(10,2) NOT NULL DEFAULT '1.50' AFTER id, ADD KEY (v)",
    "UPDATE changes.altered SET x = x + id",
    "ALTER TABLE changes.altered MODIFY w VARCHAR(60), DROP COLUMN v",
    "INSERT INTO changes.altered VALUES (9, 9.99, REPEAT('w', 50))",
    "CREATE TABLE changes.like_it LIKE changes.altered",
    "INSERT INTO changes.like_it SELECT * FROM changes.altered",
    "RENAME TABLE changes.like_it TO changes.renamed",
    "UPDATE changes.renamed SET w = UPPER(w)",
    "DROP TABLE changes.long_ago",
    "CREATE TABLE changes.long_ago (id INT NOT NULL PRIMARY KEY, name VARCHAR(10))",
    "INSERT INTO changes.long_ago VALUES (1, 'again')",
)


def prepare(server) -> None:
    """Database `changes`, as it is before anything changes."""
    server.execute(*_SHAPES)


def run(server, database: str = "all_types") -> int:
    """Everything, once; how many statements changed something."""
    done = 0
    with contextlib.closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = ''")
        for table in _tables(cursor, database):
            done += _change(connection, cursor, database, table)
        for transaction in _TRANSACTIONS:
            connection.begin()
            for statement in transaction:
                done += cursor.execute(statement) > 0
            connection.commit()
        for statement in _DEFINITIONS:
            cursor.execute(statement)
            done += 1
            connection.commit()
    return done


def _tables(cursor, database: str) -> list[str]:
    cursor.execute(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_TYPE = 'BASE TABLE' ORDER BY 1", (database,)
    )
    return [name for (name,) in cursor.fetchall()]


def _change(connection, cursor, database: str, table: str) -> int:
    """Turns the values of the rows round by one row, column by column together; copies the rows under new keys, renames keys, removes
    some. Tables without the key `id`: their rows twice, and one less."""
    cursor.execute(
        "SELECT COLUMN_NAME, COLUMN_KEY FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s"
        " AND GENERATION_EXPRESSION = '' ORDER BY ORDINAL_POSITION",
        (database, table),
    )
    columns = cursor.fetchall()
    plain = [f"`{name}`" for name, key in columns if key not in ("PRI", "UNI")]
    name = f"`{database}`.`{table}`"
    if ("id", "PRI") not in columns:
        listed = ", ".join(f"`{column}`" for column, _ in columns)
        if not any(key in ("PRI", "UNI") for _, key in columns):
            cursor.execute(f"INSERT INTO {name} ({listed}) SELECT {listed} FROM {name}")
        cursor.execute(f"DELETE FROM {name} LIMIT 1")
        connection.commit()
        return 1
    cursor.execute(f"SELECT id FROM {name} ORDER BY id")
    ids = [each for (each,) in cursor.fetchall()]
    connection.commit()
    done = 0
    for this, other in zip(ids, ids[1:] + ids[:1]):
        if plain and this != other:
            changes = ", ".join(f"x.{column} = y.{column}" for column in plain)
            done += cursor.execute(f"UPDATE {name} x JOIN {name} y ON y.id = {other} SET {changes} WHERE x.id = {this}") > 0
    connection.commit()
    if not any(key == "UNI" for _, key in columns):
        listed = ", ".join(["id", *plain])
        copied = ", ".join(["id + 50", *plain])
        done += cursor.execute(f"INSERT INTO {name} ({listed}) SELECT {copied} FROM {name} WHERE id < 50") > 0
    done += cursor.execute(f"UPDATE {name} SET id = id + 20 WHERE id > 50 AND id % 3 = 0 ORDER BY id DESC") > 0
    done += cursor.execute(f"DELETE FROM {name} WHERE id % 7 = 3") > 0
    connection.commit()
    return done
