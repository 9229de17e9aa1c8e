"""What the program does with its words before any server is asked."""

import os
import pathlib
import signal
import socket
import subprocess
import time

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


def test_events_that_cannot_be_kept_are_told(tideway):
    with open("/dev/full", "wb") as full:
        command = [tideway.binary, "verify", "--source", "mysql://x@127.0.0.1:1", "--target", "mysql://x@127.0.0.1:1", "--json"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 5
    assert b"standard output cannot be written" in done.stderr


@pytest.fixture
def silent_server():
    """Accepts connections and never says a word: whoever logs in there waits."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def _wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


def _title(run):
    return pathlib.Path(f"/proc/{run.pid}/cmdline").read_bytes().split(b"\0")


def test_passwords_are_gone_from_the_process_title(tideway, silent_server):
    run = tideway.start(
        "copy", "--source", f"mysql://u:hunter2@127.0.0.1:{silent_server}/", "--target-host", "127.0.0.1",
        "--target-port", silent_server, "--target-user", "u", "--target-password", "hunter3",
    )
    try:
        _wait_until(lambda: b"copy" in _title(run) and b"hunter2" not in b" ".join(_title(run)))
        title = b" ".join(_title(run))
        assert b"hunter" not in title
        assert f"mysql://u:xxxxxxx@127.0.0.1:{silent_server}/".encode() in title
    finally:
        run.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_a_command_that_waits_for_a_server(tideway, silent_server, number):
    run = tideway.start("copy", "--source", f"mysql://u:p@127.0.0.1:{silent_server}/",
                        "--target", f"mysql://u:p@127.0.0.1:{silent_server}/")
    _wait_until(lambda: b"copy" in _title(run) and len(list(pathlib.Path(f"/proc/{run.pid}/task").iterdir())) > 1)
    run.signal(number)
    done = run.wait(20)
    assert done.code == 4, f"{done}"
    assert "TW106" in done.stderr


def test_a_broken_configuration_is_refused_with_its_place(tideway, tmp_path):
    config = tmp_path / "job.yaml"
    config.write_text("threads: 4\nfilter: [a.*\n")
    done = tideway.run("copy", "--config", config).expect(2)
    assert f"TW101 config_syntax (local): {config}:3:" in done.stderr
    config.write_text("threads: 4\nsorce: mysql://h/\n")
    done = tideway.run("copy", "--config", config).expect(2)
    assert f"{config}:2:1: unknown key 'sorce'; did you mean 'source'?" in done.stderr
    config.write_text("threads: 400\n")
    done = tideway.run("copy", "--config", config).expect(2)
    assert f"{config}:1:10: threads: '400' is out of range: 1 to 256" in done.stderr


def test_a_broken_filter_is_refused_before_any_server_is_asked(tideway, silent_server):
    done = tideway.run("copy", "--source", f"mysql://u:p@127.0.0.1:{silent_server}/", "--target",
                       f"mysql://u:p@127.0.0.1:{silent_server}/", "--filter", "a.b.c", deadline_seconds=20)
    assert done.code == 2
    assert "at <cmdline>:1: syntax error: stray characters after table pattern" in done.stderr


def test_an_option_of_another_command_is_not_accepted(tideway):
    assert "unknown option --output" in tideway.run("copy", "--output", "x").expect(2).stderr


def test_with_json_an_error_is_an_event_and_standard_error_is_empty(tideway):
    with socket.socket() as refusing:  # bound and never listening: connections are refused, and nobody else takes the port
        refusing.bind(("127.0.0.1", 0))
        url = f"mysql://u:p@127.0.0.1:{refusing.getsockname()[1]}/"
        done = tideway.run("copy", "--json", "--source", url, "--target", url).expect(5)
    events = done.events()
    assert [events[0]["event"], events[-1]["event"]] == ["start", "end"]
    assert events[-1]["exit"] == 5
    error = next(each for each in events if each["event"] == "error")
    assert error["code"] == "TW201" and error["next"]
    assert done.stderr == ""
