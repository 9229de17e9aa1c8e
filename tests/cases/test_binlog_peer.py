"""Rows of a log as another decoder prints them: mysqlbinlog -vv, or MariaDB's, where their text says the same."""

import re
import shutil
import subprocess

import pytest
from programs import built
from testbed import clients

_TABLE = """CREATE TABLE peer.t (id INT NOT NULL PRIMARY KEY, i8 TINYINT, i16 SMALLINT, i24 MEDIUMINT, i64 BIGINT, d DECIMAL(20,6), d65 DECIMAL(65,30),
  y YEAR, da DATE, dt DATETIME, dt6 DATETIME(6), t TIME, t3 TIME(3), v VARCHAR(300), c CHAR(10), b VARBINARY(20), e ENUM('x', 'y'), f DOUBLE)"""
_ROWS = [
    "(1, -128, -32768, -8388608, -9223372036854775808, -1.5, -0.000000000000000000000000000001, 1901, '1000-01-01', '1000-01-01 00:00:00',"
    " '2024-02-29 23:59:59.999999', '-838:59:59', '-00:00:00.001', 'it''s', 'a', X'00FF', 'y', -1.5)",
    "(2, 127, 32767, 8388607, 9223372036854775807, 99999999999999.999999, 1, 2155, '9999-12-31', '9999-12-31 23:59:59', '1000-01-01', '838:59:59',"
    " '23:59:59.999', '', '', '', 'x', 0.25)",
    "(3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
    "(4, 0, 0, 0, 0, 0, 0, 2000, '2024-02-29', '2024-02-29 12:34:56', '2024-02-29 12:34:56.000001', '00:00:00', '01:02:03.004', REPEAT('z', 300), 'zz', X'27', 'x', 1e10)",
]


def _peer() -> str:
    return shutil.which("mysqlbinlog") or shutil.which("mariadb-binlog") or clients.find("mysqlbinlog")


def _peer_images(log) -> list[list[str]]:
    """Each image as texts, in order of the columns; None for NULL."""
    done = subprocess.run([_peer(), "--no-defaults", "-vv", str(log)], capture_output=True, check=True)
    images = []
    for line in done.stdout.decode("latin1").splitlines():
        if line in ("### SET", "### WHERE"):
            images.append([])
        found = re.match(r"###   @\d+=(.*) /\* ", line)
        if found:
            images[-1].append(_plain(found[1]))
    return images


def _plain(text: str):
    if text == "NULL":
        return None
    text = re.sub(r" \(\d+\)$", "", text)  # a negative number, and what it is without its sign
    if text.startswith("'"):
        text = re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), text[1:-1])
    return text.replace("\\'", "'")


def _same(ours, theirs, column: int) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    if column == 16:  # an ENUM by its number
        return {"x": "1", "y": "2"}[ours] == theirs
    if column == 17:
        return float(ours) == float(theirs)
    if column == 8:  # 1000:01:01
        return ours == theirs.replace(":", "-")
    return ours == theirs


@pytest.mark.parametrize("image", ["FULL", "MINIMAL"])
def test_rows_are_those_of_mysqlbinlog(image, mysql57, tmp_path):
    with mysql57.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE peer")
        cursor.execute(_TABLE)
        cursor.execute("SHOW CREATE TABLE peer.t")
        (tmp_path / "t.sql").write_text(cursor.fetchone()[1])
        cursor.execute(f"SET SESSION binlog_row_image = {image}")
        cursor.execute("FLUSH BINARY LOGS")
        for row in _ROWS:
            cursor.execute(f"INSERT INTO peer.t VALUES {row}")
        cursor.execute("UPDATE peer.t SET i8 = 5, v = 'changed' WHERE id IN (1, 3)")
        cursor.execute("DELETE FROM peer.t")
        cursor.execute("SHOW MASTER STATUS")
        log = cursor.fetchone()[0]
        cursor.execute("FLUSH BINARY LOGS")
    done = subprocess.run([built("print_rows"), mysql57.data / log, "peer", tmp_path / "t.sql"], capture_output=True, text=True, check=True)
    ours = [[None if cell == "NULL" else bytes.fromhex(cell.rstrip(".")).decode("latin1") for cell in line.split()[1:]] for line in done.stdout.splitlines()]
    theirs = _peer_images(mysql57.data / log)
    assert len(ours) == len(theirs) == 12  # 4 inserts, 2 updates of two images, 4 removals
    for mine, peer in zip(ours, theirs):
        assert len(mine) == len(peer), (mine, peer)
        for column, (one, other) in enumerate(zip(mine, peer)):
            if len(mine) == 18:  # columns; of fewer none prints otherwise there
                assert _same(one, other, column), (column, one, other)
            else:
                assert one == other, (one, other)
