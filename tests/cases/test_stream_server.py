"""The tests of stream/ that need servers: a GoogleTest program, told here where they are."""

import os
import pathlib
import subprocess

import pytest

from testbed.servers import Server

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def built(name: str) -> pathlib.Path:
    """A test program of this checkout: in $TIDEWAY_BUILD, or the newest of the usual build directories."""
    named = os.environ.get("TIDEWAY_BUILD")
    places = [pathlib.Path(named)] if named else [ROOT / "build" / each for each in ("dev", "release", "asan", "tsan")]
    found = [place / "bin" / name for place in places if (place / "bin" / name).exists()]
    assert found, f"{name} is not built; looked in {', '.join(map(str, places))}"
    return max(found, key=lambda path: path.stat().st_mtime)




@pytest.mark.timeout(600)
@pytest.mark.parametrize("tests", ["*"])
def test_logs_of_real_servers(tests, mysql57, mysql80):
    with Server("8.0", gtid=False) as without_gtid:
        environment = {
            **os.environ,
            "TIDEWAY_TEST_MYSQL80": mysql80.url(),
            "TIDEWAY_TEST_MYSQL57": mysql57.url(),
            "TIDEWAY_TEST_MYSQL80_WITHOUT_GTID": without_gtid.url(),
        }
        command = [built("test_stream_server"), f"--gtest_filter={os.environ.get('TIDEWAY_TEST_FILTER', tests)}"]
        outcome = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=500)
        assert outcome.returncode == 0, outcome.stdout[-20000:] + outcome.stderr[-5000:]
        assert " 0 tests ran" not in outcome.stdout
