"""Sessions on real servers: the GoogleTest cases of tests/mysql/server, given the servers they need."""

import os
import pathlib
import subprocess

import pytest

from testbed.servers import Server

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_THROTTLE_BYTES_PER_SECOND = 20_000


class _TlsServer(Server):
    """The test's own client does without TLS: what 5.7.19 offers is refused by today's OpenSSL."""

    def connect(self, **parameters):
        return super().connect(ssl_disabled=True, **parameters)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """ca.pem, cert.pem and key.pem for 127.0.0.1, and the CA of somebody else (other.pem)."""
    directory = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)

    for name in ("ca", "other"):
        openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha256", "-days", "30"),
            *("-subj", f"/CN=Tideway test {name}", "-keyout", f"{name}-key.pem", "-out", f"{name}.pem"),
        )
    openssl("genrsa", "-traditional", "-out", "key.pem", "2048")  # MySQL 5.7.19 reads no PKCS#8
    openssl("req", "-new", "-key", "key.pem", "-subj", "/CN=127.0.0.1", "-out", "request.pem")
    (directory / "extensions").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl(
        *("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial"),
        *("-sha256", "-days", "30", "-extfile", "extensions", "-out", "cert.pem"),
    )
    return directory


@pytest.fixture(scope="module")
def tls_servers(certificates):
    files = {"ssl_ca": "ca.pem", "ssl_cert": "cert.pem", "ssl_key": "key.pem"}
    options = {name: str(certificates / file) for name, file in files.items()}
    for path in certificates.iterdir():
        path.chmod(0o644)
    with _TlsServer("8.0", options=options) as new, _TlsServer("5.7", options=options) as old:
        yield {"80": new, "57": old}


def _binary() -> pathlib.Path:
    named = os.environ.get("TIDEWAY_TEST_MYSQL_SERVER")
    candidates = [pathlib.Path(named)] if named else [_ROOT / "build" / each / "bin/test_mysql_server" for each in ("release", "dev")]
    for each in candidates:
        if each.exists():
            return each
    raise FileNotFoundError(f"test_mysql_server is not built: {', '.join(map(str, candidates))}")


def test_sessions_keep_their_promises_on_real_servers(mysql57, mysql80, tls_servers, certificates, proxy, tmp_path):
    environment = {
        "TIDEWAY_TEST_CA": str(certificates / "ca.pem"),
        "TIDEWAY_TEST_OTHER_CA": str(certificates / "other.pem"),
    }
    servers = {"57": mysql57, "80": mysql80, "TLS57": tls_servers["57"], "TLS80": tls_servers["80"]}
    for name, server in servers.items():
        throttled = proxy(server)
        throttled.throttle(_THROTTLE_BYTES_PER_SECOND)
        environment[f"TIDEWAY_TEST_MYSQL{name}"] = server.url()
        environment[f"TIDEWAY_TEST_THROTTLED{name}"] = throttled.url()
    log = tmp_path / "output"
    with log.open("wb") as output:
        run = subprocess.run(
            [_binary(), *os.environ.get("TIDEWAY_TEST_MYSQL_ARGUMENTS", "").split()],
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=120,
        )
    assert run.returncode == 0, log.read_text(errors="replace")[-20_000:]
