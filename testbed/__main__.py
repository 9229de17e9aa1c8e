"""The testbed as a program: `python3 -m testbed --help`."""

import argparse
import os
import signal
import sys
import threading

from testbed import artifacts, remote, servers, writer


def main() -> int:
    arguments = _parser().parse_args()
    try:
        return arguments.run(arguments)
    except (artifacts.Unobtainable, servers.ServerError) as error:
        print(f"testbed: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m testbed", description="Test servers on loopback.")
    commands = parser.add_subparsers(required=True)

    fetch = commands.add_parser("fetch", help="obtain every server that the tests use and prepare its template")
    fetch.set_defaults(run=_fetch)

    start = commands.add_parser("start", help="run one server until killed; prints url, port, socket and pid")
    start.add_argument("version", help="5.7 or 8.0")
    start.add_argument("--port", type=int)
    start.add_argument("--gtid", choices=("on", "off"), default="on")
    start.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="a mysqld variable")
    start.set_defaults(run=_start)

    write = commands.add_parser("write", help="change tables of a server in every way, and journal it")
    write.add_argument("url", help="mysql://root@127.0.0.1:3306/")
    write.add_argument("--journal", required=True, help="a file that does not exist yet")
    write.add_argument("--seconds", type=float, help="until killed when left out")
    write.add_argument("--database", default="live", help="must not exist yet")
    write.add_argument("--threads", type=int, default=4)
    write.add_argument(
        "--pause", type=float, default=0.0, metavar="SECONDS", help="between a session's transactions, on average"
    )
    write.add_argument("--seed", type=int, default=1)
    write.add_argument("--no-xa", action="store_true")
    write.set_defaults(run=_write)
    return parser


def _fetch(_) -> int:
    for each in artifacts.ALL:
        servers.make_ready(each)

    return 0


def _over() -> threading.Event:
    """Set by the signals that ask a program to end."""
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: over.set())
    return over


def _start(arguments) -> int:
    over = _over()
    options = dict(each.split("=", 1) for each in arguments.option)
    server = servers.Server(arguments.version, gtid=arguments.gtid == "on", options=options, port=arguments.port)
    with server:
        print(f"url {server.url()}")
        print(f"port {server.port}")
        print(f"socket {server.socket}")
        print(f"pid {server.pid}")
        print("ready", flush=True)
        while server.is_running and not over.wait(0.5):
            pass
        if not over.is_set():
            print(f"MySQL {server.version} ended by itself", file=sys.stderr)
            return 1
    return 0


def _write(arguments) -> int:
    over = _over()
    if os.path.exists(arguments.journal):
        print(f"{arguments.journal} exists: a journal tells one run from its beginning", file=sys.stderr)
        return 2
    live = writer.Writer(
        remote.Remote(arguments.url),
        arguments.journal,
        database=arguments.database,
        threads=arguments.threads,
        seed=arguments.seed,
        xa=not arguments.no_xa,
        pause_seconds=arguments.pause,
    )
    with live:
        print("writing", flush=True)
        over.wait(arguments.seconds)
    print(f"{live.committed} transactions committed, {live.rolled_back} rolled back")
    return 0


if __name__ == "__main__":
    sys.exit(main())
