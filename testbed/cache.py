"""The cache: what is slow to make and the same for every run, kept outside the checkout."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import tempfile


def root() -> pathlib.Path:
    path = pathlib.Path(os.environ.get("TIDEWAY_CACHE") or pathlib.Path.home() / ".cache" / "tideway")
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def locked(name: str):
    """Holds the cache's lock `name`, against other processes and other threads of this one."""
    with open(root() / f"{name}.lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def made_once(relative: str, make) -> pathlib.Path:
    """The directory `relative` of the cache; the first caller fills it by `make(empty_directory)`.

    It appears under its name only when `make` has returned, so a killed run leaves no half of it.
    """
    final = root() / relative
    if final.is_dir():
        return final
    with locked(relative.replace("/", "-")):
        if final.is_dir():
            return final
        final.parent.mkdir(parents=True, exist_ok=True)
        scratch = pathlib.Path(tempfile.mkdtemp(prefix=f".{final.name}-", dir=final.parent))
        try:
            make(scratch)
            scratch.rename(final)
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise
    return final
