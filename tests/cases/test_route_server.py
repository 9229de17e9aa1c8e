"""The tests of route/ that need servers: a GoogleTest program, told here where they are."""

import os
import subprocess

import pytest
from programs import built


@pytest.mark.timeout(300)
def test_expressions_mean_what_mysql_says(mysql57, mysql80):
    environment = {**os.environ, "TIDEWAY_TEST_MYSQL80": mysql80.url(), "TIDEWAY_TEST_MYSQL57": mysql57.url()}
    outcome = subprocess.run([built("test_route_server")], env=environment, capture_output=True, text=True, timeout=250)
    assert outcome.returncode == 0, outcome.stdout[-20000:] + outcome.stderr[-5000:]
    assert " 0 tests ran" not in outcome.stdout
