"""python -m bench.bare_read HOST PORT TABLE ROWS CONNECTIONS: the least any client can do.

Asks for the rows by ranges of `id` on so many connections at once and throws the bytes away as they come from the
socket: nothing is parsed, nothing is encrypted. What a dump can reach at best on this machine. Prints the seconds, of
the clock and of the CPU, from the first question to the last byte, as JSON.
"""

import json
import resource
import struct
import sys
import threading
import time

import pymysql

_END = b"\x05\x00\x00"  # an EOF packet: a length of five, its number, 0xFE, warnings and status


def _read(connection: pymysql.connections.Connection, query: str) -> None:
    socket = connection._sock  # PyMySQL would read row by row
    socket.settimeout(None)
    command = b"\x03" + query.encode()
    socket.sendall(struct.pack("<I", len(command)) + command)
    buffer = memoryview(bytearray(1 << 20))
    tail = b""
    while True:
        got = socket.recv_into(buffer)
        if got == 0:
            sys.exit("the server closed the connection")
        tail = (tail + bytes(buffer[max(0, got - 9) : got]))[-9:]
        if tail[:3] == _END and tail[4] == 0xFE:
            return


def main() -> None:
    host, port, table, rows, connections = sys.argv[1:]
    step = int(rows) // int(connections) + 1
    queries = [f"SELECT * FROM {table} WHERE id >= {low} AND id < {low + step}" for low in range(0, int(rows) + 1, step)]
    opened = [pymysql.connect(host=host, port=int(port), user="root") for _ in queries]
    threads = [threading.Thread(target=_read, args=each) for each in zip(opened, queries)]
    began, spent = time.monotonic(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    figures = {"wall": time.monotonic() - began, "cpu": time.process_time() - spent}
    print(json.dumps(figures | {"rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


if __name__ == "__main__":
    main()
