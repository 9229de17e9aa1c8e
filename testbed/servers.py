"""Private MySQL servers on loopback: start, stop, kill, reset.

A server's data directory is a sparse copy of a template that is initialised once and kept in the
cache, so a start takes about a second. Each server lives in a temporary directory of its own, which
goes away with it; directories of runs that were killed are swept by the next run.
"""

import atexit
import collections.abc
import concurrent.futures
import dataclasses
import fcntl
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse

import pymysql

from testbed import artifacts, cache

# Raised when the template below would come out different, so that old ones are not used.
_TEMPLATE_FORMAT = 1
_BOOT_SECONDS = 120
_STOP_SECONDS = 120
_PORT_TRIES = 5
_RUN_PREFIX = "tideway-server-"

# Small in memory, and able to take a row of 64 MiB: InnoDB refuses a BLOB above a tenth of the redo
# log, hence 2 x 384 MiB of it (sparse on disk until used).
_REDO = {"innodb_log_file_size": "384M", "innodb_log_files_in_group": "2"}

_DEFAULTS = {
    "innodb_buffer_pool_size": "64M",
    "innodb_log_buffer_size": "8M",
    # Survives kill -9 of the server, not of the machine: that is what is tested here.
    "innodb_flush_log_at_trx_commit": "2",
    "sync_binlog": "0",
    "performance_schema": "OFF",
    "max_connections": "300",
    "table_open_cache": "1000",
    "max_allowed_packet": "1G",
    "local_infile": "ON",
    "secure_file_priv": "",
    "skip_name_resolve": "ON",
    "log_bin": "binlog",
    "binlog_format": "ROW",
    "binlog_row_image": "FULL",
    "log_bin_trust_function_creators": "ON",
    "bind_address": "127.0.0.1",
    **_REDO,
}
_SYSTEM_DATABASES = {"mysql", "sys", "information_schema", "performance_schema"}
_SYSTEM_USERS = {"mysql.session", "mysql.sys", "mysql.infoschema"}
_PUBLIC_ROOT = ("root", "%")

# PDEATHSIG fires when the *thread* that forked ends: servers are forked by one thread that lives as
# long as the process, whoever asks.
_forker = concurrent.futures.ThreadPoolExecutor(max_workers=1, thread_name_prefix="testbed-forker")
_next_server_id = iter(range(1 + os.getpid() * 64, 2**32))


class ServerError(Exception):
    """A server did not do what it was told; the message ends with its error log."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclasses.dataclass(frozen=True)
class Prepared:
    """Data that is slow to make, kept in the cache by name and version. Change the name when you change `fill`."""

    name: str
    fill: collections.abc.Callable


class Server:
    """One MySQL server, stopped at first. A thread at a time may steer it; any may connect.

    `options` are mysqld variables by name with underscores; None as a value takes a default of the
    testbed away. They hold for every start; options given to `start` hold for that start alone.
    """

    def __init__(self, version="8.0", *, gtid=True, options=None, port=None, prepared: Prepared | None = None):
        self.distribution = artifacts.distribution(version)
        self.gtid = gtid
        self.options = dict(options or {})
        self.server_id = next(_next_server_id)
        self._home = artifacts.home(self.distribution)
        self._template = _prepared(self.distribution, prepared) if prepared else make_ready(self.distribution)
        self.directory, self._claim = _claim_directory()
        self._copy_template()
        self._wanted_port = port
        self.port = port or free_port()
        self._process = None
        self._variables = {}
        atexit.register(self.destroy)

    @property
    def version(self) -> str:
        return self.distribution.version

    @property
    def host(self) -> str:
        return "127.0.0.1"

    @property
    def data(self) -> pathlib.Path:
        return self.directory / "data"

    @property
    def socket(self) -> str:
        return str(self.directory / "s.sock")

    @property
    def error_log(self) -> pathlib.Path:
        return self.directory / "error.log"

    @property
    def ca(self) -> pathlib.Path:
        """The CA certificate of its generated TLS pair (8.0 only: 5.7.19 is built without OpenSSL)."""
        return self.data / "ca.pem"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerError(f"MySQL {self.version} is not running")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def url(self, user="root", password="", database="", **parameters) -> str:
        quote = lambda text: urllib.parse.quote(text, safe="")
        login = quote(user) + (":" + quote(password) if password else "")
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        return f"mysql://{login}@{self.host}:{self.port}/{quote(database)}{query}"

    def connect(self, **parameters) -> pymysql.connections.Connection:
        """A PyMySQL connection over TCP, as root unless told otherwise, autocommit on."""
        settings = {"host": self.host, "port": self.port, "user": "root", "password": ""}
        settings |= {"charset": "utf8mb4", "autocommit": True, "local_infile": True, **parameters}
        return pymysql.connect(**settings)

    def execute(self, *statements: str, **parameters) -> list:
        """Runs statements on a fresh connection; the rows of the last one."""
        with self.connect(**parameters) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def start(self, options=None) -> "Server":
        """Boots and waits until it answers."""
        if self.is_running:
            raise ServerError(f"MySQL {self.version} on port {self.port} already runs")
        for attempt in range(_PORT_TRIES):
            self._spawn(options or {})
            if self._wait_until_answering():
                self._variables = self._global_variables()
                return self
            log = self._log_tail()
            if self._wanted_port or "port" not in log or attempt + 1 == _PORT_TRIES:
                raise ServerError(f"MySQL {self.version} did not start:\n{log}")
            self.port = free_port()  # somebody took it between the look and the boot
        raise AssertionError("not reached")

    def stop(self) -> None:
        """Clean shutdown. Fails loudly when the server does not end."""
        if not self.is_running:
            self._process = None
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerError(f"MySQL {self.version} did not stop:\n{self._log_tail()}") from None
        self._process = None

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self, options=None) -> "Server":
        self.stop()
        return self.start(options)

    def pause(self) -> None:
        """Stops its clock (SIGSTOP): connections stay open and nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def reset(self) -> None:
        """Back to how the last start left it: no user database, account, XA branch, log or setting."""
        with self.connect() as connection, connection.cursor() as cursor:
            self._kill_others(cursor)
            self._restore_variables(cursor)
            _roll_back_prepared(cursor)
            _drop_everything(cursor, self.version)
            cursor.execute("RESET MASTER")

    def recreate(self, options=None) -> "Server":
        """A new data directory (and server UUID) on the same port, started: quicker than `reset` after many tables."""
        self.kill()
        shutil.rmtree(self.data)
        self._copy_template()
        return self.start(options)

    def destroy(self) -> None:
        """Kills it and removes its directory. Idempotent."""
        atexit.unregister(self.destroy)
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)
        self._claim.close()

    def __enter__(self) -> "Server":
        return self if self.is_running else self.start()

    def __exit__(self, *_) -> None:
        self.destroy()

    def _copy_template(self) -> None:
        _sparse_copy(self._template / "data", self.data)

    def _spawn(self, options: dict) -> None:
        gtid = "ON" if self.gtid else "OFF"
        settings = {**_DEFAULTS, "gtid_mode": gtid, "enforce_gtid_consistency": gtid}
        settings |= {"server_id": str(self.server_id), **self.options, **options}
        settings |= {"port": str(self.port), "socket": self.socket, "log_error": str(self.error_log)}
        settings |= {"pid_file": str(self.directory / "pid"), "tmpdir": str(self.directory)}
        command = _command(self.distribution, self._home, self.data, settings)
        self._process = _fork(command, self._home, self.directory)

    def _wait_until_answering(self) -> bool:
        """False when it ended instead."""
        deadline = time.monotonic() + _BOOT_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                return False
            try:
                # The TCP listener opens last; the pid tells that this server answers and not another.
                with self.connect(connect_timeout=5) as connection, connection.cursor() as cursor:
                    cursor.execute("SELECT @@pid_file")
                    if cursor.fetchone()[0] == str(self.directory / "pid"):
                        return True
            except pymysql.err.OperationalError:
                pass
            time.sleep(0.05)
        self.kill()
        raise ServerError(f"MySQL {self.version} did not answer in {_BOOT_SECONDS} s:\n{self._log_tail()}")

    def _log_tail(self) -> str:
        texts = (
            path.read_text(errors="replace") for path in (self.error_log, self.directory / "output") if path.exists()
        )
        return "".join(texts)[-4000:]

    def _global_variables(self) -> dict:
        return dict(self.execute("SHOW GLOBAL VARIABLES"))

    def _kill_others(self, cursor) -> None:
        """A session left open by a test may hold a metadata lock that DROP DATABASE would wait for."""
        cursor.execute(
            "SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID()"
            " AND user NOT IN ('system user', 'event_scheduler')"
        )
        for (session,) in cursor.fetchall():
            try:
                cursor.execute(f"KILL {session}")
            except pymysql.err.OperationalError as error:
                if error.args[0] != 1094:  # it has ended meanwhile
                    raise

    def _restore_variables(self, cursor) -> None:
        cursor.execute("SHOW GLOBAL VARIABLES")
        for name, value in cursor.fetchall():
            before = self._variables.get(name)
            if value == before or name.startswith("gtid_") and name != "gtid_mode":
                continue
            number = before.lstrip("-").replace(".", "", 1).isdigit()
            cursor.execute(f"SET GLOBAL {name} = {before if number else cursor.connection.escape(before)}")


def _roll_back_prepared(cursor) -> None:
    cursor.execute("XA RECOVER CONVERT XID")
    for format_id, gtrid_length, bqual_length, data in cursor.fetchall():
        both = bytes.fromhex(data[2:] if isinstance(data, str) else data[2:].decode())
        gtrid, bqual = both[:gtrid_length], both[gtrid_length : gtrid_length + bqual_length]
        cursor.execute(f"XA ROLLBACK 0x{gtrid.hex()}, {'0x' + bqual.hex() if bqual else repr('')}, {format_id}")


def _drop_everything(cursor, version: str) -> None:
    cursor.execute("SET SESSION foreign_key_checks = OFF")
    cursor.execute("SHOW DATABASES")
    for (database,) in cursor.fetchall():
        if database not in _SYSTEM_DATABASES:
            cursor.execute("DROP DATABASE `{}`".format(database.replace("`", "``")))
    cursor.execute("SELECT routine_type, routine_name FROM information_schema.routines WHERE routine_schema = 'mysql'")
    for kind, name in cursor.fetchall():
        cursor.execute(f"DROP {kind} mysql.`{name}`")
    cursor.execute("DROP TABLE IF EXISTS mysql.rds_configuration")
    cursor.execute("SELECT user, host FROM mysql.user")
    for user, host in cursor.fetchall():
        is_root = user == "root" and host in ("localhost", "%")
        if user not in _SYSTEM_USERS and not is_root:
            escape = cursor.connection.escape
            cursor.execute(f"DROP USER {escape(user)}@{escape(host)}")
    if not version.startswith("5."):
        cursor.execute("RESET PERSIST")


def _command(distribution, home, data, settings: dict) -> list[str]:
    fixed = [
        str(home / "bin" / "mysqld"),
        "--no-defaults",
        f"--basedir={home}",
        f"--datadir={data}",
        f"--lc-messages-dir={home}/share",
        f"--character-sets-dir={home}/share/charsets",
    ]
    if os.geteuid() == 0:
        fixed.append("--user=root")
    if distribution.series != "5.7":
        fixed.append("--mysqlx=OFF")
    named = (f"--{name.replace('_', '-')}={value}" for name, value in settings.items() if value is not None)
    return [*fixed, *named]


def _fork(command: list[str], home: pathlib.Path, directory: pathlib.Path) -> subprocess.Popen:
    """Starts mysqld so that it dies with this process, even when that is killed."""

    def spawn():
        with open(directory / "output", "wb") as output:
            return subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=directory,
                env={**os.environ, "LD_LIBRARY_PATH": artifacts.library_path(home)},
                start_new_session=True,  # Ctrl-C in a terminal reaches the test run, which stops its servers
            )

    return _forker.submit(spawn).result()


def _sparse_copy(source: pathlib.Path, destination: pathlib.Path) -> None:
    subprocess.run(["cp", "-a", "--sparse=always", str(source), str(destination)], check=True)


def _claim_directory():
    """A fresh directory and the lock that says its owner lives; sweeps those whose owner does not."""
    parent = pathlib.Path(tempfile.gettempdir())
    with cache.locked("runs"):
        for old in parent.glob(_RUN_PREFIX + "*"):
            _sweep(old)
        directory = pathlib.Path(tempfile.mkdtemp(prefix=_RUN_PREFIX, dir=parent))
        claim = open(directory / "owner", "w")
        fcntl.flock(claim, fcntl.LOCK_EX)
    return directory, claim


def _sweep(directory: pathlib.Path) -> None:
    try:
        with open(directory / "owner") as claim:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(directory, ignore_errors=True)
    except (BlockingIOError, FileNotFoundError, PermissionError):
        pass  # in use, being removed, or somebody else's


def make_ready(distribution) -> pathlib.Path:
    """Obtains the server and initialises its template, unless that is done; the template's directory."""
    home = artifacts.home(distribution)
    name = f"template/{distribution.version}-{_TEMPLATE_FORMAT}"
    return cache.made_once(name, lambda empty: _initialise(distribution, home, empty))


def _prepared(distribution, prepared: Prepared) -> pathlib.Path:
    make_ready(distribution)  # outside the lock of the other

    def make(empty: pathlib.Path) -> None:
        with Server(distribution.version) as server:
            prepared.fill(server)
            server.execute("RESET MASTER")
            server.stop()
            for each in (server.data / "auto.cnf", *server.data.glob("binlog.*")):
                each.unlink()
            _sparse_copy(server.data, empty / "data")

    return cache.made_once(f"prepared/{distribution.version}-{_TEMPLATE_FORMAT}-{prepared.name}", make)


def _initialise(distribution, home: pathlib.Path, into: pathlib.Path) -> None:
    """An initialised data directory with root@'%' beside root@localhost, both without a password."""
    with tempfile.TemporaryDirectory(prefix="tideway-template-") as scratch:
        work = pathlib.Path(scratch)
        settings = {**_REDO, "log_error": str(work / "error.log"), "skip_log_bin": ""}
        command = _command(distribution, home, work / "data", settings)
        command = [each.rstrip("=") for each in command]
        _run_to_end([*command, "--initialize-insecure"], home, work)
        _run_accounts(command, home, work)
        (work / "data" / "auto.cnf").unlink()  # or all servers would have one UUID
        _sparse_copy(work / "data", into / "data")


def _run_to_end(command: list[str], home: pathlib.Path, work: pathlib.Path) -> None:
    process = _fork(command, home, work)
    if process.wait() != 0:
        raise ServerError(f"{' '.join(command)} ended with {process.returncode}:\n{(work / 'error.log').read_text()}")


def _run_accounts(command: list[str], home: pathlib.Path, work: pathlib.Path) -> None:
    user, host = _PUBLIC_ROOT
    script = work / "accounts.sql"
    script.write_text(
        f"CREATE USER '{user}'@'{host}' IDENTIFIED BY '';\n"
        f"GRANT ALL PRIVILEGES ON *.* TO '{user}'@'{host}' WITH GRANT OPTION;\n"
        f"SHUTDOWN;\n"
    )
    network = ["--skip-networking", f"--socket={work}/s.sock", f"--pid-file={work}/pid"]
    _run_to_end([*command, *network, f"--init-file={script}"], home, work)
