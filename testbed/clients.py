"""MySQL's own client programs, for comparison in benches: where they are, and what they are.

The Maven artifacts carry mysqld alone. Debian's `mariadb-client` has mariadb and mariadb-dump (also as mysql and
mysqldump), which work with 5.7 and 8.0; its mariadb-binlog does not read MySQL's logs well. MySQL's own mysql,
mysqldump and mysqlbinlog of 9.x come with the package `mysql-client-core` of Debian sid.
"""

import functools
import os
import shutil
import subprocess

_ALTERNATIVES = {
    "mysql": ("mysql", "mariadb"),
    "mysqldump": ("mysqldump", "mariadb-dump"),
    "mysqlbinlog": ("mysqlbinlog",),
}


class NoClient(Exception):
    """The program is not installed; the message says which package has it."""


@functools.lru_cache
def find(name: str) -> str:
    """The path of mysql, mysqldump or mysqlbinlog: $TIDEWAY_MYSQLDUMP and so on first, then PATH."""
    named = os.environ.get(f"TIDEWAY_{name.upper()}")
    if named:
        if not os.access(named, os.X_OK):
            raise NoClient(f"TIDEWAY_{name.upper()} names {named}, which is no program")
        return named
    for each in _ALTERNATIVES[name]:
        path = shutil.which(each)
        if path:
            return path
    package = "mysql-client-core (Debian sid)" if name == "mysqlbinlog" else "mariadb-client"
    raise NoClient(f"no {name} here: apt-get install {package}")


@functools.lru_cache
def version(name: str) -> str:
    """What stands beside a figure in a table: `mysqldump  Ver 10.19 Distrib 10.11...`."""
    done = subprocess.run([find(name), "--no-defaults", "--version"], capture_output=True, text=True, check=True)
    return " ".join(done.stdout.split()).replace(find(name), os.path.basename(find(name)))


def command(name: str, server, *arguments: str, tls: bool = False) -> list[str]:
    """The program with `server`'s address, as root, over TCP as ours goes, with or without TLS as ours is told."""
    return [
        find(name),
        "--no-defaults",
        *_tls(name, tls),
        f"--host={server.host}",
        f"--port={server.port}",
        "--user=root",
        *arguments,
    ]


def _tls(name: str, tls: bool) -> list[str]:
    """MariaDB's clients and MySQL's disagree about the option that turns TLS on and off."""
    if "MariaDB" in version(name):
        return ["--ssl", "--skip-ssl-verify-server-cert"] if tls else ["--skip-ssl"]
    return ["--ssl-mode=REQUIRED" if tls else "--ssl-mode=DISABLED"]
