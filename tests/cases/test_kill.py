"""kill -9 at random moments: started again the same command goes on, and nothing of it shows in the rows."""

import os
import random

import jobs
import pytest
from testbed import oracle

KILLS = int(os.environ.get("TIDEWAY_TEST_KILLS", "10"))


def _fill(server):
    jobs.fill_numbers(server, "shop", "orders", 60_000)
    server.execute(
        "CREATE TABLE shop.log (at INT, note VARCHAR(120))",
        "INSERT INTO shop.log SELECT k, note FROM shop.orders WHERE id <= 20000",
        "CREATE TABLE shop.names (name VARCHAR(60) NOT NULL, part INT NOT NULL, v INT, PRIMARY KEY (name, part))",
        "INSERT INTO shop.names SELECT MD5(id), id % 3, id FROM shop.orders WHERE id <= 20000",
    )


@pytest.mark.timeout(60 + 30 * KILLS)
def test_a_copy_killed_at_random_moments_ends_equal(tideway, mysql80, target):
    """One job, killed again and again at moments drawn over how long the whole takes, until it ends by itself."""
    _fill(mysql80)
    draw = random.Random(20261)
    options = ("--threads", "3", "--chunk-bytes", "256KiB", "--filter", "shop.*")
    whole = jobs.copy(tideway, mysql80, target, *options, "--job", "measure").expect(jobs.PROVEN).seconds
    kills = starts = 0
    while kills < KILLS:
        target.reset()
        while True:
            run = tideway.start("copy", "--source", mysql80.url(), "--target", target.url(), "--json", *options)
            starts += 1
            try:
                outcome = run.wait(draw.uniform(0.05, whole * 0.7) if kills < KILLS else 120)
            except AssertionError:  # the deadline: it was killed
                kills += 1
                continue
            jobs.assert_proven_copy(outcome, mysql80, target, databases=["shop"])
            break
    assert starts > kills


def test_a_copy_killed_while_rows_are_written_elsewhere_copies_those_tables_again(tideway, mysql80, target):
    _fill(mysql80)
    draw = random.Random(7)
    options = ("--threads", "2", "--chunk-bytes", "256KiB", "--filter", "shop.*")
    for round_number in range(3):
        run = tideway.start("copy", "--source", mysql80.url(), "--target", target.url(), "--json", *options)
        try:
            run.wait(draw.uniform(0.2, 0.9))
        except AssertionError:
            pass
        mysql80.execute(
            f"UPDATE shop.orders SET k = {round_number} WHERE id % 1000 = 1",
            "DELETE FROM shop.log LIMIT 5",
            "UPDATE shop.names SET part = part + 3 LIMIT 10",
        )
    jobs.assert_proven_copy(jobs.copy(tideway, mysql80, target, *options), mysql80, target, databases=["shop"])
    assert oracle.compare(mysql80, target, databases=["shop"]) == []
