"""A live writer: sessions that change a few tables in every way, and note what they do in a journal.

    with Writer(server, journal_path) as writer:     # makes database `live`, fills it, starts its threads
        ... copy ...
    # stopped; nothing is left prepared or open
    History(server, journal_path).differences(...)

Each thread has one session and repeats: draw an action, lock the rows that it needs, compute the images, note them,
run the statements, commit. Before-images come from locking reads of the same transaction, so they hold whatever the
other sessions do. A deadlock, a lock wait or a vanished parent rolls back and goes on; anything else ends the writer,
and `stop` raises it.

Tables: plain (integer key) · composite (keys change) · texts (string keys, JSON) · keyless (duplicates) · accounts
and transfers (several tables in one transaction; the sum of balances never changes) · parents and children (ON DELETE
and ON UPDATE CASCADE, which the binlog does not show) · rare (once a second) · still_keyed and still_keyless (never).
"""

import contextlib
import itertools
import json
import random
import threading
import time

import pymysql

from testbed import journal

_EXPECTED_ERRORS = {1205, 1213, 1452, 1451, 1614, 3572}  # lock wait, deadlock, foreign key, XA branch rolled back
_FIRST_ROWS = 2000
_BATCH = 200

DEFINITIONS = {
    "plain": "CREATE TABLE plain (id BIGINT NOT NULL PRIMARY KEY, v VARCHAR(100), n INT, at DATETIME(6))",
    "composite": "CREATE TABLE composite (a INT NOT NULL, b VARCHAR(20) NOT NULL, c DECIMAL(20,6), v VARBINARY(60), PRIMARY KEY (a, b))",
    "texts": "CREATE TABLE texts (k VARCHAR(60) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY, body TEXT, j JSON)",
    "keyless": "CREATE TABLE keyless (a INT, b VARCHAR(40), c DOUBLE, KEY (a))",
    "accounts": "CREATE TABLE accounts (id INT NOT NULL PRIMARY KEY, balance DECIMAL(20,2) NOT NULL)",
    "transfers": "CREATE TABLE transfers (id BIGINT NOT NULL PRIMARY KEY, source INT, target INT, amount DECIMAL(20,2))",
    "parents": "CREATE TABLE parents (id INT NOT NULL PRIMARY KEY, v VARCHAR(20))",
    "children": "CREATE TABLE children (id BIGINT NOT NULL PRIMARY KEY, parent INT, v VARCHAR(20), KEY (parent),"
    " CONSTRAINT cascades FOREIGN KEY (parent) REFERENCES parents (id) ON DELETE CASCADE ON UPDATE CASCADE)",
    "rare": "CREATE TABLE rare (id INT NOT NULL PRIMARY KEY, v VARCHAR(20))",
    "still_keyed": "CREATE TABLE still_keyed (id INT NOT NULL PRIMARY KEY, v VARCHAR(100))",
    "still_keyless": "CREATE TABLE still_keyless (a INT, b VARCHAR(40))",
}
COLUMNS = {
    "plain": ("id", "v", "n", "at"),
    "composite": ("a", "b", "c", "v"),
    "texts": ("k", "body", "j"),
    "keyless": ("a", "b", "c"),
    "accounts": ("id", "balance"),
    "transfers": ("id", "source", "target", "amount"),
    "parents": ("id", "v"),
    "children": ("id", "parent", "v"),
    "rare": ("id", "v"),
    "still_keyed": ("id", "v"),
    "still_keyless": ("a", "b"),
}
# Keys stand first; the others have none.
_KEY_COLUMNS = {
    "plain": 1,
    "composite": 2,
    "texts": 1,
    "accounts": 1,
    "transfers": 1,
    "parents": 1,
    "children": 1,
    "rare": 1,
}
_PIECES = ("ab", " ", "'", '"', "\\", "\n", "\t", "\0", "é", "中", "😀", "%", ";", "NULL", "x" * 20)


class Transaction:
    """One unit of a session: statements that carry the tag, and the changes that they mean."""

    def __init__(self, cursor, tag: str):
        self._cursor = cursor
        self.tag = tag
        self.changes = []

    def lock(self, table: str, condition: str, *arguments) -> list[tuple]:
        """Rows as text, locked to the end of the transaction."""
        selected = ", ".join(COLUMNS[table])
        self._cursor.execute(f"SELECT {selected} FROM {table} WHERE {condition} FOR UPDATE", arguments)
        return [tuple(row) for row in self._cursor.fetchall()]

    def insert(self, table: str, rows: list[tuple]) -> None:
        places = "(" + ", ".join(["%s"] * len(rows[0])) + ")"
        self._run(f"INSERT INTO {table} VALUES " + ", ".join([places] * len(rows)), sum(rows, ()), len(rows))
        self.changes += [(table, None, row) for row in rows]

    def update(self, table: str, before: tuple, after: tuple) -> None:
        if before != after:
            names = COLUMNS[table]
            places = ", ".join(f"{name} = %s" for name in names)
            condition, key = _identity(table, before)
            self._run(f"UPDATE {table} SET {places} WHERE {condition} LIMIT 1", after + key, 1)
            self.changes.append((table, before, after))

    def delete(self, table: str, before: tuple) -> None:
        condition, key = _identity(table, before)
        self._run(f"DELETE FROM {table} WHERE {condition} LIMIT 1", key, 1)
        self.changes.append((table, before, None))

    def cascaded(self, table: str, before: tuple, after: tuple | None) -> None:
        """A change that the server made by itself, below the log."""
        self.changes.append((table, before, after))

    def keep_savepoint(self, action) -> None:
        """Runs `action` and takes back what it did."""
        kept = len(self.changes)
        self._cursor.execute("SAVEPOINT taken_back")
        action(self)
        self._cursor.execute("ROLLBACK TO SAVEPOINT taken_back")
        del self.changes[kept:]

    def _run(self, statement: str, arguments: tuple, affected: int) -> None:
        self._cursor.execute(f"{journal.comment(self.tag)} {statement}", arguments)
        if self._cursor.rowcount != affected:
            raise journal.JournalBroken(
                f"{self.tag}: {statement} affected {self._cursor.rowcount} rows, not {affected}"
            )


def _identity(table: str, row: tuple) -> tuple[str, tuple]:
    """What finds the row: its key, or every column of a keyless one. An equal duplicate will do as well."""
    count = _KEY_COLUMNS.get(table, len(row))
    return " AND ".join(f"{name} <=> %s" for name in COLUMNS[table][:count]), row[:count]


class Actions:
    """What a thread may do. Values are written as the server prints them, so that images compare as text."""

    def __init__(self, seed: int, keys):
        self._random = random.Random(seed)
        self._keys = keys  # unique for all threads
        self.weighted = [
            (self.insert_plain, 5),
            (self.update_plain, 6),
            (self.delete_plain, 3),
            (self.move_key, 3),
            (self.change_composite, 4),
            (self.change_text, 3),
            (self.change_keyless, 4),
            (self.transfer, 5),
            (self.change_family, 3),
            (self.much_at_once, 1),
        ]

    def draw(self):
        actions, weights = zip(*self.weighted)
        return self._random.choices(actions, weights)[0]

    def insert_plain(self, unit: Transaction) -> None:
        unit.insert("plain", [self.plain_row() for _ in range(self._random.choice((1, 1, 1, 3, 20)))])

    def update_plain(self, unit: Transaction) -> None:
        for before in unit.lock("plain", "id >= %s ORDER BY id LIMIT 3", self._some_key()):
            unit.update("plain", before, (before[0], *self.plain_row()[1:]))
        if self._random.random() < 0.1:
            unit.keep_savepoint(self.insert_plain)

    def delete_plain(self, unit: Transaction) -> None:
        for before in unit.lock(
            "plain", "id >= %s ORDER BY id LIMIT %s", self._some_key(), self._random.choice((1, 1, 5))
        ):
            unit.delete("plain", before)

    def move_key(self, unit: Transaction) -> None:
        for before in unit.lock("plain", "id >= %s ORDER BY id LIMIT 1", self._some_key()):
            unit.update("plain", before, (self._key(), *before[1:]))

    def change_composite(self, unit: Transaction) -> None:
        row = self.composite_row()
        for before in unit.lock("composite", "a = %s AND b >= %s ORDER BY b LIMIT 2", row[0], row[1][:3]):
            choice = self._random.random()
            if choice < 0.3:
                unit.delete("composite", before)
            elif choice < 0.7:
                unit.update("composite", before, (*self.composite_row()[:2], *before[2:]))
            else:
                unit.update("composite", before, (*before[:2], *self.composite_row()[2:]))
        unit.insert("composite", [row])

    def change_text(self, unit: Transaction) -> None:
        row = self.text_row()
        for before in unit.lock("texts", "k >= %s ORDER BY k LIMIT 1", row[0]):
            if self._random.random() < 0.4:
                unit.delete("texts", before)
            else:
                unit.update("texts", before, (self.text_row()[0], before[1], row[2]))
        unit.insert("texts", [row])

    def change_keyless(self, unit: Transaction) -> None:
        row = self.keyless_row()
        choice = self._random.random()
        if choice < 0.4:
            unit.insert("keyless", [row] * self._random.choice((1, 2, 3)))
            return
        for before in unit.lock("keyless", "a = %s LIMIT 2", row[0]):
            if choice < 0.7:
                unit.delete("keyless", before)
            else:
                unit.update("keyless", before, self.keyless_row())

    def transfer(self, unit: Transaction) -> None:
        pair = sorted(self._random.sample(range(100), 2))
        one, other = unit.lock("accounts", "id IN (%s, %s) ORDER BY id", *pair)
        cents = self._random.randrange(1, 10_000)
        unit.update("accounts", one, (one[0], _money(one[1], -cents)))
        unit.update("accounts", other, (other[0], _money(other[1], cents)))
        unit.insert("transfers", [(self._key(), one[0], other[0], _money("0.00", cents))])

    def change_family(self, unit: Transaction) -> None:
        choice = self._random.random()
        if choice < 0.4:
            unit.insert("parents", [(self._key(), "new")])
            return
        for parent in unit.lock("parents", "id >= %s ORDER BY id LIMIT 1", self._some_key()):
            if choice < 0.8:
                unit.insert("children", [(self._key(), parent[0], "born")])
                continue
            children = unit.lock("children", "parent = %s", parent[0])
            moved = (self._key(), parent[1])
            if choice < 0.9:
                unit.delete("parents", parent)
            else:
                unit.update("parents", parent, moved)
            for child in children:
                unit.cascaded("children", child, None if choice < 0.9 else (child[0], moved[0], child[2]))

    def much_at_once(self, unit: Transaction) -> None:
        """Many tables in one transaction."""
        for action in self._random.sample(self.weighted, 4):
            action[0](unit)

    def plain_row(self) -> tuple:
        moment = f"20{self._random.randrange(10, 38)}-0{self._random.randrange(1, 10)}-11 12:13:14.{self._random.randrange(10**6):06}"
        return (
            self._key(),
            self._text(4),
            str(self._random.randrange(-(2**31), 2**31)),
            self._random.choice((None, moment)),
        )

    def composite_row(self) -> tuple:
        cents = self._random.randrange(-(10**12), 10**12)
        amount = f"{'-' if cents < 0 else ''}{abs(cents) // 10**6}.{abs(cents) % 10**6:06}"
        return (
            str(self._random.randrange(20)),
            f"b{self._key()}",
            amount,
            self._random.randbytes(self._random.randrange(60)),
        )

    def text_row(self) -> tuple:
        document = json.dumps(
            {"n": self._random.randrange(10**9), "s": self._random.choice(("a", "中", '"q"'))}, ensure_ascii=False
        )
        size = self._random.choice((0, 1, 10, 1000))
        return (f"{self._random.randrange(16):x}{self._text(2).strip()}{self._key()}", self._text(2) * size, document)

    def keyless_row(self) -> tuple:
        """Few values, so that rows repeat; text without case, so that equal is equal in bytes."""
        quarter = self._random.randrange(8)
        number = str(quarter // 4) if quarter % 4 == 0 else f"{quarter / 4}"
        return (str(self._random.randrange(50)), self._random.choice((None, "one", "two")), number)

    def _text(self, pieces: int) -> str:
        return "".join(self._random.choices(_PIECES, k=self._random.randrange(pieces + 1)))

    def _key(self) -> str:
        return str(next(self._keys))

    def _some_key(self) -> int:
        return self._random.randrange(1, self._keys.highest + 1)


class _Keys:
    """A counter for all threads; `highest` is about where it stands. next() of itertools is one step in CPython."""

    def __init__(self):
        self._counter = itertools.count(1)
        self.highest = 1

    def __next__(self) -> int:
        self.highest = next(self._counter)
        return self.highest


class Writer:
    """Steered by one thread. `connect` of the server must give an account that may set binlog_rows_query_log_events."""

    def __init__(self, server, path, *, database="live", threads=4, seed=1, xa=True, pause_seconds=0.0):
        self.database = database
        self.committed = 0
        self.rolled_back = 0
        self._server = server
        self._journal = journal.Journal(path)
        self._keys = _Keys()
        self._seed = seed
        self._xa = xa
        self._pause_seconds = pause_seconds
        self._threads = [threading.Thread(target=self._write, args=(each,), daemon=True) for each in range(threads)]
        self._threads.append(threading.Thread(target=self._write_rarely, daemon=True))
        self._over = threading.Event()
        self._counting = threading.Lock()
        self._failure = None

    def tables(self) -> list[tuple[str, str]]:
        return [(self.database, name) for name in DEFINITIONS]

    def prepare(self) -> None:
        """Makes the database, which must not exist, and its first rows: journaled like all others."""
        self._journal.tables(DEFINITIONS)
        with self._session(create=True) as cursor:
            for definition in DEFINITIONS.values():
                cursor.execute(definition)
            for number, (table, rows) in enumerate(self._first_rows()):
                self._commit(cursor, f"first-{number}", lambda unit: unit.insert(table, rows))

    def start(self) -> None:
        for each in self._threads:
            each.start()

    def stop(self) -> None:
        """Lets each session end its transaction. Raises what ended one of them before."""
        self._over.set()
        for each in self._threads:
            if each.ident is not None:
                each.join()
        self._journal.close()
        if self._failure is not None:
            raise self._failure

    def __enter__(self) -> "Writer":
        self.prepare()
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    @contextlib.contextmanager
    def _session(self, create=False, isolation="READ-COMMITTED"):
        """A cursor whose rows are text: no value passes through a Python number."""
        only_encoders = dict(pymysql.converters.encoders)
        with contextlib.closing(self._server.connect(conv=only_encoders)) as connection, connection.cursor() as cursor:
            if create:
                cursor.execute(f"CREATE DATABASE `{self.database}` DEFAULT CHARACTER SET utf8mb4")
            cursor.execute(f"USE `{self.database}`")
            level = "tx_isolation" if connection.get_server_info().startswith("5.") else "transaction_isolation"
            cursor.execute(
                "SET SESSION binlog_rows_query_log_events = ON, innodb_lock_wait_timeout = 5, time_zone = '+00:00',"
                f" {level} = '{isolation}'"
            )
            yield cursor

    def _first_rows(self):
        actions = Actions(self._seed, self._keys)
        makers = {
            "plain": actions.plain_row,
            "composite": actions.composite_row,
            "texts": actions.text_row,
            "keyless": actions.keyless_row,
            "parents": lambda: (str(next(self._keys)), "first"),
            "still_keyed": lambda: (str(next(self._keys)), "never written again"),
            "still_keyless": lambda: ("1", "never written again"),
        }
        for table, make in makers.items():
            for _ in range(_FIRST_ROWS // _BATCH):
                yield table, [make() for _ in range(_BATCH)]
        yield "accounts", [(str(each), "1000.00") for each in range(100)]
        yield "rare", [(str(each), "first") for each in range(10)]

    def _write(self, number: int) -> None:
        actions = Actions(self._seed * 1000 + number, self._keys)
        draw = random.Random(self._seed * 1000 + number)
        isolation = ("READ-COMMITTED", "REPEATABLE-READ")[number % 2]
        with self._failing(), self._session(isolation=isolation) as cursor:
            for count in itertools.count():
                if self._over.is_set():
                    return
                commit = self._commit_xa if self._xa and draw.random() < 0.1 else self._commit
                self._attempt(cursor, commit, f"{number}-{count}", actions.draw())
                if self._pause_seconds:
                    self._over.wait(self._pause_seconds * 2 * draw.random())

    def _write_rarely(self) -> None:
        with self._failing(), self._session() as cursor:
            for count in itertools.count():
                if self._over.wait(1.0):
                    return

                def touch(unit: Transaction) -> None:
                    (row,) = unit.lock("rare", "id = %s", count % 10)
                    unit.update("rare", row, (row[0], f"touched {count}"))

                self._attempt(cursor, self._commit, f"rare-{count}", touch)

    @contextlib.contextmanager
    def _failing(self):
        """Keeps the first failure for `stop`, and stops the others."""
        try:
            yield
        except BaseException as error:  # whatever it is, it must reach the test
            self._failure = self._failure or error
            self._over.set()

    def _attempt(self, cursor, commit, tag: str, action) -> None:
        try:
            kept = commit(cursor, tag, action)
        except pymysql.err.MySQLError as error:
            if error.args[0] not in _EXPECTED_ERRORS:
                raise
            self._roll_back(cursor, tag)
            kept = False
        with self._counting:
            self.committed += kept
            self.rolled_back += not kept

    def _commit(self, cursor, tag: str, action) -> bool:
        unit = Transaction(cursor, tag)
        cursor.execute("BEGIN")
        action(unit)
        if not unit.changes:
            cursor.execute("ROLLBACK")
            return False
        self._journal.intent(tag, unit.changes)
        cursor.execute("COMMIT")
        self._journal.done(tag)
        return True

    def _commit_xa(self, cursor, tag: str, action) -> bool:
        """Stays prepared for a while, then commits, now and then rolls back."""
        unit = Transaction(cursor, tag)
        cursor.execute(f"XA START '{tag}'")
        action(unit)
        cursor.execute(f"XA END '{tag}'")
        cursor.execute(f"XA PREPARE '{tag}'")
        chance = random.Random(tag)
        time.sleep(chance.choice((0, 0, 0.01, 0.1)))
        if not unit.changes or chance.random() < 0.1:
            cursor.execute(f"XA ROLLBACK '{tag}'")
            return False
        self._journal.intent(tag, unit.changes)
        cursor.execute(f"XA COMMIT '{tag}'")
        self._journal.done(tag)
        return True

    def _roll_back(self, cursor, tag: str) -> None:
        """Out of whichever state the error left: a plain transaction, or a branch that is active or to be rolled back."""
        for statement in (f"XA END '{tag}'", f"XA ROLLBACK '{tag}'", "ROLLBACK"):
            with contextlib.suppress(pymysql.err.MySQLError):
                cursor.execute(statement)


def _money(amount: str, cents: int) -> str:
    total = round(float(amount) * 100) + cents
    return f"{'-' if total < 0 else ''}{abs(total) // 100}.{abs(total) % 100:02}"
