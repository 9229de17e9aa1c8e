"""The journal of a live writer, and what it says a source held at any position of its binlog.

The writer notes each transaction *before* it commits: a tag and the row changes, as it knows them, never as the log
tells them. The tag also stands as a comment in every statement, and through `binlog_rows_query_log_events` in the
binlog. The binlog is asked for one thing only, by SHOW BINLOG EVENTS: which tags committed, in which order, ending
where. A transaction whose commit was lost or killed is thereby in or out by the source's own word.

    history = History(source, path)                  # after the copy; the log must still be whole
    assert history.differences(target, {("live", "plain"): ("binlog.000002", 4711)}) == []

A position is (file, offset) as of SHOW MASTER STATUS, or the text of a GTID set. XA transactions count from their
XA COMMIT on, whose event may be far behind the one with the rows.

Journal lines (JSON): {"tag", "changes": [[table, before, after], ...]} · {"done": tag} after the commit was answered ·
{"tables": {name: definition}} once at the start. A row is a list of text, null, or {"hex": ...} for binary columns.
"""

import collections
import dataclasses
import json
import pathlib
import re
import threading

from testbed import oracle

_TAG = re.compile(r"/\* tag ([^ ]+) \*/")
_XA = re.compile(r"XA (START|COMMIT|ROLLBACK|PREPARE) (X'[0-9a-f]*',X'[0-9a-f]*',\d+)( ONE PHASE)?", re.IGNORECASE)


class JournalBroken(AssertionError):
    """Journal and source contradict each other: the writer or the testbed is at fault, not the copy."""


def comment(tag: str) -> str:
    return f"/* tag {tag} */"


class Journal:
    """Written by the writer's threads; each line is in the file before the call returns."""

    def __init__(self, path):
        self._file = open(path, "a", encoding="utf-8")
        self._lock = threading.Lock()

    def tables(self, definitions: dict) -> None:
        self._write({"tables": definitions})

    def intent(self, tag: str, changes: list) -> None:
        encoded = [[table, _encoded(before), _encoded(after)] for table, before, after in changes]
        self._write({"tag": tag, "changes": encoded})

    def done(self, tag: str) -> None:
        self._write({"done": tag})

    def close(self) -> None:
        self._file.close()

    def _write(self, line: dict) -> None:
        text = json.dumps(line, ensure_ascii=True)
        with self._lock:
            self._file.write(text + "\n")
            self._file.flush()


@dataclasses.dataclass(frozen=True)
class Committed:
    """A tagged transaction as the source's log has it."""

    tag: str
    file: str
    end: int
    gtid: str | None


class History:
    """Every state that the writer's tables went through. Reads journal and log once, when made."""

    def __init__(self, source, path):
        self.definitions, self._changes, done = _read_journal(path)
        self.transactions = list(_committed(source))
        self._source = source
        tags = [each.tag for each in self.transactions if each.tag in self._changes]
        if len(tags) != len(set(tags)):
            raise JournalBroken("a tag committed twice")
        lost = done - set(tags)
        if lost:
            raise JournalBroken(f"the source answered {len(lost)} commits that its log lacks: {sorted(lost)[:5]}")

    def at(self, position) -> dict:
        """The rows of each table, as a Counter, by name, at this position."""
        reached = _reached(position)
        state = {name: collections.Counter() for name in self.definitions}
        for each in self.transactions:
            if each.tag in self._changes and reached(each):
                for table, before, after in self._changes[each.tag]:
                    _apply(state[table], before, after, each.tag)
        return state

    def position(self, tag: str) -> tuple[str, int]:
        """Where a transaction ends."""
        (found,) = (each for each in self.transactions if each.tag == tag)
        return found.file, found.end

    def differences(self, target, positions: dict, *, scratch=None, database_in_target=None) -> list:
        """How the target's tables differ from what they were at their positions; [] when they do not.

        positions: for each (database, table) of the writer that is to be judged, where it is said to stand.
        scratch: a server for a database `expected`, by default the source (with the binlog off).
        """
        scratch = scratch or self._source
        found = []
        for position in dict.fromkeys(map(_hashable, positions.values())):
            tables = [each for each, its in positions.items() if _hashable(its) == position]
            state = self.at(position)
            for _, name in tables:
                _build(scratch, name, self.definitions[name], state[name])
            back = {("expected", name): (database_in_target or database, name) for database, name in tables}
            found += oracle.compare(scratch, target, tables=list(back), rename=lambda *each: back[each])
        return found


def _build(scratch, name: str, definition: str, rows: collections.Counter) -> None:
    """Table `name` of database `expected` with exactly these rows."""
    with scratch.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_log_bin = 0, foreign_key_checks = 0, time_zone = '+00:00'")
        cursor.execute("CREATE DATABASE IF NOT EXISTS expected DEFAULT CHARACTER SET utf8mb4")
        cursor.execute(f"DROP TABLE IF EXISTS expected.`{name}`")
        cursor.execute("USE expected")
        cursor.execute(definition)
        every = sorted(rows.elements(), key=repr)
        for at in range(0, len(every), 1000):
            some = every[at : at + 1000]
            places = ", ".join(["%s"] * len(some[0]))
            cursor.execute(f"INSERT INTO `{name}` VALUES " + ", ".join([f"({places})"] * len(some)), sum(some, ()))


def _apply(rows: collections.Counter, before, after, tag: str) -> None:
    if before is not None:
        if rows[before] <= 0:
            raise JournalBroken(f"transaction {tag} changed a row that was not there: {before}")
        rows[before] -= 1
        if rows[before] == 0:
            del rows[before]
    if after is not None:
        rows[after] += 1


def _read_journal(path):
    definitions, changes, done = {}, {}, set()
    with open(path, encoding="utf-8") as lines:
        for text in lines:
            if not text.endswith("\n"):
                break  # the writer was killed in the middle of a line: that transaction never committed
            line = json.loads(text)
            if "tables" in line:
                definitions |= line["tables"]
            elif "done" in line:
                done.add(line["done"])
            else:
                changes[line["tag"]] = [
                    (table, _decoded(before), _decoded(after)) for table, before, after in line["changes"]
                ]
    return definitions, changes, done


def _encoded(row):
    return None if row is None else [{"hex": cell.hex()} if isinstance(cell, bytes) else cell for cell in row]


def _decoded(row):
    return (
        None if row is None else tuple(bytes.fromhex(cell["hex"]) if isinstance(cell, dict) else cell for cell in row)
    )


# The source's log.


def _committed(source):
    """Tagged transactions in the order of the log, from its first file to now."""
    with source.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SHOW BINARY LOGS")
        files = [row[0] for row in cursor.fetchall()]
        scan = _Scan()
        for file in files:
            cursor.execute(f"SHOW BINLOG EVENTS IN '{file}'")
            for _, _, kind, _, end, info in cursor.fetchall():
                yield from scan.take(
                    file, kind, end, info if isinstance(info, str) else info.decode("utf-8", "replace")
                )


class _Scan:
    """Groups of events to transactions: GTID, BEGIN or XA START, statements with tags, end."""

    def __init__(self):
        self._gtid = None
        self._tag = None
        self._prepared = {}

    def take(self, file: str, kind: str, end: int, info: str):
        if kind in ("Gtid", "Anonymous_Gtid"):
            match = re.search(r"GTID_NEXT= '([^']+)'", info)
            self._gtid = match[1] if match and match[1] != "ANONYMOUS" else None
            self._tag = None
        elif kind == "Rows_query":
            match = _TAG.search(info)
            self._tag = match[1] if match else self._tag
        elif kind == "Xid":
            yield from self._ended(self._tag, file, end)
        elif kind == "XA_prepare":
            match = _XA.search(info)
            if match[3]:
                yield from self._ended(self._tag, file, end)
            elif self._tag is not None:
                self._prepared[match[2]] = self._tag
            self._tag = None
        elif kind == "Query":
            yield from self._query(file, end, info)

    def _query(self, file: str, end: int, info: str):
        match = _XA.search(info)
        if match and match[1].upper() == "COMMIT":
            yield from self._ended(self._prepared.pop(match[2], None), file, end)
        elif match and match[1].upper() == "ROLLBACK":
            self._prepared.pop(match[2], None)
        elif info == "COMMIT":  # ends a transaction of tables that have none
            yield from self._ended(self._tag, file, end)

    def _ended(self, tag, file: str, end: int):
        if tag is not None:
            yield Committed(tag, file, end, self._gtid)
        self._tag = None


# Positions.


def _reached(position):
    """Whether a transaction is within the position."""
    if isinstance(position, str):
        executed = parse_gtids(position)
        return lambda each: _in_set(executed, each.gtid)
    file, offset = position
    return lambda each: (_number(each.file), each.end) <= (_number(file), int(offset))


def _number(file: str) -> int:
    return int(pathlib.PurePath(file).name.rsplit(".", 1)[1])


def _hashable(position):
    return position if isinstance(position, str) else tuple(position)


def parse_gtids(text: str) -> dict:
    """uuid → list of (first, last), both included."""
    found = collections.defaultdict(list)
    for part in text.replace("\n", "").split(","):
        if not part.strip():
            continue
        uuid, *ranges = part.strip().split(":")
        for each in ranges:
            first, _, last = each.partition("-")
            found[uuid.lower()].append((int(first), int(last or first)))
    return found


def _in_set(executed: dict, gtid: str | None) -> bool:
    if gtid is None:
        raise JournalBroken("a GTID set was given, and the source's log has none")
    uuid, number = gtid.lower().split(":")
    return any(first <= int(number) <= last for first, last in executed.get(uuid, ()))
