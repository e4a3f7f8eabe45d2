# SPDX-License-Identifier: MIT
"""Many containers at a time, and many one after the other; the long ones in `./cluu test nightly`. Time is the guest's: an
instruction is a nanosecond."""

import re

import pytest

import images
from cluu import execute, paths

CLUUFILES = {
    "boss": "PROFILE vfs supervisor\nMOUNT / inherit\nENTRYPOINT /bin/busybox sh -c\n",
    "sleeper": "PROFILE vfs\nMOUNT /bin readonly\nENTRYPOINT /bin/busybox sleep\n",
    "crowd": "PROFILE vfs\nMOUNT /dev inherit\nENTRYPOINT /home/admin/crowd\n",
}
# What servers keep for the next containers, and lists of those that have ended, grows to its size.
ROUNDS_BEFORE = 300


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    put = [(paths.OUT / "linux/crowd", "/home/admin/crowd")]
    put += images.to_put(folder, CLUUFILES)
    session = execute.Session(execute.Request(["true"], put=put, icount=True), logs=tmp_path_factory.mktemp("guest"))
    yield session
    session.close()


def free_memory(guest) -> int:
    """In KiB."""
    return int(re.search(r"MemFree:\s+(\d+)", guest.run("cat", "/proc/meminfo").output.decode())[1])


def start_and_stop(guest, name: str, count: int) -> None:
    for number in range(count):
        started = guest.run("container", "run", "-d", "--name", f"{name}{number}", "sleeper", "10000")
        assert started.status == 0, (number, started)
    listed = guest.run("container", "ls").output.decode()
    assert len(re.findall(rf"\b{name}\d+ +sleeper +up ", listed)) == count
    assert guest.run("echo", "alive").output == b"alive\n"
    for number in range(count):
        stopped = guest.run("container", "stop", "-t", "0", f"{name}{number}")
        assert stopped.status == 0, (number, stopped)


def rounds(guest, count: int) -> None:
    done = guest.shell(f"i=0; while [ $i -lt {count} ]; do /bin/true || exit 1; i=$((i+1)); done", timeout=3600)
    assert done.status == 0, done


def test_a_container_with_a_thousand_threads_ends_within_100_ms(guest):
    script = """container run -d --name crowd crowd 1000 /dev/shm/said >/dev/null
        until grep -q ready /dev/shm/said 2>/dev/null; do sleep 0.1; done
        container ls | grep -c 'crowd .* up'; cat /proc/uptime
        container stop -t 0 crowd > /dev/null; cat /proc/uptime; container ls | grep -c 'crowd .* up'"""
    said = guest.run("container", "run", "boss", script, timeout=60).output.decode().split()
    assert said[0] == "1" and said[-1] == "0"
    assert float(said[3]) - float(said[1]) <= 0.1


def test_twenty_containers_at_once_leave_nothing(guest):
    free = []
    for turn in range(15):  # what servers keep grows to its size in the first ones
        start_and_stop(guest, f"turn{turn:02}n", 20)
        free.append(free_memory(guest))
    assert free[-1] == free[-2] == free[-3], free


@pytest.mark.nightly
def test_a_thousand_containers_at_once(guest):
    start_and_stop(guest, "of-many", 1000)


@pytest.mark.nightly
def test_a_hundred_thousand_starts_leave_nothing(guest):
    rounds(guest, ROUNDS_BEFORE)
    before = free_memory(guest)
    rounds(guest, 100_000)
    assert free_memory(guest) == before
