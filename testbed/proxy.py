"""A TCP proxy on loopback that a test turns against its program: cuts, delays, floods of nothing.

    with Proxy(server.host, server.port) as proxy:
        proxy.cut_after(100_000)          # the next connection to carry 100 kB to its client dies by RST
        proxy.delay(0.02)                 # each byte arrives 20 ms later, both ways, at full rate
        proxy.cut_at_statement("COMMIT")  # the server commits, the client never hears of it

Rules hold for connections that are open and for those to come, until `heal()`. Statement rules need
`mysql=True`, which reads the client protocol; see `testbed/mysql_wire.py`. What cannot be made on
loopback without privileges: a lost SYN (`blackhole` answers the SYN and then keeps silent).
"""

import asyncio
import contextlib
import dataclasses
import random
import socket
import struct
import threading
import urllib.parse

from testbed import mysql_wire

_CHUNK_BYTES = 64 * 1024
_QUEUE_CHUNKS = 64
TO_CLIENT, TO_SERVER = "to_client", "to_server"


@dataclasses.dataclass
class _CutAfter:
    byte_count: int
    direction: str
    how: str
    times: int


class _Connection:
    """One client, its session with the server, and what they have exchanged."""

    def __init__(self, client: socket.socket, rules: mysql_wire.Rules | None):
        self.client = client
        self.server = None
        self.conversation = mysql_wire.Conversation(rules) if rules is not None else None
        self.carried = {TO_CLIENT: 0, TO_SERVER: 0}
        self.tasks = []

    def sockets(self, direction: str):
        """Where bytes of this direction come from, and where they go."""
        return (self.server, self.client) if direction == TO_CLIENT else (self.client, self.server)

    def close(self, how: str) -> None:
        for each in (self.client, self.server):
            if each is None:
                continue
            if how == "rst":
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            each.close()


class Proxy:
    """Listens on `port`, carries to (target_host, target_port). Methods may be called from any thread."""

    def __init__(self, target_host: str, target_port: int, *, mysql: bool = False, seed: int = 0):
        self.target = (target_host, target_port)
        self.accepted = 0
        self.bytes_carried = {TO_CLIENT: 0, TO_SERVER: 0}
        self._rules = mysql_wire.Rules() if mysql else None
        self._random = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._connections = set()
        self._cuts = []
        self._delay_seconds = 0.0
        self._bytes_per_second = None
        self._next_send = 0.0
        self._flowing = None
        self._listener = None
        self._acceptor = None
        self.port = 0
        self._thread = threading.Thread(target=self._loop.run_forever, name="testbed-proxy", daemon=True)
        self._thread.start()
        self._do(self._open)

    @property
    def host(self) -> str:
        return "127.0.0.1"

    def url(self, user="root", password="", database="", **parameters) -> str:
        login = urllib.parse.quote(user, safe="")
        login += ":" + urllib.parse.quote(password, safe="") if password else ""
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        return f"mysql://{login}@{self.host}:{self.port}/{urllib.parse.quote(database, safe='')}{query}"

    @property
    def open_connections(self) -> int:
        return self._do(lambda: len(self._connections))

    def statements(self) -> list[str]:
        """Every statement seen so far (mysql=True only), in order of arrival."""
        return self._do(lambda: list(self._need_rules().seen))

    # What may happen to the network.

    def cut(self, how: str = "rst") -> int:
        """Ends every open connection on both sides, by RST or by FIN; how many there were."""
        return self._do(lambda: self._cut(list(self._connections), how))

    def cut_random(self, how: str = "rst") -> int:
        """Ends one open connection, drawn by the proxy's seed; 0 when there is none."""

        def draw():
            ordered = sorted(self._connections, key=id)
            return self._cut([self._random.choice(ordered)] if ordered else [], how)

        return self._do(draw)

    def cut_after(self, byte_count: int, direction: str = TO_CLIENT, how: str = "rst", times: int = 1) -> None:
        """Ends a connection once it has carried exactly this many bytes since it opened; `times` of them."""
        self._do(lambda: self._cuts.append(_CutAfter(byte_count, direction, how, times)))

    def delay(self, seconds: float) -> None:
        self._do(lambda: setattr(self, "_delay_seconds", seconds))

    def throttle(self, bytes_per_second: int | None) -> None:
        """All connections together, both ways."""
        self._do(lambda: setattr(self, "_bytes_per_second", bytes_per_second))

    def refuse(self) -> None:
        """New connections are refused by the kernel; open ones go on."""
        self._do(self._close_listener)

    def blackhole(self) -> None:
        """Connections are accepted and stay open; no byte passes any more, not even a FIN."""
        self._do(lambda: self._flowing.clear())

    def retarget(self, host: str, port: int) -> None:
        """New connections go to another server, as behind an endpoint after a failover."""
        self._do(lambda: setattr(self, "target", (host, port)))

    def heal(self) -> None:
        """Takes every rule back. What a blackhole held is delivered."""
        self._do(self._heal)

    # What may happen to a statement. Patterns are regular expressions, searched in the text, case-insensitive.

    def substitute(self, pattern: str, replacement: str) -> None:
        """Rewrites statement text on its way to the server (re.sub)."""
        self._do(lambda: self._need_rules().substitute(pattern, replacement))

    def edit_rows(self, pattern: str, edit) -> None:
        """Passes a text answer's rows, lists of bytes or None, through `edit(rows) -> rows`."""
        self._do(lambda: self._need_rules().edit_rows(pattern, edit))

    def refuse_statement(self, pattern: str, errno: int, state: str, message: str, times: int | None = None) -> None:
        """Answers with an error in the server's place. `times=None`: always."""
        self._do(lambda: self._need_rules().refuse(pattern, errno, state, message, times))

    def fail_statement(self, pattern: str, errno: int, message: str, *, skip: int = 0, times: int = 1) -> None:
        """The server itself refuses the statement after the first `skip` that match, also among several in flight."""
        self._do(lambda: self._need_rules().fail(pattern, errno, message, skip, times))

    def cut_at_statement(self, pattern: str, *, answered: bool = True, skip: int = 0, times: int = 1) -> None:
        """RST at the statement after the first `skip` that match.

        answered=True: the server has carried it out and answered, the client does not hear of it.
        answered=False: the server never receives it.
        """
        self._do(lambda: self._need_rules().cut(pattern, answered, skip, times))

    def close(self) -> None:
        if self._loop.is_closed():
            return
        self._do(self._close_listener)
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        for task in asyncio.all_tasks(self._loop):
            with contextlib.suppress(asyncio.CancelledError):
                self._loop.run_until_complete(task)
        self._loop.close()

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    # Below, everything runs in the proxy's own thread.

    def _do(self, action):
        async def call():
            return action()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(30)

    def _need_rules(self) -> mysql_wire.Rules:
        if self._rules is None:
            raise ValueError("statement rules need Proxy(..., mysql=True)")
        return self._rules

    def _open(self) -> None:
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._open_listener()

    def _open_listener(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.host, self.port))
        listener.listen(256)
        listener.setblocking(False)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._acceptor = self._loop.create_task(self._accept(listener))

    def _close_listener(self) -> None:
        if self._listener is not None:
            self._acceptor.cancel()
            self._loop.remove_reader(self._listener.fileno())
            self._listener.close()
            self._listener = None

    def _heal(self) -> None:
        self._cuts.clear()
        self._delay_seconds, self._bytes_per_second, self._next_send = 0.0, None, 0.0
        if self._rules is not None:
            self._rules.clear()
        self._flowing.set()
        if self._listener is None:
            self._open_listener()

    def _cut(self, connections, how: str) -> int:
        for each in connections:
            self._end(each, how)
        return len(connections)

    def _end(self, connection: _Connection, how: str) -> None:
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        for task in connection.tasks:
            task.cancel()
        for each in (connection.client, connection.server):
            if each is not None and each.fileno() >= 0:
                self._loop.remove_reader(each.fileno())
                self._loop.remove_writer(each.fileno())
        connection.close(how)

    async def _accept(self, listener: socket.socket) -> None:
        while True:
            client, _ = await self._loop.sock_accept(listener)
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.accepted += 1
            connection = _Connection(client, self._rules)
            self._connections.add(connection)
            connection.tasks.append(self._loop.create_task(self._serve(connection)))

    async def _serve(self, connection: _Connection) -> None:
        server = socket.socket()
        server.setblocking(False)
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.server = server
        try:
            await self._loop.sock_connect(server, self.target)
        except OSError:
            self._end(connection, "rst")
            return
        pumps = []
        for direction in (TO_CLIENT, TO_SERVER):
            queue = asyncio.Queue(_QUEUE_CHUNKS)
            pumps.append(self._loop.create_task(self._receive(connection, direction, queue)))
            pumps.append(self._loop.create_task(self._send(connection, direction, queue)))
        connection.tasks.extend(pumps)
        await asyncio.gather(*pumps)
        self._end(connection, "fin")

    async def _receive(self, connection: _Connection, direction: str, queue: asyncio.Queue) -> None:
        source, _ = connection.sockets(direction)
        while True:
            try:
                data = await self._loop.sock_recv(source, _CHUNK_BYTES)
            except OSError:
                self._end(connection, "rst")
                return
            if connection.conversation is not None and data:
                data = self._converse(connection, direction, data)
                if data is None:
                    self._end(connection, "rst")
                    return
                if not data:
                    continue  # part of a packet; the rest is to come
            await queue.put((self._loop.time() + self._delay_seconds, data))
            if not data:
                return

    def _converse(self, connection: _Connection, direction: str, data: bytes) -> bytes | None:
        if direction == TO_SERVER:
            return connection.conversation.from_client(data)
        return connection.conversation.from_server(data)

    async def _send(self, connection: _Connection, direction: str, queue: asyncio.Queue) -> None:
        _, sink = connection.sockets(direction)
        while True:
            due, data = await queue.get()
            if due > self._loop.time():
                await asyncio.sleep(due - self._loop.time())
            await self._flowing.wait()
            if not data:
                try:
                    sink.shutdown(socket.SHUT_WR)
                except OSError:
                    pass  # the other side has ended already
                return
            cut = self._cut_within(connection, direction, len(data))
            if cut is not None:
                data = data[: cut.byte_count - connection.carried[direction]]
            if not await self._deliver(connection, direction, sink, data) or cut is not None:
                self._end(connection, cut.how if cut is not None else "rst")
                return

    async def _deliver(self, connection: _Connection, direction: str, sink, data: bytes) -> bool:
        await self._wait_for_rate(len(data))
        try:
            await self._loop.sock_sendall(sink, data)
        except OSError:
            return False
        connection.carried[direction] += len(data)
        self.bytes_carried[direction] += len(data)
        return True

    async def _wait_for_rate(self, length: int) -> None:
        if self._bytes_per_second is None:
            return
        now = self._loop.time()
        start = max(now, self._next_send)
        self._next_send = start + length / self._bytes_per_second
        await asyncio.sleep(self._next_send - now)

    def _cut_within(self, connection: _Connection, direction: str, length: int) -> _CutAfter | None:
        """The rule that ends this connection inside its next `length` bytes, its turn taken."""
        carried = connection.carried[direction]
        for rule in self._cuts:
            if rule.direction == direction and carried <= rule.byte_count < carried + length:
                rule.times -= 1
                if rule.times == 0:
                    self._cuts.remove(rule)
                return rule
        return None
