"""What ./quickstart shows once everything is built: see the head of that file."""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

import pymysql

from testbed import shapes, writer
from testbed.program import NotBuilt, Program
from testbed.servers import Server

ROOT = pathlib.Path(__file__).resolve().parent.parent
_STEP = "\033[1m== {}\033[0m" if sys.stdout.isatty() else "== {}"


def say(text: str) -> None:
    print("\n" + _STEP.format(text), flush=True)


def run(binary, *arguments) -> int:
    print("$ tideway", *arguments, flush=True)
    code = subprocess.run([binary, *arguments]).returncode
    print(f"exit {code}", flush=True)
    return code


def with_your_servers(binary, arguments, more) -> int:
    ends = ("--source", arguments.source, "--target", arguments.target)
    copied = run(binary, "copy", *ends, *more)
    if copied not in (0, 3):
        return copied
    say("tideway verify: a table that is written to at this moment differs, and is right to")
    filters = [each for pair in zip(more, more[1:]) if pair[0] in ("-f", "--filter") for each in pair]
    filters += [each for each in more if each.startswith("--filter=")]
    return run(binary, "verify", *ends, *filters) or copied


def has_half(target, table: str, rows: int) -> bool:
    try:
        return target.execute(f"SELECT COUNT(*) FROM {table}")[0][0] * 2 >= rows
    except pymysql.err.MySQLError:  # no such table yet
        return False


def kill_half_way(binary, target, rows: int, *arguments) -> None:
    print("$ tideway", *arguments, "&   # and then kill -9", flush=True)
    process = subprocess.Popen([binary, *arguments])
    while process.poll() is None and not has_half(target, "shop.orders", rows):
        time.sleep(0.05)
    process.kill()
    code = process.wait()
    print("\nkilled with kill -9" if code < 0 else f"\nit ended before it could be killed: exit {code}; try more --rows", flush=True)


def story(binary, rows: int) -> int:
    say(f"a MySQL 8 source with {rows:,} orders, a target, and a writer that keeps writing to the source")
    with Server("8.0") as source, Server("8.0") as target, tempfile.TemporaryDirectory() as scratch:
        shapes.sysbench(source, rows, "shop", "orders")
        shapes.narrow(source, rows // 10, "shop", "facts")
        live = writer.Writer(source, pathlib.Path(scratch) / "journal", pause_seconds=0.01)
        live.prepare()
        live.start()
        ends = ("--source", source.url(), "--target", target.url())
        try:
            say("tideway copy beside the writer; killed with kill -9 half way")
            kill_half_way(binary, target, rows, "copy", *ends)
            say("the same command again: it goes on")
            run(binary, "copy", *ends)
        finally:
            live.stop()
        say(f"the writer has stopped after {live.committed:,} transactions: the same command copies what changed since")
        copied = run(binary, "copy", *ends)
        say("tideway verify reads both sides")
        compared = run(binary, "verify", *ends)
        say("equal, and proven" if copied == compared == 0 else f"NOT proven: copy exit {copied}, verify exit {compared}")
        return copied or compared


def main() -> int:
    parser = argparse.ArgumentParser(prog="./quickstart", epilog="Further options go to tideway copy, with --source and --target.")
    parser.add_argument("--source", metavar="URL", help="copy from yours; without it a source and a target are made")
    parser.add_argument("--target", metavar="URL", help="copy into yours")
    parser.add_argument("--rows", type=int, default=300_000, help="how large the source is that is made (default 300000)")
    arguments, more = parser.parse_known_args()
    if bool(arguments.source) != bool(arguments.target):
        parser.error("--source and --target go together")
    if more and not arguments.source:
        parser.error(f"unknown: {' '.join(more)}")
    if arguments.rows < 1:
        parser.error("--rows: at least 1")
    try:
        binary = str(Program.find(ROOT).binary)
    except NotBuilt as error:
        parser.error(str(error))
    return with_your_servers(binary, arguments, more) if arguments.source else story(binary, arguments.rows)


if __name__ == "__main__":
    sys.exit(main())
