"""What ./quickstart shows once everything is built: see the head of that file."""

import argparse
import pathlib
import subprocess
import sys
import time

from testbed import shapes, writer
from testbed.program import Program
from testbed.servers import Server

ROOT = pathlib.Path(__file__).resolve().parent.parent
_STEP = "\033[1m== {}\033[0m" if sys.stdout.isatty() else "== {}"


def say(text: str) -> None:
    print("\n" + _STEP.format(text), flush=True)


def run(binary, *arguments) -> int:
    print("$ tideway", *arguments, flush=True)
    return subprocess.run([binary, *arguments]).returncode


def with_your_servers(binary, arguments, more) -> int:
    ends = ("--source", arguments.source, "--target", arguments.target)
    code = run(binary, "copy", *ends, *more)
    print(f"exit {code}; to compare both sides once nobody writes: tideway verify {' '.join(ends)}")
    return code


def kill_half_way(binary, *arguments) -> None:
    print("$ tideway", *arguments, "&   # and then kill -9", flush=True)
    process = subprocess.Popen([binary, *arguments])
    time.sleep(1.0)
    if process.poll() is None:
        process.kill()
        print("killed.", flush=True)
    process.wait()


def story(binary, rows: int) -> int:
    say("a MySQL 8 source, a target, and rows")
    with Server("8.0") as source, Server("8.0") as target:
        shapes.sysbench(source, rows, "shop", "orders")
        shapes.narrow(source, rows // 10, "shop", "facts")
        live = writer.Writer(source)
        live.start()
        ends = ("--source", source.url(), "--target", target.url())
        try:
            say("tideway copy beside a live writer; killed with kill -9 half way")
            kill_half_way(binary, "copy", *ends)
            say("the same command again: it goes on")
            run(binary, "copy", *ends)
        finally:
            live.stop()
        say("the writer has stopped: the same command copies what changed since")
        copied = run(binary, "copy", *ends)
        say("tideway verify reads both sides")
        compared = run(binary, "verify", *ends)
        say("equal, by the program's word" if copied == compared == 0 else f"NOT proven: copy exit {copied}, verify exit {compared}")
        return copied or compared


def main() -> int:
    parser = argparse.ArgumentParser(prog="./quickstart")
    parser.add_argument("--source")
    parser.add_argument("--target")
    parser.add_argument("--rows", type=int, default=300_000)
    arguments, more = parser.parse_known_args()
    binary = str(Program.find(ROOT).binary)
    if bool(arguments.source) != bool(arguments.target):
        parser.error("--source and --target go together")
    if arguments.source:
        return with_your_servers(binary, arguments, more)
    if more:
        parser.error(f"unknown: {' '.join(more)}")
    return story(binary, arguments.rows)


if __name__ == "__main__":
    sys.exit(main())
