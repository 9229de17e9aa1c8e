"""The target of a test: a TiDB that somebody runs, or a MySQL 8.0 of our own."""

import os

import pymysql

from testbed import servers

_SYSTEM_DATABASES = {"mysql", "sys", "information_schema", "performance_schema", "metrics_schema"}
_TIDB = "TIDEWAY_TEST_TIDB"


class ExternalTarget:
    """A TiDB at host:port, root without a password. Everything in it that is not the system's is dropped."""

    is_running = True
    is_tidb = True

    def __init__(self, address: str):
        host, separator, port = address.rpartition(":")
        if not separator or not port.isdigit():
            raise ValueError(f"{_TIDB} is {address!r}, expected host:port")
        self.host, self.port = host, int(port)

    connect = servers.Server.connect
    execute = servers.Server.execute

    def url(self, *arguments, **parameters) -> str:
        return servers.Server.url(self, *arguments, **parameters).replace("mysql://", "tidb://", 1)

    def resume(self) -> None:
        pass

    def reset(self) -> None:
        for (database,) in self.execute("SHOW DATABASES"):
            if database.lower() not in _SYSTEM_DATABASES:
                self.execute("DROP DATABASE `{}`".format(database.replace("`", "``")))

    def __enter__(self) -> "ExternalTarget":
        try:
            self.connect().close()
        except pymysql.err.MySQLError as error:
            raise servers.ServerError(f"{_TIDB} names {self.host}:{self.port}, which does not answer") from error
        return self

    def __exit__(self, *_) -> None:
        self.reset()


def external_target() -> ExternalTarget | None:
    """The one that the environment names."""
    address = os.environ.get(_TIDB)
    return ExternalTarget(address) if address else None


def Target():
    """A context manager that gives the target of this run, started."""
    if external := external_target():
        return external
    server = servers.Server("8.0")
    server.is_tidb = False
    return server
