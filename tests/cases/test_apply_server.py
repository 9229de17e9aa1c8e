"""The tests of progress/ and apply/ that need a server: GoogleTest programs, told here where it is."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def built(name: str) -> pathlib.Path:
    """A test program of this checkout: in $TIDEWAY_BUILD, or the newest of the usual build directories."""
    named = os.environ.get("TIDEWAY_BUILD")
    places = [pathlib.Path(named)] if named else [ROOT / "build" / each for each in ("dev", "release", "asan", "tsan")]
    found = [place / "bin" / name for place in places if (place / "bin" / name).exists()]
    assert found, f"{name} is not built; looked in {', '.join(map(str, places))}"
    return max(found, key=lambda path: path.stat().st_mtime)


@pytest.mark.parametrize("program", ["test_progress_server", "test_apply_server"])
def test_rows_and_progress_reach_a_server_together(program, mysql80):
    environment = {**os.environ, "TIDEWAY_TEST_MYSQL80": mysql80.url()}
    outcome = subprocess.run([built(program)], env=environment, capture_output=True, text=True, timeout=240)
    assert outcome.returncode == 0, outcome.stdout[-20000:] + outcome.stderr[-5000:]
