"""Every statement of a copy fails in turn; processes are killed, stopped and relieved: no row is lost or doubled.

`copy_driver` (tests/apply/server) copies two tables, one of them without a key, over a proxy that
does the harm. The tables are then compared with what they must hold, by SQL of this file alone.
"""

import os
import random
import signal
import subprocess
import time

import pytest

from programs import built

ROWS = 60
FULL = os.environ.get("TIDEWAY_FULL") == "1"

_TABLES = (
    "CREATE DATABASE shop",
    "CREATE TABLE shop.keyed (id INT PRIMARY KEY, t VARCHAR(40))",
    "CREATE TABLE shop.keyless (id INT, t VARCHAR(40))",
)


class Driver:
    """copy_driver against one server, whatever way leads there."""

    def __init__(self, server, rows=ROWS, writers=1):
        self.server, self.rows, self.writers = server, rows, writers

    def begin(self) -> None:
        """No job, empty tables."""
        self.server.execute("DROP DATABASE IF EXISTS shop", "DROP DATABASE IF EXISTS tideway_meta", *_TABLES)

    def start(self, url: str, *more: str) -> subprocess.Popen:
        command = [built("copy_driver"), url, "job", str(self.rows), str(self.writers), *more]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, url: str, *more: str) -> tuple[int, str]:
        process = self.start(url, *more)
        output, _ = process.communicate(timeout=120)
        return process.returncode, output

    def check(self, context: str) -> None:
        keyed = self.server.execute("SELECT id, t FROM shop.keyed ORDER BY id")
        keyless = self.server.execute("SELECT id, t FROM shop.keyless ORDER BY id")
        half = self.rows // 2
        text = lambda number, count: f"row {number} 'of' {count}\n"
        assert keyed == [(i, text(i, self.rows)) for i in range(self.rows)], context
        assert keyless == [(i, text(i, half)) for i in range(half) for _ in range(2)], context


@pytest.fixture(scope="module")
def statements(_mysql80):
    """What an undisturbed copy says to its target, in order."""
    from testbed.proxy import Proxy

    driver = Driver(_mysql80)
    driver.begin()
    with Proxy(_mysql80.host, _mysql80.port, mysql=True) as proxy:
        code, output = driver.run(proxy.url(tls="off"))
        assert code == 0, output
        driver.check("undisturbed")
        return proxy.statements()


def test_a_copy_speaks_to_its_target_about_what_this_file_is_about(statements):
    joined = "\n".join(statements)
    for expected in ("INSERT INTO `shop`.`keyless`", "UPDATE tideway_meta.chunk SET guard", "COMMIT", "UPDATE tideway_meta.base SET"):
        assert expected in joined


@pytest.mark.timeout(900)
@pytest.mark.parametrize("answered", [True, False], ids=["answer lost", "statement lost"])
def test_a_connection_lost_at_any_statement_loses_and_doubles_nothing(mysql80, proxy, statements, answered):
    driver, way = Driver(mysql80), proxy(mysql80, mysql=True)
    step = 1 if FULL else 4
    for place in range(0 if answered else step // 2, len(statements), step):
        driver.begin()
        way.heal()
        way.cut_at_statement("", answered=answered, skip=place)
        code, output = driver.run(way.url(tls="off"))
        context = f"cut at statement {place} ({statements[place][:100]})\n{output}"
        assert code == 0, context
        driver.check(context)


@pytest.mark.parametrize("answered", [True, False], ids=["answer lost", "statement lost"])
def test_every_commit_in_turn_may_or_may_not_have_happened(mysql80, proxy, statements, answered):
    driver, way = Driver(mysql80), proxy(mysql80, mysql=True)
    commits = sum(each == "COMMIT" for each in statements)
    for place in range(0, commits, 1 if FULL else 3):
        driver.begin()
        way.heal()
        way.cut_at_statement("^COMMIT$", answered=answered, skip=place, times=2)
        code, output = driver.run(way.url(tls="off"))
        assert code == 0, f"commit {place}\n{output}"
        driver.check(f"commit {place}\n{output}")


@pytest.mark.parametrize(
    "pattern", ["INSERT INTO `shop`", "UPDATE tideway_meta.chunk SET guard", "^COMMIT$", "UPDATE tideway_meta.base SET guard", "INSERT INTO tideway_meta"]
)
@pytest.mark.parametrize(
    "errno, state, message",
    [
        (1213, "40001", "Deadlock found when trying to get lock; try restarting transaction"),
        (1205, "HY000", "Lock wait timeout exceeded; try restarting transaction"),
        (1041, "HY000", "Out of memory; check if mysqld or some other process uses all available memory"),
    ],
)
def test_what_the_target_asks_to_try_again_is_tried_until_it_works(mysql80, proxy, pattern, errno, state, message):
    driver, way = Driver(mysql80, writers=2), proxy(mysql80, mysql=True)
    driver.begin()
    way.refuse_statement(pattern, errno, state, message, times=4)
    code, output = driver.run(way.url(tls="off"))
    assert code == 0, output
    driver.check(output)


def test_a_full_target_is_waited_for(mysql80, proxy):
    driver, way = Driver(mysql80), proxy(mysql80, mysql=True)
    driver.begin()
    way.refuse_statement("INSERT INTO `shop`.`keyed`", 1114, "HY000", "The table 'keyed' is full")
    process = driver.start(way.url(tls="off"))
    deadline = time.monotonic() + 30
    while sum("INSERT INTO `shop`.`keyed`" in each for each in way.statements()) < 2:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    way.heal()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    driver.check(output)


def test_a_target_that_restarts_is_gone_on_with(mysql80):
    driver = Driver(mysql80, rows=3000, writers=3)
    driver.begin()
    process = driver.start(mysql80.url(tls="off"))
    _wait_for_rows(mysql80, process, 200)
    mysql80.kill()
    mysql80.start()
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    driver.check(output)


@pytest.mark.timeout(900)
def test_killed_anywhere_it_goes_on_and_ends_with_every_row_once(mysql80, proxy):
    seed = random.randrange(1 << 30)
    drawn = random.Random(seed)
    driver, way = Driver(mysql80, rows=600, writers=3), proxy(mysql80)
    way.delay(0.003)  # a second or so for a whole copy, so that kills hit it
    for job in range(20 if FULL else 3):
        driver.begin()
        kills = 0
        while True:
            process = driver.start(way.url(tls="off"))
            try:
                output, _ = process.communicate(timeout=drawn.uniform(0.05, 1.0) if kills < 5 else 120)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                kills += 1
                continue
            assert process.returncode == 0, f"seed {seed} job {job} after {kills} kills\n{output}"
            break
        assert kills > 0
        driver.check(f"seed {seed} job {job} after {kills} kills")


def test_a_process_that_slept_through_its_relief_writes_nothing_more(mysql80):
    driver = Driver(mysql80, rows=3000, writers=3)
    driver.begin()
    sleeper = driver.start(mysql80.url(tls="off"))
    _wait_for_rows(mysql80, sleeper, 100)
    sleeper.send_signal(signal.SIGSTOP)
    refused, output = driver.run(mysql80.url(tls="off"))
    assert refused == 1 and "TW108" in output, output
    code, output = driver.run(mysql80.url(tls="off"), "takeover")
    assert code == 0, output
    sleeper.send_signal(signal.SIGCONT)
    last_words, _ = sleeper.communicate(timeout=60)
    assert sleeper.returncode == 1 and "TW802" in last_words, last_words
    driver.check(output)


def _wait_for_rows(server, process, count: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        written = server.execute("SELECT (SELECT COUNT(*) FROM shop.keyed) + (SELECT COUNT(*) FROM shop.keyless)")[0][0]
        if written >= count:
            return
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
