# SPDX-License-Identifier: MIT
"""Every process of a running system has no more than its Cluufile says, and no more than who started it.

What a container may do is told three times: by its Cluufile, read here by other means than the system's; by the system, in
`container inspect` and /proc/PID/authority; and by a program that is put into the container and tries."""

import json
import re
import shlex

import pytest

import images
from cluu import execute, paths

SHELL = "ENTRYPOINT /bin/busybox sh -c\n"
STAYS = "ENTRYPOINT /bin/busybox sleep\nCMD 1000\n"
PLACE = "/home/admin/place"
CLUUFILES = {
    "boss": f"PROFILE vfs supervisor\nMOUNT / inherit\n{SHELL}",
    # Starts what is given, each below itself, and stays.
    "outer": f"PROFILE vfs supervisor\nMOUNT / inherit\nMOUNT /etc readonly\nLIMIT memory 48M\nLIMIT processes 40\nLIMIT descriptors 64\n{SHELL}",
    "shown": f"PROFILE vfs supervisor\nMOUNT / readonly\nMOUNT {PLACE}/hidden none\nMOUNT /tmp private 256K\n{SHELL}",
    # Asks for more than it can have there.
    "greedy": f"PROFILE vfs\nMOUNT / inherit\nMOUNT /proc inherit\nLIMIT memory 1G\nLIMIT processes 1000\nLIMIT descriptors 1024\n{STAYS}",
    "clerk": f"FROM greedy\nUSER admin\nMOUNT {PLACE}/hidden none\n",
    "shut": f"PROFILE vfs\nMOUNT /bin readonly\nMOUNT /tmp private\nMOUNT /home private\nMOUNT {PLACE} readonly\n{STAYS}",
    "blind": STAYS,
    "named": "PROFILE vfs\nGRANT argv read\nLIMIT memory 4M\nENTRYPOINT /bin/busybox tail -f\n",
}
STAY = "sleep 100000"
START = f"""for image in greedy clerk shut blind; do container run -d --name $0-$image $image || exit 1; done
container run -d --name $0-named named {PLACE}/file || exit 1
{STAY}"""
MIDDLE = f'container run -d --name middle shown "$1" shown; {STAY}'
READS = ["/etc/passwd", "/etc/users.toml", "/bin/busybox", "/var/images/cat/Cluufile", f"{PLACE}/file", f"{PLACE}/hidden/file"]
LISTS = ["/", "/etc", "/proc", "/dev", "/tmp", PLACE, f"{PLACE}/hidden"]
MAKES = ["/etc/made", "/bin/made", "/tmp/made", "/var/made", "/home/made", f"{PLACE}/made", f"{PLACE}/hidden/made"]
# Without an image it has the authority of whoever runs it: here that of execd, which may enter all.
TOOL = "/home/admin/container"
PROFILES = {"supervisor", "admin", "accounts", "framebuffer"}  # the others give nothing that one could pass on


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    put = [(paths.OUT / "linux/try_names", "/home/admin/try_names"), (paths.OUT / "hosted/container", TOOL)]
    put += images.to_put(folder, CLUUFILES)
    session = execute.Session(execute.Request(["true"], put=put), logs=tmp_path_factory.mktemp("guest"))
    session.shell(f"mkdir -p {PLACE}/hidden && echo x > {PLACE}/file && echo x > {PLACE}/hidden/file && chown -R admin:admin {PLACE}")
    for name, words in (("plain", (START, "plain")), ("outer", (MIDDLE, "outer", START))):
        assert session.run("container", "run", "-d", "--name", name, "outer", *words).status == 0
    yield session
    session.close()


class Cluufile:
    """What docs/cluufile.md says that the text means."""

    def __init__(self, image: str):
        self.profiles, self.mounts, self.grants, self.limits = set(), {}, {}, {}
        text = CLUUFILES.get(image) or (paths.ROOT / "containers" / image / "Cluufile").read_text()
        for line in text.splitlines():
            words = shlex.split(line, comments=True)
            match words:
                case ["FROM", base] if base != "minimal":
                    other = Cluufile(base)
                    self.profiles, self.mounts = set(other.profiles), dict(other.mounts)
                    self.grants, self.limits = dict(other.grants), dict(other.limits)
                case ["PROFILE", *profiles]:
                    self.profiles |= set(profiles)
                case ["MOUNT", path, mode, *_]:
                    self.mounts[path] = mode
                case ["GRANT", source, *rights]:
                    self.grants[source] = set(rights)
                case ["LIMIT", what, amount]:
                    self.limits[what] = amount

    def mode_at(self, path: str) -> str:
        above = [mount for mount in self.mounts if mount == "/" or path == mount or path.startswith(mount + "/")]
        return self.mounts[max(above, key=len)] if above else "none"

    def allows(self, operation: str, path: str) -> bool:
        mode = self.mode_at(path)
        if self.grants and mode == "none":
            return True  # by names: test_grants.py
        # Where something is mounted, the way to it can be listed; its file system says no to all else.
        if operation == "l" and any(mount.startswith(path.rstrip("/") + "/") for mount in self.mounts):
            return True
        return mode != "none" and not (operation == "c" and mode == "readonly")


def number(text: str) -> int:
    factor = {"K": 10, "M": 20, "G": 30}.get(text[-1])
    return int(text) if factor is None else int(text[:-1]) << factor


def walk(guest) -> dict[str, dict]:
    """All containers that run, as the system tells of them."""
    listed = [json.loads(line) for line in guest.run("container", "ls", "--format", "json").output.splitlines()]
    known = {}
    for one in listed:
        told = guest.run("container", "inspect", "--format", "json", one["Names"])
        if told.status == 0 and one["Image"] != "container":  # that was the one who listed them
            known[one["Names"]] = {"name": one["Names"], "image": one["Image"]} | json.loads(told.output)
    return known


def starter(containers: dict[str, dict], one: dict) -> str | None:
    """The nearest of those that run: what ran `container run` in between is gone."""
    return next((name for name in one.get("inside", "").split(", ") if name in containers), None)


def of(text: str) -> int:
    """The second number of `3 of 5`."""
    return int(text.split(" of ")[1])


@pytest.fixture(scope="module")
def containers(guest):
    expected = {"plain", "outer", "middle", *(f"{a}-{b}" for a in ("plain", "shown") for b in ("greedy", "clerk", "shut", "blind", "named"))}
    waits = "until container inspect --format text plain-named && container inspect --format text shown-named; do sleep 0.2; done > /dev/null 2>&1"
    assert guest.run("container", "run", "boss", waits, timeout=60).status == 0
    found = walk(guest)
    assert expected <= set(found), sorted(found)
    return found


def test_what_each_holds_is_what_its_cluufile_says(containers):
    for name, one in containers.items():
        file = Cluufile(one["image"])
        assert set(one["profile"].split()) == file.profiles, name
        assert {mount.split()[0]: mount.split()[1] for mount in one["mounts"]} == file.mounts, name
        assert {grant.split()[0]: set(grant.split()[1:]) for grant in one["grants"]} == file.grants, name
        for what, key in (("memory", "memory"), ("processes", "processes")):
            if what in file.limits:
                assert of(one[key]) <= number(file.limits[what]), (name, what)
        assert int(one["descriptors"]) <= int(file.limits.get("descriptors", 1024)), name


def test_no_child_has_more_than_its_starter(containers):
    seen = 0
    for name, one in containers.items():
        around = containers.get(starter(containers, one))
        if around is None:
            continue
        seen += 1
        assert of(one["memory"]) <= of(around["memory"]), name
        assert of(one["processes"]) <= of(around["processes"]), name
        assert int(one["descriptors"]) <= int(around["descriptors"]), name
        more = (set(one["profile"].split()) & PROFILES) - set(around["profile"].split())
        # Who asks the server of users may have become somebody who has more.
        assert not more or "accounts" in around["profile"].split(), name
    assert seen >= 11
    assert of(containers["shown-greedy"]["memory"]) == 48 << 20 and int(containers["shown-greedy"]["descriptors"]) == 64


def test_each_process_tells_what_its_container_may(guest, containers):
    shown = guest.shell("for one in /proc/[0-9]*; do echo \"== $one\"; cat $one/authority; done 2> /dev/null", timeout=120).output.decode()
    told = 0
    for part in shown.split("== ")[1:]:
        head = re.search(r"\): container (\S+) of the image (\S+), for user (\d+)\n", part)
        if head is None or head[1] not in containers:
            continue  # has ended meanwhile, or is one of those that look
        told += 1
        one = containers[head[1]]
        assert head[2] == one["image"]
        place = re.search(r"its place: (?:inside (.+)|started by the system)\n", part)[1]
        assert place == one.get("inside"), part
        file = Cluufile(one["image"])
        for path, mode in file.mounts.items():
            assert ("MOUNT " + path in part) or (mode == "none" and path in part), (part, path)
        for profile in PROFILES - file.profiles:
            assert f"PROFILE {profile}\n" not in part.split("It may not")[0], part
    assert told >= len(containers)


def tried(guest, name: str) -> set[tuple[str, str]] | None:
    """What a program can do there; nothing, if it cannot be put there."""
    options = [f"-r{path}" for path in READS] + [f"-l{path}" for path in LISTS]
    for path in MAKES:
        options += [f"-c{path}", f"-u{path}"]
    result = guest.run(TOOL, "exec", name, "/home/admin/try_names", *options, timeout=60)
    lines = result.output.decode().splitlines()
    if len(lines) != len(options):
        assert "has ended" in result.errors.decode() or "no such container" in result.errors.decode(), (name, result)
        return None
    return {(line[0], line[1:-len(": ok")]) for line in lines if line.endswith(": ok") and line[0] != "u"}


def test_nothing_can_be_done_that_the_cluufile_and_the_starter_do_not_allow(guest, containers):
    able = {name: tried(guest, name) for name in containers}
    compared = 0
    for name, can in able.items():
        one = containers[name]
        file = Cluufile(one["image"])
        outer = able.get(starter(containers, one))
        for operation, path in can or ():
            assert file.allows(operation, path), (name, operation, path)
            own = file.mode_at(path) == "private" or any(file.mounts[mount] == "private" for mount in file.mounts if mount.startswith(path + "/"))
            if outer is not None and not own and path != "/":
                assert (operation, path) in outer, (name, operation, path)
                compared += 1
    assert compared > 40
    # It was tried, where it can be done, and where it is the starter that cannot.
    assert ("r", f"{PLACE}/hidden/file") in able["plain-greedy"] and ("c", f"{PLACE}/made") in able["plain-greedy"]
    assert ("r", "/etc/passwd") in able["plain-greedy"] and ("c", "/etc/made") not in able["plain-greedy"]
    assert not {("r", f"{PLACE}/hidden/file"), ("c", f"{PLACE}/made"), ("l", f"{PLACE}/hidden")} & able["shown-greedy"]
    assert able["shown-blind"] == set() and ("c", "/tmp/made") in able["shown-shut"]
    assert ("r", "/etc/users.toml") not in able["plain-clerk"]


def test_who_supervises_is_who_may(guest, containers):
    for name, one in containers.items():
        asked = guest.run(TOOL, "exec", name, "/bin/container", "ls", "-q", timeout=60)
        if b"has ended" in asked.errors or b"no such container" in asked.errors:
            continue
        may = bool({"supervisor", "admin"} & set(one["profile"].split()))
        assert (asked.status == 0) == may, (name, asked)
