"""Test programs of this checkout, for the cases that start them."""

import os
import pathlib

_ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def built(name: str) -> pathlib.Path:
    """A test program of this checkout: in $TIDEWAY_BUILD, or the newest of the usual build directories."""
    named = os.environ.get("TIDEWAY_BUILD")
    places = [pathlib.Path(named)] if named else [_ROOT / "build" / each for each in ("dev", "release", "asan", "tsan")]
    found = [place / "bin" / name for place in places if (place / "bin" / name).exists()]
    assert found, f"{name} is not built; looked in {', '.join(map(str, places))}"
    return max(found, key=lambda path: path.stat().st_mtime)
