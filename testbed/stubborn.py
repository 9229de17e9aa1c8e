"""A writer that outlives its server: what a session loses is lost, and the next one goes on.

Unlike testbed/writer.py it keeps no journal; where it has stopped, the server itself says what is right.
"""

import contextlib
import random
import threading

import pymysql

_TABLES = (
    "CREATE DATABASE stubborn",
    "CREATE TABLE stubborn.keyed (id INT NOT NULL PRIMARY KEY, v VARCHAR(80), n INT)",
    "CREATE TABLE stubborn.pairs (a INT NOT NULL, b VARCHAR(20) NOT NULL, v DOUBLE, PRIMARY KEY (a, b))",
    "CREATE TABLE stubborn.keyless (a INT, b VARCHAR(20))",
    "CREATE TABLE stubborn.sums (id INT NOT NULL PRIMARY KEY, balance BIGINT NOT NULL)",
    "CREATE TABLE stubborn.beat (id INT NOT NULL PRIMARY KEY)",
)
_KEYS = 3000


class StubbornWriter:
    """Threads that change database `stubborn` until they are stopped; made by `with`, which fills it first."""

    def __init__(self, server, threads: int = 3, seed: int = 0):
        self._server = server
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(random.Random(seed * 100 + i),), daemon=True) for i in range(threads)]
        self.committed = 0

    def __enter__(self) -> "StubbornWriter":
        self._server.execute(*_TABLES)
        with contextlib.closing(self._server.connect(database="stubborn")) as connection, connection.cursor() as cursor:
            cursor.executemany("INSERT INTO keyed VALUES (%s, %s, 0)", [(i, "v" * (i % 80)) for i in range(0, _KEYS, 2)])
            cursor.executemany("INSERT INTO keyless VALUES (%s, %s)", [(i % 50, "b") for i in range(500)])
            cursor.executemany("INSERT INTO sums VALUES (%s, 1000)", [(i,) for i in range(50)])
            connection.commit()
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_) -> None:
        self._over.set()
        for each in self._threads:
            each.join()

    def _write(self, draw: random.Random) -> None:
        while not self._over.is_set():
            try:
                with contextlib.closing(self._server.connect(database="stubborn", read_timeout=20)) as connection:
                    while not self._over.wait(0.002):
                        self._transaction(connection, draw)
                        self.committed += 1
            except (pymysql.err.MySQLError, OSError):
                self._over.wait(0.05)  # deadlocks, and a server that is away

    def _transaction(self, connection, draw: random.Random) -> None:
        connection.begin()
        with connection.cursor() as cursor:
            for _ in range(draw.randrange(1, 5)):
                draw.choice((self._keyed, self._pairs, self._keyless, self._sums))(cursor, draw)
        connection.commit()

    @staticmethod
    def _keyed(cursor, draw) -> None:
        key = draw.randrange(_KEYS)
        cursor.execute(
            draw.choice(
                (
                    f"INSERT IGNORE INTO keyed VALUES ({key}, 'new', 1)",
                    f"UPDATE keyed SET n = n + 1, v = REPEAT('x', {key % 80}) WHERE id = {key}",
                    f"DELETE FROM keyed WHERE id = {key}",
                    f"UPDATE IGNORE keyed SET id = {draw.randrange(_KEYS)} WHERE id = {key}",
                )
            )
        )

    @staticmethod
    def _pairs(cursor, draw) -> None:
        a, b = draw.randrange(40), draw.choice("abcdef")
        cursor.execute(f"REPLACE INTO pairs VALUES ({a}, '{b}', {draw.random()})" if draw.random() < 0.7 else f"DELETE FROM pairs WHERE a = {a}")

    @staticmethod
    def _keyless(cursor, draw) -> None:
        a = draw.randrange(50)
        cursor.execute(
            draw.choice(
                (
                    f"INSERT INTO keyless VALUES ({a}, 'b'), ({a}, 'b')",
                    f"DELETE FROM keyless WHERE a = {a} ORDER BY b LIMIT 2",
                    f"UPDATE keyless SET b = '{draw.choice('bcd')}' WHERE a = {a} ORDER BY b LIMIT 1",
                )
            )
        )

    @staticmethod
    def _sums(cursor, draw) -> None:
        one, other = draw.sample(range(50), 2)
        cursor.execute(f"UPDATE sums SET balance = balance - 7 WHERE id = {one}")
        cursor.execute(f"UPDATE sums SET balance = balance + 7 WHERE id = {other}")
