"""An Aurora-like source: a MySQL behind two endpoints, with what Aurora takes away and what it adds.

Taken away: SUPER and RELOAD, hence the global read lock (refused in Aurora's words, error 1045); GTIDs; on the
reader endpoint the binlog status and every write. Added: grants that no SQL grammar knows, `@@aurora_version`,
the retention procedures `mysql.rds_show_configuration` and `mysql.rds_set_configuration`.

What is not like Aurora: the endpoints speak no TLS (they read the protocol); aurora_version is put into statement
text, so it is not in a listing of all variables; the reader has no lag and shares the writer's storage exactly.
"""

from testbed import proxy, servers

USER, PASSWORD = "admin", "Aurora-like 1"
READER_USER = "reporting"

_PRIVILEGES = (
    "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES,"
    " CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, CREATE VIEW, SHOW VIEW,"
    " CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER"
)
_READER_PRIVILEGES = "SELECT, PROCESS, SHOW DATABASES, SHOW VIEW, EXECUTE"
_UNKNOWN_PRIVILEGES = b", LOAD FROM S3, SELECT INTO S3, INVOKE LAMBDA, INVOKE SAGEMAKER, INVOKE COMPREHEND ON *.* TO "
_VERSIONS = {"5.7": "2.11.2", "8.0": "3.04.0"}
_WRITES = r"^\s*(INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER|TRUNCATE|RENAME|LOAD\s+DATA)\b"


class Aurora:
    """Owns its server and its endpoints. `with Aurora("8.0") as source: ...`"""

    def __init__(self, series: str = "8.0", options: dict | None = None):
        self.server = servers.Server(series, gtid=False, options=options)
        self.version = _VERSIONS[series]
        self.writer = None
        self.reader = None

    def start(self) -> "Aurora":
        self.server.start()
        self._make_accounts()
        self._make_retention()
        self.writer = self._endpoint("writer-1")
        self.reader = self._endpoint("reader-1")
        self.reader.substitute(r"@@(global\.)?innodb_read_only", "1")
        self.reader.refuse_statement(
            _WRITES,
            1290,
            "HY000",
            "The MySQL server is running with the --read-only option so it cannot execute this statement",
        )
        return self

    def writer_url(self) -> str:
        return self.writer.url(USER, PASSWORD)

    def reader_url(self, user: str = READER_USER) -> str:
        """As an account without REPLICATION CLIENT: SHOW MASTER STATUS is refused with error 1227."""
        return self.reader.url(user, PASSWORD)

    def close(self) -> None:
        for each in (self.writer, self.reader):
            if each is not None:
                each.close()
        self.server.destroy()

    def __enter__(self) -> "Aurora":
        return self.start()

    def __exit__(self, *_) -> None:
        self.close()

    def _make_accounts(self) -> None:
        for user, privileges in ((USER, _PRIVILEGES), (READER_USER, _READER_PRIVILEGES)):
            self.server.execute(
                f"CREATE USER {user}@'%' IDENTIFIED WITH mysql_native_password BY '{PASSWORD}'",
                f"GRANT {privileges} ON *.* TO {user}@'%'",
            )
        self.server.execute(f"GRANT GRANT OPTION ON *.* TO {USER}@'%'")

    def _make_retention(self) -> None:
        self.server.execute(
            "CREATE TABLE mysql.rds_configuration (name VARCHAR(100) NOT NULL PRIMARY KEY, value VARCHAR(100),"
            " description VARCHAR(300) NOT NULL)",
            "INSERT INTO mysql.rds_configuration VALUES ('binlog retention hours', NULL, 'binlog retention hours specifies"
            " the duration in hours before binary logs are automatically deleted.')",
            "CREATE PROCEDURE mysql.rds_show_configuration() SELECT name, value, description FROM mysql.rds_configuration",
            "CREATE PROCEDURE mysql.rds_set_configuration(IN wanted VARCHAR(100), IN given INT)"
            " UPDATE mysql.rds_configuration SET value = given WHERE name = wanted",
        )

    def _endpoint(self, server_name: str) -> proxy.Proxy:
        endpoint = proxy.Proxy(self.server.host, self.server.port, mysql=True)
        for name, value in (("aurora_version", self.version), ("aurora_server_id", server_name)):
            endpoint.substitute(rf"@@(global\.)?{name}", f"'{value}'")
            listed = f"SELECT '{name}' AS Variable_name, '{value}' AS Value"
            endpoint.substitute(rf"^\s*SHOW\s+((GLOBAL|SESSION)\s+)?VARIABLES\s+LIKE\s+'{name}'\s*$", listed)
        endpoint.substitute(r"\bAURORA_VERSION\(\)", f"'{self.version}'")
        endpoint.edit_rows(r"^\s*SHOW\s+GRANTS", self._add_grants)
        refusal = f"Access denied for user '{USER}'@'%' (using password: YES)"
        endpoint.refuse_statement(r"^\s*FLUSH\s+(LOCAL\s+|NO_WRITE_TO_BINLOG\s+)?TABLES", 1045, "28000", refusal)
        return endpoint

    def _add_grants(self, rows: list) -> list:
        added = [[row[0].replace(b" ON *.* TO ", _UNKNOWN_PRIVILEGES, 1)] for row in rows]
        if self.server.version.startswith("8."):
            added.append([b"GRANT `rds_superuser_role`@`%`,`AWS_LOAD_S3_ACCESS`@`%` TO `admin`@`%`"])
        return added
