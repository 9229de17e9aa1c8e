"""Words in which the cases speak of jobs: run one, read its certificate, judge it by the oracle."""

import dataclasses

from testbed import fixtures, oracle

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


# What JSON text cannot carry (it does not say which numbers are DECIMAL and which strings are dates or bytes, and 5.7.19 prints
# control characters that 8.0 escapes: texts of both servers differ), and sets whose definitions 8.0 does not spell out:
# test_odd_values.py sees that all of them arrive.
_LOSSY = {"documents_typed", "documents_control", "charsets"}


def lossless(target) -> tuple:
    """Options that choose the tables of all_types that must arrive unchanged."""
    left_out = _LOSSY | ({"shapes"} if target.is_tidb else set())  # geometry: test_tidb.py
    return ("--filter", "all_types.*", *(word for table in sorted(left_out) for word in ("--filter", f"!*.{table}")))


def type_differences(source, target, **judging) -> list:
    """TiDB has no -0, and makes the label '' of an ENUM's error value beside it."""
    left_out = _LOSSY | ({"enums", "shapes", "minus_zero"} if target.is_tidb else set())
    return [each for each in oracle.compare(source, target, databases=["all_types"], **judging) if each.table not in left_out]


def hostile_names(source, target) -> tuple:
    """Loads them; options that choose what the target can have, and the tables that they leave, for the oracle."""
    before = oracle.base_tables(source.connect())
    fixtures.load(source, "hostile_names")
    tables = oracle.base_tables(source.connect()) - before
    if not target.is_tidb:
        return (), tables
    # Names that differ by case alone are one name there.
    systems = ("!mysql.*", "!sys.*", "!performance_schema.*", "!information_schema.*")
    rules = ("*.*", *systems, "!hostile.SELECT", "!hostile_case.cased")
    options = ("--case-sensitive", *(word for rule in rules for word in ("--filter", rule)))
    return options, tables - {("hostile", "SELECT"), ("hostile_case", "cased")}


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
