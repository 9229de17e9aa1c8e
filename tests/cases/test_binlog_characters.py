"""Characters of the log, for every code of every character set: what the decoder makes of them against what a server prints."""

import subprocess

import pytest
from programs import built

# Of these every value comes back from UTF-8 (model/odd_value.h), so that what has no character reads as the server prints it.
_FAITHFUL = {"latin1", "ucs2", "utf16", "utf16le", "utf32", "cp850", "gb18030", "koi8u", "utf8", "utf8mb4"}


def _codes(charset: str) -> list[str]:
    one = [f"{byte:02X}" for byte in range(256)]
    pairs = lambda first: [f"{a:02X}{b:02X}" for a in range(first, 256) for b in range(256)]
    if charset in ("ucs2", "utf16", "utf16le"):
        supplementary = [chr(point).encode(f"utf-16-{'le' if charset == 'utf16le' else 'be'}").hex().upper() for point in range(0x10000, 0x110000, 97)]
        return pairs(0) + (supplementary if charset != "ucs2" else [])
    if charset == "utf32":
        return [f"{point:08X}" for point in (*range(0x3000), *range(0x3000, 0x110000, 17))]
    if charset in ("utf8", "utf8mb4"):
        last = 0x10000 if charset == "utf8" else 0x110000
        return [chr(point).encode().hex().upper() for point in range(0, last, 13) if not 0xD800 <= point < 0xE000]
    if charset in ("big5", "cp932", "euckr", "gb2312", "gbk", "sjis", "gb18030", "ujis", "eucjpms"):
        one += pairs(0x80)
    if charset in ("ujis", "eucjpms"):
        one += [f"8F{a:02X}{b:02X}" for a in range(0xA1, 0xFF) for b in range(0xA1, 0xFF)]
    if charset == "gb18030":
        one += [f"{0x81 + i // 12600:02X}{0x30 + i // 1260 % 10:02X}{0x81 + i // 10 % 126:02X}{0x30 + i % 10:02X}"
                for i in (*range(39420), *range(189000, 189000 + 0x100000, 61))]  # fmt: skip
    return one


def _stored(server, charset: str) -> list[tuple[str, str, bool]]:
    """Codes that the server keeps as they are, what it prints for them, and whether that comes back."""
    codes = _codes(charset)
    with server.connect(conv={}, use_unicode=False) as connection, connection.cursor() as cursor:
        cursor.execute("SET NAMES utf8mb4")
        cursor.execute("SET SESSION sql_mode = ''")
        cursor.execute("CREATE DATABASE IF NOT EXISTS codes")
        cursor.execute("DROP TABLE IF EXISTS codes.t")
        cursor.execute(f"CREATE TABLE codes.t (v VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, c VARCHAR(4) CHARACTER SET {charset})")
        for at in range(0, len(codes), 5000):
            cursor.execute("INSERT IGNORE INTO codes.t VALUES " + ",".join(f"('{code}',x'{code}')" for code in codes[at : at + 5000]))
        back = f"CONVERT(CONVERT(CONVERT(c USING utf8mb4) USING {charset}) USING binary)"
        cursor.execute(f"SELECT v, c, CONVERT(c USING binary) <=> {back} FROM codes.t WHERE HEX(c) = v")
        return [(code.decode(), text.hex(), returns == b"1") for code, text, returns in cursor.fetchall()]


def _charsets(server) -> list[str]:
    return [name for (name,) in server.execute("SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS") if name != "binary"]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("version", ["mysql57", "mysql80"])
def test_every_code_of_every_character_set_reads_as_the_server_prints_it(version, request):
    server = request.getfixturevalue(version)
    charsets = _charsets(server)
    assert len(charsets) >= 40
    for charset in charsets:
        stored = _stored(server, charset)
        assert len(stored) >= 128, charset
        asked = "".join(code + "\n" for code, _, _ in stored)
        done = subprocess.run([built("print_characters"), charset], input=asked, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        wrong = []
        for (code, text, returns), line in zip(stored, done.stdout.splitlines(), strict=True):
            plain, faithful = line.split(" ")
            expected = text if returns else "-"
            if (plain != text) if charset in _FAITHFUL else (faithful != expected):
                wrong.append((code, text, returns, line))
        assert not wrong, (charset, len(wrong), wrong[:20])
