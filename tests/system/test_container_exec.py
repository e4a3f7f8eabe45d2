# SPDX-License-Identifier: MIT
"""A further program in a container that runs: `container exec`."""

import json

import pytest

import images
from cluu import execute, paths

SHELL = "ENTRYPOINT /bin/busybox sh -c\n"
INSIDE = "PROFILE vfs\nMOUNT /bin readonly\nMOUNT /dev inherit\nMOUNT /tmp private\n"
WAITS = "ENTRYPOINT /bin/busybox sleep\nCMD 1000\n"
# Without an image it has the authority of whoever runs it: here that of execd, which may all.
TOOL = "/home/admin/container"
CLUUFILES = {
    "boss": f"PROFILE vfs supervisor\nMOUNT / inherit\nMOUNT /proc inherit\n{SHELL}",
    "clerk": f"PROFILE vfs supervisor\nMOUNT / inherit\nUSER admin\n{SHELL}",
    "plain": f"PROFILE vfs\nMOUNT / inherit\n{SHELL}",
    "room": f"{INSIDE}ENV COLOUR=green\nLIMIT memory 8M\nLIMIT processes 4\n{WAITS}",
    "lodger": f"{INSIDE}USER admin\nWORKDIR /tmp\n{WAITS}",
    "chief": f"PROFILE vfs supervisor admin\nMOUNT / inherit\nMOUNT /proc inherit\n{SHELL}",
    "porter": f"PROFILE vfs supervisor accounts framebuffer\nMOUNT / inherit\n{SHELL}",
    "blind": WAITS,
}


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    put = [(paths.OUT / "hosted/container", TOOL)]
    put += images.to_put(folder, CLUUFILES)
    session = execute.Session(execute.Request(["true"], put=put), logs=tmp_path_factory.mktemp("guest"))
    for name in ("room", "lodger", "blind"):
        assert session.run("container", "run", "-d", "--name", f"the-{name}", name).status == 0
    yield session
    session.close()


def run(guest, image: str, script: str, **options):
    return guest.run("container", "run", image, script, **options)


def text(result) -> str:
    return (result.output + result.errors).decode(errors="replace")


def test_it_sees_what_the_container_sees_and_nothing_of_the_callers(guest):
    assert guest.run("container", "exec", "the-room", "sh", "-c", "echo mine > /tmp/mine").status == 0
    assert guest.run("container", "exec", "the-room", "cat", "/tmp/mine").output == b"mine\n"
    seen = guest.run("container", "exec", "the-room", "ls", "/")
    assert seen.output.split() == [b"bin", b"dev", b"tmp"], text(seen)
    for path in ("/etc/users.toml", "/home/admin", "/proc/1/status"):
        refused = guest.run("container", "exec", "the-room", "cat", path)
        assert refused.status != 0 and "No such file or directory" in text(refused)
    # One that has no view of files gives none, though its program was found.
    blind = guest.run("container", "exec", "the-blind", "ls", "/")
    assert blind.status != 0 and blind.output == b"", text(blind)


def test_it_is_started_as_the_container_says_and_tells_how_it_ended(guest):
    result = guest.run("container", "exec", "-e", "SIZE=big", "the-room", "sh", "-c", "pwd; echo $COLOUR $SIZE; exit 3")
    assert result.output == b"/\ngreen big\n" and result.status == 3, text(result)
    assert guest.run("container", "exec", "-it", "the-lodger", "sh", "-c", "pwd; id -u").output == b"/tmp\n1000\n"
    assert guest.run("container", "exec", "the-room", "no-such-program").status == 127


def test_it_is_one_of_the_containers_processes_and_is_limited_with_them(guest):
    crowd = guest.run("container", "exec", "the-room", "sh", "-c", "sleep 5 & sleep 5 & sleep 5 & kill $(jobs -p)", timeout=60)
    assert "can't fork" in text(crowd), text(crowd)
    listed = run(guest, "boss", "container exec the-room sleep 2000 & until container top the-room | grep -q 'sleep 2000'; do sleep 0.1; done;"
                 "kill $!; wait; container inspect --format text the-room | grep ^processes", timeout=60)
    assert listed.output == b"processes: 1 of 4\n", text(listed)
    # What it takes is the container's 8 MiB.
    greedy = guest.run("container", "exec", "the-room", "dd", "if=/dev/zero", "of=/dev/null", "bs=16M", "count=1")
    assert greedy.status != 0 and "out of memory" in text(greedy), text(greedy)


def test_who_could_not_start_it_cannot_enter_it(guest):
    script = r"me=$(sed -n 's/^Container:\t//p' /proc/$$/status); container exec $me true; %s exec $me echo in" % TOOL
    entered = guest.run("/var/images/chief/Cluufile", script)
    assert entered.output == b"in\n" and "chief: only who has this profile may start a container that has it" in text(entered), text(entered)
    assert "container: only who has this profile" in text(run(guest, "plain", "container exec the-room true"))
    assert "no such container" in text(run(guest, "clerk", "container exec the-room true")), "it is user 0's"


def test_a_user_enters_what_is_his_own(guest):
    script = "container run -d --name own lodger > /dev/null; container exec own id -u; container stop -t 0 own; container rm own"
    assert run(guest, "clerk", script, timeout=60).output == b"1000\nown\nown\n"


def test_nobody_enters_a_part_of_the_system_without_its_profile(guest):
    listed = run(guest, "boss", "container ls").output.decode().splitlines()
    system, login = ([line.split()[0] for line in listed if line.split()[2] == image] for image in ("execd", "login"))
    refused = run(guest, "boss", f"container exec {system[0]} true")
    assert refused.status != 0 and "only who has this profile" in text(refused), text(refused)
    assert guest.run(TOOL, "exec", login[0], "true").status == 0
    refused = guest.run("/var/images/porter/Cluufile", f"{TOOL} exec {login[0]} true")
    assert refused.status != 0 and "a part of the system" in text(refused), text(refused)


def test_one_that_has_ended_is_not_entered(guest):
    assert "no such container" in text(run(guest, "boss", "container exec nowhere true"))
    script = "container run -d --name brief room 0 > /dev/null; container wait brief; container exec brief true; container rm brief"
    assert "brief: it does not run" in text(run(guest, "boss", script, timeout=60))


def test_a_further_program_in_the_background(guest):
    script = """container exec -d the-room sh -c 'echo heard; sleep 0.2; echo $COLOUR > /tmp/mark'; echo $?
        until container exec the-room cat /tmp/mark 2> /dev/null; do :; done
        container exec -d the-room none; echo $?; container exec the-room rm /tmp/mark"""
    result = run(guest, "boss", script, timeout=60)
    assert result.output == b"0\ngreen\n127\n", result
    assert b"the-room: none: No such file or directory" in result.errors, result


def test_what_a_process_holds_as_json(guest):
    words = "explain $(container inspect --format text the-room | sed -n 's/^first process: //p') --format json"
    told = json.loads(run(guest, "boss", f"container {words}", timeout=60).output)
    assert {"text": "take 8.0 MiB of memory", "because": "LIMIT memory"} in told["may"], told
    assert {"text": "use the network", "because": "no PROFILE net"} in told["mayNot"], told
    assert told["runs"][0]["text"] == "/bin/busybox sleep" and told["holds"]["processes"].startswith("1 of 4"), told
