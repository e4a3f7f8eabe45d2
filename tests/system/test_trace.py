# SPDX-License-Identifier: MIT
"""The tool `trace`: what the kernel recorded while a command ran, as text and in Chrome's trace format."""

import json
import re
import subprocess

import pytest

from cluu import paths


@pytest.fixture(scope="module")
def trace(tmp_path_factory):
    """The trace of a pipe, brought out of the machine as a person would."""
    file = tmp_path_factory.mktemp("trace") / "trace.json"
    done = subprocess.run([paths.ROOT / "cluu", "exec", "--cpus", "2", "--get", f"/tmp/t.json:{file}", "--", "trace", "--json", "-o",
                           "/tmp/t.json", "--", "sh", "-c", "ls / | wc -l; exit 3"], capture_output=True, timeout=120,
                          stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout) == (3, b"10\n"), done.stderr
    return json.loads(file.read_text())


def test_nothing_was_lost(trace):
    assert trace["otherData"]["lost_events"] == 0
    assert len(trace["traceEvents"]) > 500


def test_events_are_in_the_order_of_time(trace):
    times = [event["ts"] for event in trace["traceEvents"] if event["ph"] != "M"]
    assert times == sorted(times)
    assert all(event["dur"] >= 0 for event in trace["traceEvents"] if event["ph"] == "X")


def test_every_track_has_a_name(trace):
    events = trace["traceEvents"]
    processes = {event["pid"]: event["args"]["name"] for event in events if event["name"] == "process_name"}
    threads = {(event["pid"], event["tid"]) for event in events if event["name"] == "thread_name"}
    assert {"CPUs", "trace", "sh", "procmgr", "vfs", "ext2fs"} <= set(processes.values())
    assert {(event["pid"], event["tid"]) for event in events if event["ph"] != "M"} <= threads
    assert {event["pid"] for event in events} <= set(processes)


def test_a_cpu_runs_one_thread_at_a_time(trace):
    ends = {}
    for event in trace["traceEvents"]:
        if event["ph"] == "X" and event["pid"] == 0:
            assert event["ts"] >= ends.get(event["tid"], 0) - 0.002  # rounded to nanoseconds
            ends[event["tid"]] = event["ts"] + event["dur"]


def test_calls_are_answered_while_the_server_runs(trace):
    events = trace["traceEvents"]
    calls = [event for event in events if event["ph"] == "X" and "server" in event["args"]]
    answered = [call for call in calls if call["args"]["answered"]]
    assert len(answered) > 50
    runs = [event for event in events if event["ph"] == "X" and event["pid"] == 0]
    for call in answered:
        end = call["ts"] + call["dur"]
        assert any(run["args"]["thread"] == call["args"]["server"] and run["ts"] <= end
                   and run["ts"] + run["dur"] >= call["ts"] for run in runs), call


def test_it_shows_programs_doing_what_they_do(trace):
    events = trace["traceEvents"]
    sh = {event["pid"] for event in events if event["name"] == "process_name" and event["args"]["name"] == "sh"}
    names = {event["name"] for event in events if event["pid"] in sh}
    assert {"Linux call 231", "page fault"} <= names  # exit_group
    assert any(re.match(r"interrupt \d+", event["name"]) for event in events)


def test_as_text(guest):
    result = guest.run("trace", "true")
    assert result.status == 0
    lines = result.output.decode().splitlines()
    assert len(lines) > 100
    assert all(re.match(r" *\d+\.\d{3} +\d+ \S.*", line) for line in lines)
    assert any(re.search(r" true +Linux call 231", line) for line in lines)
    receives = [re.search(r" receive of capability (\d+)$", line) for line in lines]
    assert any(receives) and all(int(found[1]) < 100_000 for found in receives if found)


def test_only_admin_may(guest):
    result = guest.run("container", "run", "shell", "-c", "trace true")
    assert result.status != 0


def test_a_trace_that_is_killed_ends(guest):
    result = guest.run("trace", "-o", "/tmp/log", "sh", "-c", "kill -9 $PPID")
    assert result.status != 0
    assert len(guest.run("trace", "true").output.splitlines()) > 100


def test_how_it_is_used(guest):
    assert guest.run("trace").status == 2
    assert guest.run("trace", "no-such-command").status == 127
    assert guest.run("trace", "-o", "/no/such/folder", "true").errors == b"trace: /no/such/folder: No such file or directory\n"
