"""The SQL files of tests/fixtures, put into a server."""

import pathlib

import pymysql

_DIRECTORY = pathlib.Path(__file__).resolve().parent.parent / "tests" / "fixtures"


def statements(name: str) -> list[str]:
    """The statements of `name`.sql: each ends with a semicolon at the end of a line, and only there."""
    text = (_DIRECTORY / f"{name}.sql").read_text(encoding="utf-8")
    parts = text.split(";\n")
    return [part for part in map(_without_comments, parts) if part]


def load(server, *names: str) -> None:
    """Runs the files one after another, each in a session of its own. The first error names its statement."""
    for name in names:
        with server.connect() as connection, connection.cursor() as cursor:
            for statement in statements(name):
                try:
                    cursor.execute(statement)
                except pymysql.err.MySQLError as error:
                    raise AssertionError(f"{name}.sql: {error}\n{statement[:2000]}") from error


def _without_comments(part: str) -> str:
    """Drops whole lines of `--` before the statement; those inside stay and are the server's to skip."""
    lines = part.splitlines()
    while lines and (not lines[0].strip() or lines[0].startswith("--")):
        lines.pop(0)
    return "\n".join(lines).strip()
