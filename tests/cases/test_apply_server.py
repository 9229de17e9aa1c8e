"""The tests of progress/ and apply/ that need a server: GoogleTest programs, told here where it is."""

import os
import subprocess

import pytest
from programs import built


@pytest.mark.parametrize("program", ["test_progress_server", "test_apply_server"])
def test_rows_and_progress_reach_a_server_together(program, mysql80):
    environment = {**os.environ, "TIDEWAY_TEST_MYSQL80": mysql80.url()}
    outcome = subprocess.run([built(program)], env=environment, capture_output=True, text=True, timeout=240)
    assert outcome.returncode == 0, outcome.stdout[-20000:] + outcome.stderr[-5000:]
