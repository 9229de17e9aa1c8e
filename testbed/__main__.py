"""The testbed as a program: `python3 -m testbed --help`."""

import argparse
import signal
import sys
import threading

from testbed import artifacts, servers


def main() -> int:
    arguments = _parser().parse_args()
    return arguments.run(arguments)


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
    return parser


def _fetch(_) -> int:
    for each in artifacts.ALL:
        servers.Server(each.version).destroy()
        print(f"MySQL {each.version} ready in {artifacts.home(each)}")
    return 0


def _start(arguments) -> int:
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: over.set())
    options = dict(each.split("=", 1) for each in arguments.option)
    server = servers.Server(
        arguments.version, gtid=arguments.gtid == "on", options=options, port=arguments.port
    )
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


if __name__ == "__main__":
    sys.exit(main())
