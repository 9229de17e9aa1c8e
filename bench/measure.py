"""Runs a command as a whole process and says what it took; several runs, medians, pairs in turn."""

import dataclasses
import os
import statistics
import subprocess
import time


@dataclasses.dataclass(frozen=True)
class Figures:
    wall: float
    cpu: float
    rss_bytes: int


class Failed(Exception):
    pass


def once(command, *, stdin=None, stdout=subprocess.DEVNULL) -> Figures:
    """`command` is a list, or a string for the shell (a pipe counts all its processes)."""
    before = os.times()
    began = time.monotonic()
    process = subprocess.Popen(command, shell=isinstance(command, str), stdin=stdin, stdout=stdout, stderr=subprocess.PIPE)
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - began
    after = os.times()
    if process.returncode != 0:
        raise Failed(f"{command} exited {process.returncode}: {error.decode(errors='replace')[-2000:]}")
    cpu = (after.children_user - before.children_user) + (after.children_system - before.children_system)
    return Figures(wall, cpu, usage.ru_maxrss * 1024)


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
