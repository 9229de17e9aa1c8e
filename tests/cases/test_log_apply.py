"""Changes of a log reach the target each exactly once, whatever is killed, cut, stopped or relieved on the way.

`log_driver` (tests/apply/server) follows the log of a world that exists in its memory. The same changes, as SQL written by the world
itself, are run one after another in another database of the server: both must hold the same rows.
"""

import os
import random
import signal
import subprocess
import time

import pytest

from programs import built

FULL = os.environ.get("TIDEWAY_FULL") == "1"
_TABLES = ("keyed", "pair", "keyless", "hot", "parent", "child")


class Follower:
    """log_driver against one server, and the same log as SQL beside it."""

    def __init__(self, server, world: str):
        self.server, self.world = server, world
        self.make("oracle")
        self._run("oracle", built_output("--sql", world))

    def make(self, database: str) -> None:
        self.server.execute(f"DROP DATABASE IF EXISTS {database}", f"CREATE DATABASE {database}")
        self._run(database, built_output("--tables"))

    def _run(self, database: str, statements: list[str]) -> None:
        with self.server.connect(database=database, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_mode = 'STRICT_TRANS_TABLES', time_zone = '+00:00'")
            for statement in statements:
                cursor.execute(statement)

    def begin(self) -> None:
        self.server.execute("DROP DATABASE IF EXISTS tideway_meta")
        self.make("shop")

    def start(self, url: str, *more: str) -> subprocess.Popen:
        command = [built("log_driver"), url, "job", self.world, *more]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, url: str, *more: str) -> tuple[int, str]:
        process = self.start(url, *more)
        output, _ = process.communicate(timeout=120)
        return process.returncode, output

    def rows(self, database: str, table: str) -> list:
        return sorted(self.server.execute(f"SELECT * FROM {database}.{table}"), key=repr)

    def check(self, context: str, tables=_TABLES) -> None:
        for table in tables:
            assert self.rows("shop", table) == self.rows("oracle", table), f"{table}\n{context}"


def built_output(*arguments: str) -> list[str]:
    return subprocess.run([built("log_driver"), *arguments], capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.parametrize("seed", range(12 if FULL else 3))
@pytest.mark.parametrize(
    "kind, options",
    [
        ("", ()),
        (":minimal:keys=12", ("threads=8",)),
        (":schema:cascade:keys=12:rows=9", ("threads=8", "block=7")),
        (":schema:cascade:keys=8:rows=30", ("piece=1", "block=5")),
        (":cascade:minimal:rows=20", ("piece=1", "block=3", "threads=2")),
    ],
    ids=["full", "minimal", "schema", "pieces", "minimal pieces"],
)
def test_a_log_applied_by_lanes_ends_as_the_same_changes_one_after_another(mysql80, kind, options, seed):
    follower = Follower(mysql80, f"{seed}:300{kind}")
    follower.begin()
    code, output = follower.run(mysql80.url(tls="off"), *options)
    assert code == 0, output
    follower.check(output)


def test_a_second_start_finds_nothing_left_to_do(mysql80):
    follower = Follower(mysql80, "5:200")
    follower.begin()
    assert follower.run(mysql80.url(tls="off"))[0] == 0
    code, output = follower.run(mysql80.url(tls="off"))
    assert code == 0 and "inserted=0 updated=0 removed=0" in output, output
    follower.check(output)


@pytest.fixture(scope="module")
def statements(_mysql80):
    """What an undisturbed follower says to its target, in order."""
    from testbed.proxy import Proxy

    follower = Follower(_mysql80, "7:60:schema:rows=12")
    follower.begin()
    with Proxy(_mysql80.host, _mysql80.port, mysql=True) as proxy:
        code, output = follower.run(proxy.url(tls="off"), "threads=2", "piece=1", "block=8")
        assert code == 0, output
        follower.check("undisturbed")
        return proxy.statements()


def test_a_follower_speaks_to_its_target_about_what_this_file_is_about(statements):
    joined = "\n".join(statements)
    for expected in ("INSERT INTO `shop`", "UPDATE tideway_meta.lane SET guard", "COMMIT", "UPDATE tideway_meta.log SET", "piece_rows = ", "/* tideway "):
        assert expected in joined


@pytest.mark.timeout(900)
@pytest.mark.parametrize("answered", [True, False], ids=["answer lost", "statement lost"])
def test_a_connection_lost_at_any_statement_loses_and_doubles_nothing(mysql80, proxy, statements, answered):
    follower, way = Follower(mysql80, "7:60:schema:rows=12"), proxy(mysql80, mysql=True)
    step = 1 if FULL else max(9, len(statements) // 30)
    for place in range(0 if answered else step // 2, len(statements), step):
        follower.begin()
        way.heal()
        way.cut_at_statement("", answered=answered, skip=place)
        code, output = follower.run(way.url(tls="off"), "threads=2", "piece=1", "block=8")
        context = f"cut at statement {place}\n{output}"
        assert code == 0, context
        follower.check(context)


@pytest.mark.parametrize("answered", [True, False], ids=["answer lost", "statement lost"])
def test_every_commit_in_turn_may_or_may_not_have_happened(mysql80, proxy, statements, answered):
    follower, way = Follower(mysql80, "7:60:schema:rows=12"), proxy(mysql80, mysql=True)
    commits = sum(each == "COMMIT" for each in statements)
    for place in range(0, commits, 1 if FULL else max(4, commits // 20)):
        follower.begin()
        way.heal()
        way.cut_at_statement("^COMMIT$", answered=answered, skip=place, times=2)
        code, output = follower.run(way.url(tls="off"), "threads=2", "piece=1", "block=8")
        assert code == 0, f"commit {place}\n{output}"
        follower.check(f"commit {place}\n{output}")


@pytest.mark.parametrize(
    "pattern", ["INSERT INTO `shop`", "UPDATE tideway_meta.lane SET guard", "^COMMIT$", "UPDATE tideway_meta.log SET", "INTO tideway_meta", "ALTER TABLE"]
)
@pytest.mark.parametrize(
    "errno, state, message",
    [(1213, "40001", "Deadlock found when trying to get lock; try restarting transaction"), (1041, "HY000", "Out of memory")],
)
def test_what_the_target_asks_to_try_again_is_tried_until_it_works(mysql80, proxy, pattern, errno, state, message):
    follower, way = Follower(mysql80, "7:60:schema:rows=12"), proxy(mysql80, mysql=True)
    follower.begin()
    way.refuse_statement(pattern, errno, state, message, times=3)
    code, output = follower.run(way.url(tls="off"), "threads=2")
    assert code == 0, output
    follower.check(output)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("options", [(), ("piece=1", "block=6")], ids=["units", "pieces"])
def test_killed_anywhere_it_goes_on_and_ends_with_every_change_once(mysql80, proxy, options):
    seed = random.randrange(1 << 30)
    drawn = random.Random(seed)
    way = proxy(mysql80)
    way.delay(0.002)
    for job in range(10 if FULL else 2):
        follower = Follower(mysql80, f"{seed + job}:250:schema:cascade:rows=15:keys=15")
        follower.begin()
        kills = 0
        while True:
            process = follower.start(way.url(tls="off"), "threads=3", *options)
            try:
                output, _ = process.communicate(timeout=drawn.uniform(0.1, 1.2) if kills < 6 else 120)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                kills += 1
                continue
            assert process.returncode == 0, f"seed {seed} job {job} after {kills} kills\n{output}"
            break
        assert kills > 0
        follower.check(f"seed {seed} job {job} after {kills} kills\n{output}")


def test_a_process_that_slept_through_its_relief_applies_nothing_more(mysql80, proxy):
    follower, way = Follower(mysql80, "9:600:rows=9"), proxy(mysql80)
    way.delay(0.005)
    follower.begin()
    sleeper = follower.start(way.url(tls="off"), "threads=3")
    _wait_for_rows(mysql80, sleeper)
    sleeper.send_signal(signal.SIGSTOP)
    refused, output = follower.run(mysql80.url(tls="off"))
    assert refused == 1 and "TW108" in output, output
    code, output = follower.run(mysql80.url(tls="off"), "takeover=1")
    assert code == 0, output
    sleeper.send_signal(signal.SIGCONT)
    last_words, _ = sleeper.communicate(timeout=60)
    assert sleeper.returncode == 1 and "TW802" in last_words, last_words
    follower.check(output)


def test_a_table_that_somebody_else_wrote_to_is_parked_with_both_images_and_the_others_go_on(mysql80):
    follower = Follower(mysql80, "11:300")
    follower.begin()
    mysql80.execute("CREATE TRIGGER shop.thief AFTER INSERT ON shop.hot FOR EACH ROW DELETE FROM shop.pair LIMIT 1")
    code, output = follower.run(mysql80.url(tls="off"))
    assert code == 3 and "parked pair: TW805" in output and "before (" in output, output
    follower.check(output, ("keyed", "keyless", "hot"))
    parked = mysql80.execute("SELECT table_name, dropped > 0 FROM tideway_meta.parked")
    assert parked == [(b"pair", 1)], parked


def test_a_schema_change_that_the_target_refuses_parks_its_table_alone(mysql80):
    follower = Follower(mysql80, "13:400:schema")
    assert any("ALTER TABLE pair" in each for each in built_output("--sql", follower.world))
    follower.begin()
    mysql80.execute("ALTER TABLE shop.pair ADD COLUMN x1 INT")  # the log will add it too
    code, output = follower.run(mysql80.url(tls="off"))
    assert code == 3 and "parked pair" in output and "1060" in output, output
    follower.check(output, ("keyed", "keyless", "hot"))


def _wait_for_rows(server, process) -> None:
    deadline = time.monotonic() + 30
    while server.execute("SELECT COUNT(*) FROM shop.keyed")[0][0] == 0:
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
