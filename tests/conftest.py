"""What the tests of whole programs get: servers, a proxy, a target, and the program itself.

A server that cannot be obtained or started is an error of the test, never a skip.
"""

import os
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from testbed import program, target as target_module  # noqa: E402
from testbed.proxy import Proxy  # noqa: E402
from testbed.servers import Server  # noqa: E402


@pytest.fixture(scope="session")
def _mysql57():
    with Server("5.7") as server:
        yield server


@pytest.fixture(scope="session")
def _mysql80():
    with Server("8.0") as server:
        yield server


@pytest.fixture(scope="session")
def _target():
    with target_module.Target() as server:
        yield server


def _clean(server):
    """The session's server, up and empty whatever the test before did to it."""
    if not server.is_running:
        server.start()
    server.resume()
    server.reset()
    return server


@pytest.fixture
def mysql57(_mysql57):
    return _clean(_mysql57)


@pytest.fixture
def mysql80(_mysql80):
    return _clean(_mysql80)


@pytest.fixture(params=["5.7", "8.0"])
def source(request):
    """Each test that asks for it runs once with each version as its source."""
    return request.getfixturevalue({"5.7": "mysql57", "8.0": "mysql80"}[request.param])


@pytest.fixture
def target(_target):
    """An empty target: TIDEWAY_TEST_TIDB when set, otherwise a MySQL 8.0 of its own."""
    return _clean(_target)


@pytest.fixture
def proxy():
    """Makes proxies that end with the test: `proxy(server)`, `proxy(server, mysql=True)`."""
    made = []

    def make(server, **options):
        made.append(Proxy(server.host, server.port, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(scope="session")
def tideway(tmp_path_factory):
    """The built program: `tideway.run("copy", "--source", url, ...)`; see testbed/program.py.

    Its jobs are found by this run of the tests alone."""
    os.environ.setdefault("TIDEWAY_RUN_DIR", str(tmp_path_factory.mktemp("run")))
    return program.Program.find(ROOT)
