# SPDX-License-Identifier: MIT
"""Programs that try to get out of their container, or to use up what others need (tests/escape). Another container runs meanwhile."""

import re

import pytest

import images
from cluu import execute, paths

SOURCES = paths.ROOT / "tests/escape"
FILES = "PROFILE vfs\nMOUNT /bin readonly\nMOUNT /home/admin/place readonly\nMOUNT /tmp private\n"
LIMITS = "LIMIT memory 16M\nLIMIT processes 20\n"
HOLDERS = {"names": FILES, "processes": FILES, "machine": FILES, "exhaustion": FILES + LIMITS, "capabilities": FILES + LIMITS,
           "declarations": FILES + "PROFILE supervisor accounts\nMOUNT /proc inherit\nMOUNT /dev inherit\n"}
CLUUFILES = {f"escape_{name}": f"{text}ENTRYPOINT /home/admin/escape_{name}\n" for name, text in HOLDERS.items()}
CLUUFILES["neighbour"] = "PROFILE vfs\nMOUNT /bin readonly\nMOUNT /tmp private\nENTRYPOINT /bin/busybox sh -c\n"
CLUUFILES["holder"] = "PROFILE vfs\nMOUNT /home/admin inherit\nENTRYPOINT /home/admin/hold_name\n"
PLACE = "/home/admin/place"
NEIGHBOUR = "echo mine > /tmp/of-the-neighbour; while :; do read line < /tmp/of-the-neighbour; echo $line > /tmp/now; sleep 0.2; done"

# Who keeps the servers and the CPU busy, each in a container of its own, in order to delay others.
BUSY = {
    "spinner": "while :; do :; done",
    "forker": "while :; do (:) & (:) & wait; done",
    "maker": "while :; do i=0; while [ $i -lt 200 ]; do echo x > /tmp/$i; i=$((i+1)); done; rm /tmp/*; done",
    "locker": "while :; do /home/admin/escape_exhaustion locks; done",
    "sender": "while :; do /home/admin/hostile_messages 1 100000; done",
    "taker": "while :; do /home/admin/escape_exhaustion memory; /home/admin/escape_exhaustion descriptors_on_their_way; done",
}


def attempts() -> list[tuple[str, str]]:
    """(what tries, what it tries), as the sources list them."""
    found = []
    for name in HOLDERS:
        source = SOURCES / f"escape_{name}.cpp"
        pattern = r'\{"(\w+)", &' if source.exists() else r"TEST\((\w+)\)"
        source = source if source.exists() else source.with_suffix(".c")
        found += [(f"escape_{name}", attempt) for attempt in re.findall(pattern, source.read_text())]
    return found


@pytest.fixture(scope="module")
def prison(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    put = [(paths.OUT / ("hosted" if (SOURCES / f"escape_{name}.cpp").exists() else "linux") / f"escape_{name}", f"/home/admin/escape_{name}")
           for name in HOLDERS]
    put.append((paths.OUT / "linux/hold_name", "/home/admin/hold_name"))
    put += images.to_put(folder, CLUUFILES)
    session = execute.Session(execute.Request(["true"], put=put), logs=tmp_path_factory.mktemp("prison"))
    session.shell(f"umask 022; cd /home/admin; echo private words > /home/admin/secret; mkdir -p {PLACE}/deep; echo public words > {PLACE}/file;"
                  f" cd {PLACE} && ln -s /home/admin/secret absolute && ln -s ../secret relative && ln -s .. up; chown -R 1000 . ../secret")
    started = session.run("container", "run", "-d", "--name", "neighbour", "neighbour", NEIGHBOUR)
    assert started.status == 0, started
    started = session.run("container", "run", "-d", "--name", "holder", "holder", "of-the-holder", "/home/admin/held")
    assert started.status == 0, started
    session.shell("until [ -e /home/admin/held ]; do sleep 0.1; done", timeout=60)
    yield session
    session.close()


def test_there_are_enough():
    assert len(attempts()) >= 60


@pytest.mark.parametrize("program, attempt", attempts(), ids=lambda word: word.removeprefix("escape_"))
def test_is_refused(prison, program, attempt):
    result = prison.run(f"/var/images/{program}/Cluufile", attempt, timeout=60)
    assert result.status == 0, (result.output + result.errors).decode(errors="replace")


def test_nobody_else_noticed_anything(prison):
    shown = prison.shell(f"cat /home/admin/secret {PLACE}/file && ls -A {PLACE}").output.decode()
    assert shown.split("\n") == ["private words", "public words", "absolute", "deep", "file", "relative", "up", ""]
    listed = prison.run("container", "ls").output.decode()
    assert re.search(r"^\d+\s+neighbour\s.* up (\d+m )?\d+s", listed, re.MULTILINE), listed
    stopped = prison.run("container", "stop", "-t", "0", "neighbour")
    assert stopped.status == 0, stopped


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """A machine whose time-stamp counter counts instructions."""
    put = [(paths.OUT / name, f"/home/admin/{name.split('/')[1]}")
           for name in ("linux/latency", "linux/escape_exhaustion", "hosted/hostile_messages")]
    mounts = "PROFILE vfs\nMOUNT /bin readonly\nMOUNT /home/admin readonly\nMOUNT /tmp private\n"
    put += images.to_put(tmp_path_factory.mktemp("images"), {
        "busy": f"{mounts}LIMIT memory 16M\nLIMIT processes 4\nENTRYPOINT /bin/busybox sh -c\n",
        "latency": f"{mounts}ENTRYPOINT /home/admin/latency\n"})
    session = execute.Session(execute.Request(["true"], put=put, icount=True), logs=tmp_path_factory.mktemp("crowd"))
    yield session
    session.close()


def slow_calls(machine) -> list[int]:
    """The 99th percentile of a call about a file on the disk, and about one in memory, in instructions."""
    said = machine.run("container", "run", "latency", "100", "/bin/../bin/busybox", "/tmp/../tmp", timeout=120)
    assert said.status == 0, said
    return [int(line.split()[1]) for line in said.output.splitlines()]


def test_others_keep_their_latency(crowd):
    quiet = slow_calls(crowd)
    for name, script in BUSY.items():
        started = crowd.run("container", "run", "-d", "--name", name, "busy", script)
        assert started.status == 0, started
    busy = slow_calls(crowd)
    listed = crowd.run("container", "ls").output.decode()
    assert [name for name in BUSY if not re.search(rf"\b{name} +busy +up ", listed)] == [], listed
    assert all(slow <= 3 * usual for slow, usual in zip(busy, quiet, strict=True)), (quiet, busy)
