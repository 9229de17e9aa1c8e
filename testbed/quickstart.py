"""What ./quickstart shows once everything is built: see the head of that file."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import pymysql

from testbed import shapes, writer
from testbed.program import NotBuilt, Program
from testbed.servers import Server

JOB = "quickstart"
ROOT = pathlib.Path(__file__).resolve().parent.parent
_STEP = "\033[1m== {}\033[0m" if sys.stdout.isatty() else "== {}"


def say(text: str) -> None:
    print("\n" + _STEP.format(text), flush=True)


def run(binary, *arguments) -> int:
    print("$ tideway", *arguments, flush=True)
    code = subprocess.run([binary, *arguments]).returncode
    print(f"exit {code}", flush=True)
    return code


def tables_at_a_glance(binary, job: str) -> dict:
    """The last status of a running job; empty while it does not run."""
    asked = subprocess.run([binary, "status", job, "--json"], capture_output=True, text=True)
    return json.loads(asked.stdout.splitlines()[-1]) if asked.returncode == 0 and asked.stdout.strip() else {}


def wait_until(process, condition) -> bool:
    while process.poll() is None:
        if condition():
            return True
        time.sleep(0.25)
    return False


def with_your_servers(binary, arguments, more) -> int:
    """Follows until tideway cutover or Ctrl-C: when to stop your writers is yours to say."""
    print("Another terminal: tideway status, tideway cutover (it waits until your writers have stopped).", flush=True)
    return run(binary, "migrate", "--source", arguments.source, "--target", arguments.target, *more)


def has_half(target, table: str, rows: int) -> bool:
    try:
        return target.execute(f"SELECT COUNT(*) FROM {table}")[0][0] * 2 >= rows
    except pymysql.err.MySQLError:  # no such table yet
        return False


def kill_half_way(binary, target, rows: int, *arguments) -> None:
    print("$ tideway", *arguments, "&   # and then kill -9", flush=True)
    process = subprocess.Popen([binary, *arguments])
    wait_until(process, lambda: has_half(target, "shop.orders", rows))
    process.kill()
    code = process.wait()
    print("\nkilled with kill -9" if code < 0 else f"\nit ended before it could be killed: exit {code}; try more --rows", flush=True)


def migrate_and_cut_over(binary, live, *arguments) -> int:
    print("$ tideway", *arguments, "&", flush=True)
    process = subprocess.Popen([binary, *arguments])
    if not wait_until(process, lambda: tables_at_a_glance(binary, JOB).get("tables_equal", 0) > 0):
        return process.wait()
    say("both sides are compared while both change; tideway status, from another terminal:")
    run(binary, "status", JOB)
    say("tideway cutover is ordered: it waits, because the writer still writes")
    run(binary, "cutover", JOB)
    wait_until(process, lambda: "writers to stop" in tables_at_a_glance(binary, JOB).get("cutover", ""))
    run(binary, "status", JOB)
    live.stop()
    say(f"the writer has stopped after {live.committed:,} transactions: the cutover goes on by itself")
    code = process.wait()
    print(f"exit {code}", flush=True)
    return code


def story(binary, rows: int) -> int:
    say(f"a MySQL 8 source with {rows:,} orders, a target, and a writer that keeps writing to the source")
    with Server("8.0") as source, Server("8.0") as target, tempfile.TemporaryDirectory() as scratch:
        shapes.sysbench(source, rows, "shop", "orders")
        shapes.narrow(source, rows // 10, "shop", "facts")
        live = writer.Writer(source, pathlib.Path(scratch) / "journal", pause_seconds=0.01)
        live.prepare()
        live.start()
        ends = ("--source", source.url(), "--target", target.url())
        command = ("migrate", *ends, "--job", JOB)
        try:
            say("tideway migrate beside the writer; killed with kill -9 half way")
            kill_half_way(binary, target, rows, *command)
            say("the same command again: it goes on, and then follows the log")
            moved = migrate_and_cut_over(binary, live, *command)
        finally:
            live.stop()
        say("tideway verify reads both sides once more")
        compared = run(binary, "verify", *ends)
        say("equal, and proven" if moved == compared == 0 else f"NOT proven: migrate exit {moved}, verify exit {compared}")
        return moved or compared


def main() -> int:
    parser = argparse.ArgumentParser(prog="./quickstart", epilog="Further options go to tideway migrate, with --source and --target.")
    parser.add_argument("--source", metavar="URL", help="migrate from yours; without it a source and a target are made")
    parser.add_argument("--target", metavar="URL", help="migrate into yours")
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
