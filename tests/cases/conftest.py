"""Every case ends: one that hangs is stopped with the stacks of its threads, not by whoever waits for the suite."""

import pytest

_SECONDS = 300


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(_SECONDS))
