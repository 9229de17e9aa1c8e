"""Dump to files and load them: every type and name, each form and packing, judged by the oracle."""

import jobs
import pytest
from testbed import fixtures, oracle


def _dump(tideway, source, directory, *options, **settings):
    return tideway.run("dump", "--source", source.url(), "--output", directory, "--json", *options, **settings)


def _load(tideway, target, directory, *options, **settings):
    return tideway.run("load", "--target", target.url(), "--input", directory, "--json", *options, **settings)


@pytest.mark.parametrize("form", ["sql", "csv"])
@pytest.mark.parametrize("packing", ["none", "gzip", "snappy", "zstd"])
def test_every_type_survives_files(tideway, mysql80, target, tmp_path, form, packing):
    fixtures.load(mysql80, "all_types")
    _dump(tideway, mysql80, tmp_path / "d", "--filetype", form, "--compress", packing, *jobs.lossless(target)).expect(jobs.PROVEN)
    _load(tideway, target, tmp_path / "d").expect(jobs.PROVEN)
    assert jobs.type_differences(mysql80, target) == []


def test_every_type_of_5_7_survives_files(tideway, mysql57, target, tmp_path):
    fixtures.load(mysql57, "all_types")
    _dump(tideway, mysql57, tmp_path / "d", *jobs.lossless(target)).expect(jobs.PROVEN)
    _load(tideway, target, tmp_path / "d").expect(jobs.PROVEN)
    assert jobs.type_differences(mysql57, target) == []


@pytest.mark.parametrize("form", ["sql", "csv"])
def test_hostile_names_survive_files(tideway, source, target, tmp_path, form):
    options, tables = jobs.hostile_names(source, target)
    _dump(tideway, source, tmp_path / "d", "--filetype", form, *options).expect(jobs.PROVEN)
    _load(tideway, target, tmp_path / "d").expect(jobs.PROVEN)
    assert oracle.compare(source, target, tables=tables) == []


def test_small_files_and_statements_hold_the_same_rows(tideway, mysql80, target, tmp_path):
    jobs.fill_numbers(mysql80, "shop", "orders", 20_000)
    _dump(tideway, mysql80, tmp_path / "d", "--filesize", "100KiB", "--statement-size", "3000").expect(jobs.PROVEN)
    assert len(list((tmp_path / "d").glob("shop.orders.*.sql"))) > 10
    _load(tideway, target, tmp_path / "d").expect(jobs.PROVEN)
    assert oracle.compare(mysql80, target, databases=["shop"]) == []


def test_a_truncated_part_is_refused_before_anything_is_loaded(tideway, mysql80, target, tmp_path):
    jobs.fill_numbers(mysql80, "shop", "orders", 2_000)
    _dump(tideway, mysql80, tmp_path / "d").expect(jobs.PROVEN)
    (part,) = (tmp_path / "d").glob("shop.orders.*.sql")
    part.write_bytes(part.read_bytes()[:-100])
    outcome = _load(tideway, target, tmp_path / "d").expect(jobs.FAILED)
    (error,) = [event for event in outcome.events() if event["event"] == "error"]
    assert error["name"] == "file_corrupt" and part.name in str(error)
    assert "shop" not in {name for (name,) in target.execute("SHOW DATABASES")}


def test_a_changed_byte_in_a_part_is_found(tideway, mysql80, target, tmp_path):
    jobs.fill_numbers(mysql80, "shop", "orders", 2_000)
    _dump(tideway, mysql80, tmp_path / "d").expect(jobs.PROVEN)
    (part,) = (tmp_path / "d").glob("shop.orders.*.sql")
    data = bytearray(part.read_bytes())
    at = data.rindex(b"xxxx")
    data[at] = ord("y")
    part.write_bytes(data)
    outcome = _load(tideway, target, tmp_path / "d").expect(jobs.FAILED)
    (error,) = [event for event in outcome.events() if event["event"] == "error"]
    assert error["name"] == "file_corrupt" and f"{part.name}, bytes 0 to {len(data)}, rows 1 to 2000" in str(error), error


def test_input_whose_names_say_nothing_is_told_what_names_say(tideway, target, tmp_path):
    load = lambda: tideway.run("load", "--input", tmp_path, "--target", target.url()).expect(jobs.FAILED).stderr
    assert f"{tmp_path} is empty: there is nothing to load" in load()
    (tmp_path / "all.sql").write_text("INSERT INTO t VALUES (1);\n")
    assert "TW702" in (said := load()) and "all.sql" in said and "like shop.orders.sql" in said
    (tmp_path / "all.sql").rename(tmp_path / "d.t.sql")
    assert "TW702" in (said := load()) and "no d.t-schema.sql, and the target has no table `d`.`t`" in said


def test_a_dump_of_mariadbs_client_and_a_gap_in_its_files_are_taken_and_told(tideway, target, tmp_path):
    target.execute("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY)")
    for number in (1, 3):
        text = f"/*M!999999\\- enable the sandbox mode */ \nINSERT INTO t VALUES ({number});\n"
        (tmp_path / f"d.t.{number:05}.sql").write_text(text)
    done = tideway.run("load", "--input", tmp_path, "--target", target.url()).expect(jobs.PROVEN)
    assert "warning: d.t has no file between 00001 and 00003" in done.stdout, done
    assert target.execute("SELECT id FROM d.t ORDER BY id") == [(1,), (3,)]
