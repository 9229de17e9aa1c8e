"""The tests of snapshot/ that need servers: a GoogleTest program, told here where they are."""

import os
import subprocess

import pytest
from programs import built

from testbed.servers import Server


@pytest.mark.timeout(600)
@pytest.mark.parametrize("tests", ["*ObjectListing*:*Standing*", "*Points*:*Busy*:*WithoutGtid*", "*Sources*"])
def test_snapshots_of_real_servers(tests, mysql57, mysql80):
    with Server("8.0", gtid=False) as without_gtid:
        environment = {
            **os.environ,
            "TIDEWAY_TEST_MYSQL80": mysql80.url(),
            "TIDEWAY_TEST_MYSQL57": mysql57.url(),
            "TIDEWAY_TEST_MYSQL80_WITHOUT_GTID": without_gtid.url(),
        }
        command = [built("test_snapshot_server"), f"--gtest_filter={tests}"]
        outcome = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=500)
        assert outcome.returncode == 0, outcome.stdout[-20000:] + outcome.stderr[-5000:]
        assert " 0 tests ran" not in outcome.stdout
