"""A server that somebody else runs, by its URL."""

import urllib.parse

import pymysql


class Remote:
    def __init__(self, url: str):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("mysql", "tidb") or not parts.hostname:
            raise ValueError(f"{url!r} is no mysql://user:password@host:port/")
        self.host = parts.hostname
        self.port = parts.port or 3306
        self._user = urllib.parse.unquote(parts.username or "root")
        self._password = urllib.parse.unquote(parts.password or "")

    def connect(self, **parameters) -> pymysql.connections.Connection:
        settings = {"host": self.host, "port": self.port, "user": self._user, "password": self._password}
        return pymysql.connect(**(settings | {"charset": "utf8mb4", "autocommit": True, **parameters}))

    def execute(self, *statements: str, **parameters) -> list:
        """Runs statements on a fresh connection; the rows of the last one."""
        with self.connect(**parameters) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())
