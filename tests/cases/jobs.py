"""Words in which the cases speak of jobs: run one, read its certificate, judge it by the oracle."""

import dataclasses

from testbed import oracle

PROVEN, FAILED, USAGE, UNPROVEN, STOPPED, ENVIRONMENT = range(6)


@dataclasses.dataclass(frozen=True)
class Certificate:
    json: dict

    @classmethod
    def of(cls, outcome) -> "Certificate":
        found = [event["certificate"] for event in outcome.events() if event["event"] == "certificate"]
        assert len(found) == 1, f"no certificate in\n{outcome}"
        return cls(found[0])

    def proofs(self) -> dict:
        return {(table["database"], table["table"]): table["proof"] for table in self.json["tables"]}

    def tables(self, proof: str) -> set:
        return {name for name, value in self.proofs().items() if value == proof}

    def reason(self, database: str, table: str) -> str:
        return next(each.get("reason", "") for each in self.json["tables"] if (each["database"], each["table"]) == (database, table))


def copy(tideway, source, target, *options, **settings):
    return tideway.run("copy", "--source", source.url(), "--target", target.url(), "--json", *options, **settings)


def verify(tideway, source, target, *options, **settings):
    return tideway.run("verify", "--source", source.url(), "--target", target.url(), "--json", *options, **settings)


def assert_proven_copy(outcome, source, target, **judging):
    """Exit 0, every table proven, and the oracle agrees."""
    outcome.expect(PROVEN)
    certificate = Certificate.of(outcome)
    assert certificate.tables("proven") == set(certificate.proofs()), certificate.json
    assert oracle.compare(source, target, **judging) == []
    return certificate


def fill_numbers(server, database: str, table: str, rows: int, first: int = 1) -> None:
    """A table with an integer key and `rows` rows of about 100 bytes, made on the server."""
    server.execute(
        f"CREATE DATABASE IF NOT EXISTS {database}",
        f"CREATE TABLE IF NOT EXISTS {database}.{table}"
        " (id BIGINT NOT NULL PRIMARY KEY, k INT NOT NULL, note VARCHAR(120) NOT NULL, KEY k (k))",
        "SET SESSION cte_max_recursion_depth = 100000000" if not server.version.startswith("5.") else "DO 0",
    )
    with server.connect(database=database) as connection, connection.cursor() as cursor:
        # Doubling works on every version; 5.7 has no recursive queries.
        cursor.execute(f"INSERT INTO {table} VALUES ({first}, 1, REPEAT('x', 90))")
        have = 1
        while have < rows:
            more = min(have, rows - have)
            cursor.execute(
                f"INSERT INTO {table} SELECT id + {have}, (id * 7919 + {have}) % 100003, CONCAT(MD5(id + {have}), REPEAT('x', 60))"
                f" FROM {table} WHERE id < {first} + {more}"
            )
            have += more
