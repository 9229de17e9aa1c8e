"""The live writer's journal tells what the source held at any position of its log."""

import contextlib
import pathlib
import subprocess
import sys
import time

import pytest

from testbed import journal, oracle
from testbed.writer import Writer

ROOT = pathlib.Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def locked_snapshot(server):
    """(session, status): a snapshot at exactly the position of the status, the old way."""
    with contextlib.closing(server.connect()) as session, session.cursor() as cursor:
        cursor.execute("FLUSH TABLES WITH READ LOCK")
        cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        cursor.execute("SHOW MASTER STATUS")
        status = cursor.fetchone()
        cursor.execute("UNLOCK TABLES")
        yield session, status


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_journal_gives_the_content_at_any_position_of_a_live_source(source, tmp_path):
    with Writer(source, tmp_path / "journal") as writer:
        wait_for(lambda: writer.committed > 500)
        with locked_snapshot(source) as (session, status):
            source.execute("FLUSH BINARY LOGS")
            wait_for(lambda: writer.committed > 1000)
            tables = writer.tables()
            then = journal.History(source, tmp_path / "journal")
            for position in (status[:2], status[4]):
                assert then.differences(session, dict.fromkeys(tables, position)) == []
    history = journal.History(source, tmp_path / "journal")
    ((file, offset, *_),) = source.execute("SHOW MASTER STATUS")
    assert file != status[0]
    assert history.differences(source, dict.fromkeys(tables, (file, offset))) == []
    # One transaction less is a difference, whichever was the last.
    earlier = history.transactions[-2]
    assert history.differences(source, dict.fromkeys(tables, (earlier.file, earlier.end))) != []
    assert source.execute("XA RECOVER") == []


def test_every_kind_of_change_is_made(mysql80, tmp_path):
    with Writer(mysql80, tmp_path / "journal") as writer:
        wait_for(lambda: writer.committed > 1500)
    history = journal.History(mysql80, tmp_path / "journal")
    kinds = set()
    for changes in history._changes.values():
        for table, before, after in changes:
            kind = "insert" if before is None else "delete" if after is None else "update"
            kinds.add((table, kind))
            if kind == "update" and table in ("plain", "composite", "texts", "parents") and before[0] != after[0]:
                kinds.add((table, "key change"))
    keyed = {
        (table, kind)
        for table in ("plain", "composite", "texts")
        for kind in ("insert", "update", "delete", "key change")
    }
    keyless = {("keyless", kind) for kind in ("insert", "update", "delete")}
    cascades = {("children", "update"), ("children", "delete"), ("parents", "key change")}
    assert keyed | keyless | cascades | {("transfers", "insert"), ("accounts", "update")} <= kinds
    assert {table for table, _ in kinds if table.startswith("still")} == {"still_keyed", "still_keyless"}
    assert ("still_keyed", "update") not in kinds
    log = mysql80.execute("SHOW BINARY LOGS")
    events = [row for (file, *_) in log for row in mysql80.execute(f"SHOW BINLOG EVENTS IN '{file}'")]
    assert any(row[2] == "XA_prepare" for row in events)
    assert any("XA COMMIT" in str(row[5]) for row in events)
    assert mysql80.execute("SELECT SUM(balance) FROM live.accounts")[0][0] == 100_000


def test_commits_that_a_killed_server_never_answered_are_judged_by_its_log(mysql80, tmp_path):
    writer = Writer(mysql80, tmp_path / "journal", xa=False)
    writer.prepare()
    writer.start()
    wait_for(lambda: writer.committed > 300)
    mysql80.kill()
    with pytest.raises(Exception):
        writer.stop()
    mysql80.start()
    history = journal.History(mysql80, tmp_path / "journal")
    end = history.transactions[-1]
    assert history.differences(mysql80, dict.fromkeys(writer.tables(), (end.file, end.end))) == []


def test_a_log_that_lacks_an_answered_commit_breaks_the_journal(mysql80, tmp_path):
    with Writer(mysql80, tmp_path / "journal", threads=1) as writer:
        wait_for(lambda: writer.committed > 10)
    mysql80.execute("RESET MASTER")
    with pytest.raises(journal.JournalBroken, match="lacks"):
        journal.History(mysql80, tmp_path / "journal")


def test_a_change_behind_the_journal_is_noticed(mysql80, tmp_path):
    with Writer(mysql80, tmp_path / "journal", threads=1) as writer:
        wait_for(lambda: writer.committed > 10)
    ((file, offset, *_),) = mysql80.execute("SHOW MASTER STATUS")
    mysql80.execute("UPDATE live.still_keyless SET b = 'x' LIMIT 1")
    history = journal.History(mysql80, tmp_path / "journal")
    found = history.differences(mysql80, dict.fromkeys(writer.tables(), (file, offset)))
    assert [each.table for each in found] == ["still_keyless"]


def test_the_writer_runs_as_a_program(mysql80, tmp_path):
    command = [sys.executable, "-m", "testbed", "write", mysql80.url(), "--seconds", "1", "--pause", "0.01"]
    path = tmp_path / "journal"
    done = subprocess.run([*command, "--journal", str(path)], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "transactions committed" in done.stdout
    tables = [each for each in oracle.digests(mysql80) if each[0] == "live"]
    ((file, offset, *_),) = mysql80.execute("SHOW MASTER STATUS")
    assert journal.History(mysql80, path).differences(mysql80, dict.fromkeys(tables, (file, offset))) == []
