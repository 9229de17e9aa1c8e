"""A TiDB-like target: a MySQL 8.0 behind an endpoint that calls itself TiDB and answers as TiDB does where it matters.

Like TiDB: its name and version; names that ignore case; labels of ENUM and SET with single backslashes in SHOW CREATE
TABLE; JSON documents whose members stand in the order of their bytes; a DOUBLE that becomes a string is written out
without an exponent; no index on YEAR() (error 8200).

What is not like TiDB: it has spatial types, foreign keys as MySQL has them, -0, and no limit to a transaction; names are
really compared with their case; a DOUBLE is written out with 30 decimals at most, and up to 1e34.
"""

import json
import re

from testbed import proxy

_VERSION = b"8.0.11-TiDB-v8.5.0"
_LABELS = re.compile(rb"\b(enum|set)\(('(?:[^']|'')*'(?:,'(?:[^']|'')*')*)\)", re.IGNORECASE)
_PLAIN = r"TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(ABS(\1) AS DECIMAL(65,30))))"


class TidbLike:
    """Does not own its server. `connect` and `execute` reach the server itself."""

    is_tidb = True

    def __init__(self, server):
        self._server = server
        self.version = server.version
        self.endpoint = proxy.Proxy(server.host, server.port, mysql=True)
        self.endpoint.edit_rows(r"^SHOW SESSION VARIABLES WHERE Variable_name IN", _identity)
        self.endpoint.substitute(r"\btidb_version\(\)", "'Release Version: v8.5.0'")
        self.endpoint.substitute(r"\bKILL TIDB\b", "KILL")
        self.endpoint.substitute(r"\bcluster_processlist\b", "processlist")
        self.endpoint.substitute(r"CONCAT\(ABS\((\(`[^`]+`\*1E0\)|\(CONCAT\(`[^`]+`\)\+0E0\))\)\)", _PLAIN)
        self.endpoint.edit_rows(r"^SHOW CREATE TABLE", _raw_labels)
        self.endpoint.edit_rows(r"^SELECT (/\*!40001 SQL_NO_CACHE \*/ )?`", _reordered)
        refusal = "Unsupported creating expression index containing unsafe functions without allow-expression-index in config"
        self.endpoint.refuse_statement(r"^CREATE TABLE.*KEY `[^`]*` \(\(year\(", 8200, "HY000", refusal)

    def connect(self, **parameters):
        return self._server.connect(**parameters)

    def execute(self, *statements, **parameters):
        return self._server.execute(*statements, **parameters)

    def url(self, *arguments, **parameters) -> str:
        return self.endpoint.url(*arguments, **parameters).replace("mysql://", "tidb://", 1)

    def close(self) -> None:
        self.endpoint.close()


def _identity(rows: list) -> list:
    changed = {b"version": _VERSION, b"lower_case_table_names": b"2"}
    return [[name, changed.get(name, value)] for name, value in rows]


def _raw_labels(rows: list) -> list:
    return [[_LABELS.sub(lambda found: found[0].replace(b"\\\\", b"\\"), cell) for cell in row] for row in rows]


def _reordered(rows: list) -> list:
    return [[_by_bytes(cell) for cell in row] for row in rows]


def _by_bytes(cell):
    if cell is None or cell[:1] not in (b"{", b"["):
        return cell
    try:
        return json.dumps(json.loads(cell), sort_keys=True, ensure_ascii=False).encode()
    except ValueError:
        return cell  # text that only looks like a document
