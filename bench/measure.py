"""Runs a command as a whole process and says what it took; several runs, medians, pairs in turn."""

import dataclasses
import json
import os
import statistics
import subprocess
import sys


@dataclasses.dataclass(frozen=True)
class Figures:
    wall: float
    cpu: float
    rss_bytes: int


class Failed(Exception):
    pass


# A process starts with the peak memory of the one that forked it, kept across exec: forked from here each would be
# as large as this program. So a small interpreter of its own forks it, and reports on the descriptor it is given.
_FORKER = """
import json, os, resource, subprocess, sys, time
report, command = int(sys.argv[1]), sys.argv[2:]
began = time.monotonic()
code = subprocess.call(command)
wall = time.monotonic() - began
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
os.write(report, json.dumps([code, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024]).encode())
"""


def once(command, *, stdin=None, stdout=subprocess.DEVNULL) -> Figures:
    """`command` is a list, or a string for bash (of a pipe CPU is counted of all processes, memory of the largest)."""
    words = ["bash", "-o", "pipefail", "-c", command] if isinstance(command, str) else command
    reading, writing = os.pipe()
    with open(reading, "rb") as report:
        forker = [sys.executable, "-I", "-S", "-c", _FORKER, str(writing), *words]
        process = subprocess.Popen(forker, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, pass_fds=[writing])
        os.close(writing)
        error = process.stderr.read().decode(errors="replace")
        process.wait()
        told = report.read()
    code, wall, cpu, rss_bytes = json.loads(told) if told else (process.returncode, 0.0, 0.0, 0)
    if code != 0:
        raise Failed(f"{command} exited {code}: {error[-2000:]}")
    return Figures(wall, cpu, rss_bytes)


def several(runs: int, *jobs) -> list[list[Figures]]:
    """Each job is a function that runs once and returns Figures; they take turns, so a drift of the machine meets all alike."""
    figures = [[] for _ in jobs]
    for _ in range(runs):
        for kept, job in zip(figures, jobs):
            kept.append(job())
    return figures


def median(figures: list[Figures]) -> Figures:
    pick = lambda name: statistics.median(getattr(each, name) for each in figures)
    return Figures(pick("wall"), pick("cpu"), int(pick("rss_bytes")))
