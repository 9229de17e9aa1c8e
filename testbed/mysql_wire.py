"""As much of the client protocol as a proxy needs to see statements and to change answers.

A `Conversation` stands between one client and its server. It takes TLS and compression out of the
server's greeting, so that it can read; a client that insists on TLS fails to connect, as it should.
The client must not have several statements in flight when a rule with an answer matches: then the
bytes coming back are the answer to that statement, from its first packet on.

Packet: length 3 bytes little-endian, sequence 1 byte, payload; a payload of 0xFFFFFF bytes goes on
in the next packet. Statement packets begin with COM_QUERY or COM_STMT_PREPARE at sequence 0.
"""

import dataclasses
import re
import struct

_COM_QUERY, _COM_STMT_PREPARE = 0x03, 0x16
_OK, _EOF, _ERROR, _NULL, _LOCAL_INFILE = 0x00, 0xFE, 0xFF, 0xFB, 0xFB
_CLIENT_COMPRESS, _CLIENT_SSL, _CLIENT_DEPRECATE_EOF = 0x20, 0x800, 0x01000000
_FULL = 0xFFFFFF


@dataclasses.dataclass
class _Rule:
    pattern: re.Pattern
    kind: str  # "substitute", "edit", "refuse", "fail", "cut"
    detail: object
    skip: int = 0
    times: int | None = None


class Rules:
    """What a proxy does to statements; shared by its connections, used by one thread."""

    def __init__(self):
        self.seen = []
        self._rules = []

    def substitute(self, pattern: str, replacement: str) -> None:
        self._add(pattern, "substitute", replacement)

    def edit_rows(self, pattern: str, edit) -> None:
        self._add(pattern, "edit", edit)

    def refuse(self, pattern: str, errno: int, state: str, message: str, times: int | None) -> None:
        self._add(pattern, "refuse", (errno, state, message), times=times)

    def fail(self, pattern: str, errno: int, message: str, skip: int, times: int) -> None:
        self._add(pattern, "fail", (errno, message), skip=skip, times=times)

    def cut(self, pattern: str, answered: bool, skip: int, times: int) -> None:
        self._add(pattern, "cut", answered, skip=skip, times=times)

    def clear(self) -> None:
        self._rules.clear()

    def rewrite(self, statement: str) -> str:
        for rule in self._rules:
            if rule.kind == "substitute":
                statement = rule.pattern.sub(rule.detail, statement)
        return statement

    def take(self, statement: str) -> _Rule | None:
        """The first rule that says what happens to this statement; counts it as used."""
        for rule in self._rules:
            if rule.kind == "substitute" or not rule.pattern.search(statement):
                continue
            if rule.skip > 0:
                rule.skip -= 1
                continue
            if rule.times is not None:
                rule.times -= 1
                if rule.times == 0:
                    self._rules.remove(rule)
            return rule
        return None

    def _add(self, pattern: str, kind: str, detail, skip: int = 0, times: int | None = None) -> None:
        self._rules.append(_Rule(re.compile(pattern, re.IGNORECASE | re.DOTALL), kind, detail, skip, times))


class Conversation:
    """One connection's state. Both methods return what is to be sent on, or None: cut the connection."""

    def __init__(self, rules: Rules):
        self._rules = rules
        self._client_bytes = bytearray()
        self._server_bytes = bytearray()
        self._answer = _Greeting()  # what reads the server's packets; None lets its bytes pass unread
        self._capabilities = None

    def from_client(self, data: bytes) -> bytes | None:
        self._client_bytes += data
        passed = bytearray()
        for sequence, payload in _take_packets(self._client_bytes):
            if self._capabilities is None:  # the first packet of a client is its login
                (self._capabilities,) = struct.unpack_from("<I", payload.ljust(4, b"\0"))
            elif sequence == 0 and _is_statement(payload):
                payload = self._statement(payload)
                if payload is None:
                    return None
            passed += _packet(sequence, payload)
        return bytes(passed)

    def from_server(self, data: bytes) -> bytes | None:
        if self._answer is None:
            return data
        self._server_bytes += data
        passed = bytearray()
        for sequence, payload in _take_packets(self._server_bytes):
            changed = self._answer.take(sequence, payload) if self._answer else _packet(sequence, payload)
            if changed is None:
                return None
            passed += changed
            if self._answer is not None and self._answer.is_complete:
                self._answer = None
        if self._answer is None:
            passed += self._server_bytes
            self._server_bytes.clear()
        return bytes(passed)

    def _statement(self, payload: bytes) -> bytes | None:
        text = payload[1:].decode("utf-8", "surrogateescape")
        self._rules.seen.append(text if len(text) <= 4096 else text[:4096])
        rule = self._rules.take(text)
        if rule is not None and rule.kind == "fail":
            errno, message = rule.detail
            return bytes([_COM_QUERY]) + f"SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {errno}, MESSAGE_TEXT = '{message}'".encode()
        if rule is not None:
            if rule.kind == "cut" and not rule.detail:
                return None
            self._answer = self._answer_for(rule)
            self._server_bytes.clear()
        if rule is not None and rule.kind == "refuse":
            return bytes([_COM_QUERY]) + b"DO 0"  # the server answers one OK packet, which becomes the error
        return payload[:1] + self._rules.rewrite(text).encode("utf-8", "surrogateescape")

    def _answer_for(self, rule: _Rule):
        if rule.kind == "cut":
            return _Dropped()
        if rule.kind == "refuse":
            return _Refusal(*rule.detail)
        return _EditedRows(rule.detail, bool(self._capabilities & _CLIENT_DEPRECATE_EOF))


class _Greeting:
    """The server's first packet, without the capabilities that would make the rest unreadable."""

    is_complete = False

    def take(self, sequence: int, payload: bytes) -> bytes:
        self.is_complete = True
        if payload[0] == _ERROR:  # too many connections, for instance
            return _packet(sequence, payload)
        low = payload.index(b"\0", 1) + 1 + 4 + 8 + 1
        (flags,) = struct.unpack_from("<H", payload, low)
        kept = struct.pack("<H", flags & ~(_CLIENT_SSL | _CLIENT_COMPRESS))
        return _packet(sequence, payload[:low] + kept + payload[low + 2 :])


class _Dropped:
    is_complete = False

    def take(self, sequence: int, payload: bytes) -> None:
        return None


class _Refusal:
    is_complete = False

    def __init__(self, errno: int, state: str, message: str):
        self._error = struct.pack("<BH", _ERROR, errno) + b"#" + state.encode() + message.encode()

    def take(self, sequence: int, payload: bytes) -> bytes:
        self.is_complete = True
        return _packet(sequence, self._error)


class _EditedRows:
    """A text result set: its rows are held back until the last one and then edited all together.

    columns := count definition{count} [EOF]  rows := row*  end := EOF | OK with header 0xFE
    """

    is_complete = False

    def __init__(self, edit, deprecate_eof: bool):
        self._edit = edit
        self._deprecate_eof = deprecate_eof
        self._columns_left = None
        self._column_count = 0
        self._row_sequence = None
        self._rows = []

    def take(self, sequence: int, payload: bytes) -> bytes:
        if self._columns_left is None:
            return self._first(sequence, payload)
        if self._columns_left > 0:
            self._columns_left -= 1
            if self._columns_left == 0 and self._deprecate_eof:
                self._row_sequence = sequence + 1
            return _packet(sequence, payload)
        if self._row_sequence is None:  # the EOF between definitions and rows
            self._row_sequence = sequence + 1
            return _packet(sequence, payload)
        if payload[0] == _ERROR or payload[0] == _EOF and len(payload) < _FULL and self._is_end(payload):
            return self._finish(payload)
        self._rows.append(_parse_row(payload, self._column_count))
        return b""

    def _first(self, sequence: int, payload: bytes) -> bytes:
        if payload[0] in (_OK, _ERROR, _LOCAL_INFILE):
            self.is_complete = True
        else:
            self._column_count, _ = _parse_length(payload, 0)
            self._columns_left = self._column_count
        return _packet(sequence, payload)

    def _is_end(self, payload: bytes) -> bool:
        """A row may begin with 0xFE too: the length of a cell of 16 MiB or more, never in a short packet."""
        return self._deprecate_eof or len(payload) < 9

    def _finish(self, end: bytes) -> bytes:
        self.is_complete = True
        sequence, answer = self._row_sequence, bytearray()
        for row in self._edit(self._rows):
            answer += _packet(sequence & 0xFF, b"".join(_cell(each) for each in row))
            sequence += 1
        return bytes(answer + _packet(sequence & 0xFF, end))


def _is_statement(payload: bytes) -> bool:
    """Statements that go on in a second packet are let through: a rewritten one would change their framing."""
    return 0 < len(payload) < _FULL and payload[0] in (_COM_QUERY, _COM_STMT_PREPARE)


def _packet(sequence: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "little") + bytes([sequence]) + payload


def _take_packets(stream: bytearray) -> list:
    """Removes the complete packets from the front of `stream`."""
    packets, at = [], 0
    while len(stream) - at >= 4:
        length = int.from_bytes(stream[at : at + 3], "little")
        if len(stream) - at - 4 < length:
            break
        packets.append((stream[at + 3], bytes(stream[at + 4 : at + 4 + length])))
        at += 4 + length
    del stream[:at]
    return packets


def _parse_length(data: bytes, at: int) -> tuple[int, int]:
    """A length-encoded integer and the offset after it."""
    first = data[at]
    width = {0xFC: 2, 0xFD: 3, 0xFE: 8}.get(first, 0)
    if width == 0:
        return first, at + 1
    return int.from_bytes(data[at + 1 : at + 1 + width], "little"), at + 1 + width


def _parse_row(payload: bytes, columns: int) -> list:
    row, at = [], 0
    for _ in range(columns):
        if payload[at] == _NULL:
            row.append(None)
            at += 1
            continue
        length, at = _parse_length(payload, at)
        row.append(payload[at : at + length])
        at += length
    return row


def _cell(value: bytes | None) -> bytes:
    if value is None:
        return bytes([_NULL])
    if len(value) < 0xFB:
        return bytes([len(value)]) + value
    width, marker = next(each for each in ((2, 0xFC), (3, 0xFD), (8, 0xFE)) if len(value) < 1 << 8 * each[0])
    return bytes([marker]) + len(value).to_bytes(width, "little") + value
