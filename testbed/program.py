"""The program under test: found, run under a deadline, its output and its memory kept."""

import dataclasses
import json
import os
import pathlib
import resource
import signal
import subprocess
import tempfile
import time

_DEADLINE_SECONDS = 120

# What a shell starts in the background ignores Ctrl-C, and so would all that we start.
signal.signal(signal.SIGINT, signal.default_int_handler)


class NotBuilt(Exception):
    pass


class DeadlineExceeded(AssertionError):
    """The program did not end in time; the message holds what it had said."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a run ended. `code` is negative when a signal ended it, as in subprocess."""

    arguments: tuple
    code: int
    stdout: str
    stderr: str
    seconds: float
    cpu_seconds: float
    peak_rss_bytes: int

    def events(self) -> list[dict]:
        """The lines of --json."""
        return [json.loads(line) for line in self.stdout.splitlines() if line.strip()]

    def expect(self, *codes: int) -> "Outcome":
        """It ended with one of these; otherwise the test fails with all that was printed."""
        assert self.code in codes, f"{self}"
        return self

    def __str__(self) -> str:
        command = " ".join(self.arguments)
        return f"{command}\nexit {self.code} after {self.seconds:.1f} s\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


class Run:
    """A run under way. One thread at a time."""

    def __init__(self, binary: pathlib.Path, arguments, environment, directory, stdin: bytes | None):
        self.arguments = (str(binary), *(str(each) for each in arguments))
        self._stdout = tempfile.TemporaryFile()
        self._stderr = tempfile.TemporaryFile()
        self._began = time.monotonic()
        self._outcome = None
        feed = tempfile.TemporaryFile()
        feed.write(stdin or b"")
        feed.seek(0)
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *self.arguments],
            stdin=feed,
            stdout=self._stdout,
            stderr=self._stderr,
            cwd=directory,
            env=environment,
            start_new_session=True,
        )
        feed.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Without reaping it: `wait` needs its resource usage."""
        if self._outcome is not None:
            return False
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def output(self) -> tuple[str, str]:
        """stdout and stderr so far."""
        return tuple(
            os.pread(each.fileno(), 1 << 30, 0).decode(errors="replace") for each in (self._stdout, self._stderr)
        )

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> Outcome:
        """kill -9, and how it ended."""
        if self._outcome is None:
            os.kill(self.pid, signal.SIGKILL)
        return self.wait(30)

    def wait(self, deadline_seconds: float = _DEADLINE_SECONDS) -> Outcome:
        deadline = time.monotonic() + deadline_seconds
        while self.is_running:
            if time.monotonic() > deadline:
                stdout, stderr = self.output()
                self.kill()
                raise DeadlineExceeded(
                    f"{' '.join(self.arguments)} ran for more than {deadline_seconds} s\n{stdout}\n{stderr}"
                )
            time.sleep(0.005)
        return self._reap()

    def _reap(self) -> Outcome:
        if self._outcome is None:
            _, status, usage = os.wait4(self.pid, 0)
            self._process.returncode = os.waitstatus_to_exitcode(status)
            self._outcome = self._measure(usage)
            self._stdout.close()
            self._stderr.close()
        return self._outcome

    def _measure(self, usage: resource.struct_rusage) -> Outcome:
        stdout, stderr = self.output()
        return Outcome(
            arguments=self.arguments,
            code=self._process.returncode,
            stdout=stdout,
            stderr=stderr,
            seconds=time.monotonic() - self._began,
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            peak_rss_bytes=usage.ru_maxrss * 1024,
        )


class Program:
    def __init__(self, binary: pathlib.Path):
        self.binary = binary

    @classmethod
    def find(cls, root: pathlib.Path) -> "Program":
        """$TIDEWAY_BIN, or the newest build of this checkout: release before dev."""
        named = os.environ.get("TIDEWAY_BIN")
        candidates = (
            [pathlib.Path(named)]
            if named
            else [root / "build" / each / "bin" / "tideway" for each in ("release", "dev")]
        )
        for each in candidates:
            if os.access(each, os.X_OK):
                return cls(each.resolve())
        raise NotBuilt(f"no tideway to test; looked at {', '.join(map(str, candidates))} (TIDEWAY_BIN names another)")

    def start(self, *arguments, environment=None, directory=None, stdin: bytes | None = None) -> Run:
        """`environment` adds to ours, from which ~/.my.cnf and passwords are kept away."""
        settings = {**os.environ, "HOME": "/nonexistent", **(environment or {})}
        settings.pop("MYSQL_PWD", None) if "MYSQL_PWD" not in (environment or {}) else None
        return Run(self.binary, arguments, settings, directory, stdin)

    def run(self, *arguments, deadline_seconds: float = _DEADLINE_SECONDS, **settings) -> Outcome:
        """Runs it to its end. A run that does not end is killed and fails the test."""
        return self.start(*arguments, **settings).wait(deadline_seconds)
