"""What the program does with its words before any server is asked."""

import os
import subprocess

import pytest


def test_without_a_command_it_says_what_there_is_and_that_this_was_no_use(tideway):
    done = tideway.run().expect(2)
    assert "tideway COMMAND [options]" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("words", [("--help",), ("-h",), ("help",)])
def test_help_is_a_result(tideway, words):
    done = tideway.run(*words).expect(0)
    assert "explain" in done.stdout and "Exit codes:" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("words", [("--version",), ("-V",), ("version",)])
def test_version(tideway, words):
    assert tideway.run(*words).expect(0).stdout.startswith("tideway ")


def test_it_starts_in_under_a_tenth_of_a_second(tideway):
    # The best of ten: the promise is about the program, not about who else uses the machine.
    assert min(tideway.run("--version").seconds for _ in range(10)) < 0.1


@pytest.mark.parametrize("word", ["TW301", "301", "missing_privilege", "tw301"])
def test_an_error_code_is_explained_offline(tideway, word):
    done = tideway.run("explain", word).expect(0)
    assert done.stdout.startswith("TW301 missing_privilege\n")
    assert "next: " in done.stdout


def test_every_code_is_listed(tideway):
    lines = tideway.run("explain").expect(0).stdout.splitlines()
    assert lines[0].startswith("TW100") and len(lines) > 40


@pytest.mark.parametrize(
    "words, said",
    [
        (("explian",), "there is no command 'explian'; did you mean explain?"),
        (("explain", "--markdwn"), "unknown option --markdwn; did you mean --markdown?"),
        (("explain", "misssing_privilege"), "did you mean missing_privilege?"),
        (("version", "now"), "unexpected word 'now'"),
        (("help", "dunp"), "there is no command 'dunp'"),
    ],
)
def test_a_mistake_is_a_usage_error_that_names_the_nearest_known_word(tideway, words, said):
    done = tideway.run(*words).expect(2)
    assert said in done.stderr
    assert done.stdout == ""


def test_every_command_has_help_and_a_reference_page(tideway):
    listed = [
        line.split()[0]
        for line in tideway.run("--help").expect(0).stdout.splitlines()
        if line.startswith("  ") and not line.startswith("  tideway")
    ]
    assert {"explain", "help", "version"} <= set(listed)
    for command in listed:
        short = tideway.run(command, "--help").expect(0).stdout
        assert short == tideway.run("help", command).expect(0).stdout
        assert f"tideway {command}" in short
        assert tideway.run("help", "--markdown", command).expect(0).stdout.startswith("<!-- Made by")


def test_output_that_nobody_reads_does_not_end_it(tideway):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([tideway.binary, "explain"], stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_output_that_cannot_be_kept_is_told(tideway):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([tideway.binary, "explain"], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 5
    assert b"standard output cannot be written" in done.stderr
