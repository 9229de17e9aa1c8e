"""Runs of the program under test are bounded and measured."""

import pathlib
import signal
import sys

import pytest

from testbed.program import DeadlineExceeded, Program

PYTHON = Program(pathlib.Path(sys.executable))


def test_output_code_and_memory_are_kept():
    done = PYTHON.run(
        "-c", "import sys; x = bytes(range(256)) * 400_000; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    )
    assert (done.code, done.stdout, done.stderr) == (3, "out\n", "err\n")
    assert done.peak_rss_bytes > 100_000_000
    assert done.cpu_seconds > 0


def test_a_run_that_does_not_end_is_killed_and_told():
    with pytest.raises(DeadlineExceeded, match="so far"):
        PYTHON.run("-c", "import time; print('so far', flush=True); time.sleep(60)", deadline_seconds=0.5)


def test_a_run_can_be_killed_at_any_moment():
    run = PYTHON.start("-c", "import time; time.sleep(60)")
    assert run.is_running
    assert run.kill().code == -signal.SIGKILL
    assert not run.is_running
