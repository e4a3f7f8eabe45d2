# SPDX-License-Identifier: MIT
"""What the directives of a Cluufile do, seen from inside of the container that has them."""

import json
import re

import pytest

import images
from cluu import execute, paths

SHELL = "ENTRYPOINT /bin/busybox sh -c\n"
READS = "PROFILE vfs\nMOUNT / readonly\n"
CLUUFILES = {
    "boss": f"PROFILE vfs supervisor\nMOUNT / inherit\n{SHELL}",
    "speaker": "ENTRYPOINT /bin/busybox echo hello\nCMD 'old friend'\n",
    "listing": f"FROM minimal\n{READS}ENTRYPOINT /bin/busybox ls\nCMD -d /etc\n",
    "person": f"{READS}USER admin\n{SHELL}",
    "likewise": f"{READS}USER admin\n{SHELL}",
    "grouped": f"{READS}USER admin:7\n{SHELL}",
    "stranger": f"{READS}USER nobody-here\n{SHELL}",
    "settled": f"{READS}WORKDIR /etc\n{SHELL}",
    "lost": f"{READS}WORKDIR /nowhere\n{SHELL}",
    "labelled": f"LABEL org.example/version=1.2 'note=two words'\nRESTART no\n{SHELL}",
    "narrow": f"{READS}LIMIT descriptors 12\n{SHELL}",
    "opener": f"{READS}LIMIT descriptors 12\nENTRYPOINT /usr/bin/lua lua -e\n",
    "brief": f"{READS}LIMIT time 500ms\n{SHELL}",
    "outer": f"PROFILE vfs supervisor\nMOUNT / inherit\nLIMIT time 1s\n{SHELL}",
    "sized": f"{READS}MOUNT /tmp private 256K\nMOUNT /home private\n{SHELL}",
    "scarce": f"{READS}MOUNT /tmp private\nMOUNT /home private\nLIMIT memory 16M\nLIMIT disk 1M\n{SHELL}",
    "frugal": f"{READS}LIMIT memory 4M\n{SHELL}",
    "pair": f"{READS}LIMIT processes 2\n{SHELL}",
}


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    put = [(paths.OUT / "linux/memory_limit", "/home/admin/memory_limit")]
    put += images.to_put(folder, CLUUFILES)
    session = execute.Session(execute.Request(["true"], put=put), logs=tmp_path_factory.mktemp("guest"))
    yield session
    session.close()


def run(guest, image: str, *words: str, **options):
    return guest.run("container", "run", image, *words, **options)


def boss(guest, script: str, **options):
    return run(guest, "boss", script, **options)


def text(result) -> str:
    return (result.output + result.errors).decode(errors="replace")


def test_cmd_gives_way_to_arguments(guest):
    assert run(guest, "speaker").output == b"hello old friend\n"
    assert run(guest, "speaker", "you").output == b"hello you\n"
    assert run(guest, "listing").output == b"/etc\n"
    assert run(guest, "listing", "/etc/hostname").output == b"/etc/hostname\n"


def test_user_is_who_the_processes_are(guest):
    assert run(guest, "person", "id -u; id -g").output == b"1000\n1000\n"
    assert run(guest, "grouped", "id -u; id -g").output == b"1000\n7\n"
    # Nor can it open what only user 0 may.
    assert guest.run("cat", "/etc/users.toml").status == 0
    refused = run(guest, "person", "cat /etc/users.toml")
    assert refused.status != 0 and "Permission denied" in text(refused)


def test_only_user_0_makes_somebody_else_of_a_program(guest):
    result = run(guest, "stranger", "id")
    assert result.status != 0 and "stranger: USER nobody-here: there is none" in text(result)
    as_person = "exec /var/images/{}/Cluufile 'id -u'"
    assert run(guest, "person", as_person.format("likewise")).output == b"1000\n"
    result = run(guest, "person", as_person.format("grouped"))
    assert result.status != 0 and "USER admin:7: only user 0 may start it as another" in text(result)


def test_workdir_is_where_it_starts(guest):
    assert run(guest, "settled", "pwd; cat hostname").output == b"/etc\ncluu\n"
    result = run(guest, "lost", "pwd")
    assert result.status != 0 and "lost: WORKDIR /nowhere: the container has no such directory" in text(result)


def test_labels_are_shown(guest):
    shown = text(boss(guest, "container run --name tagged labelled true; container inspect --format text tagged; container rm tagged"))
    assert "label: org.example/version=1.2\nlabel: note=two words\n" in shown
    shown = boss(guest, "container run --name tagged labelled true; container inspect --format json tagged; container rm tagged > /dev/null")
    told = json.loads(shown.output)
    assert told["labels"] == ["org.example/version=1.2", "note=two words"] and told["State"]["Status"] == "exited", told
    assert told["State"]["Error"] == "exit status 0" and told["mounts"] == [] and told["memoryLimit"] == "the starter's", told


def test_explain_diff_and_trace_know_all_of_it(guest):
    told = json.loads(guest.run("container", "explain", "--format", "json", "settled").output)
    assert {"text": "in /etc", "line": 3, "source": "WORKDIR /etc"} in told["runs"], told
    shown = text(guest.run("container", "explain", "narrow"))
    assert re.search(r"have 12 descriptors in each process +line 3: LIMIT descriptors 12\n", shown), shown
    shown = text(guest.run("container", "diff", "person", "scarce"))
    assert "loses  private mounts: 1.0 MiB instead of what its memory has room for\n" in shown, shown
    assert "runs   as its starter instead of user admin\n" in shown, shown
    shown = text(guest.run("container", "trace", "settled", "cat hostname"))
    assert "MOUNT /etc readonly\n" in shown and "WORKDIR /etc\n" in shown, shown


def test_descriptors_are_limited(guest):
    opens = """local all, why = {} repeat all[#all + 1], why = io.open("/etc/hostname") until why print(#all, why)"""
    result = run(guest, "opener", opens)
    assert result.output == b"9\t/etc/hostname: No file descriptors available\n", text(result)
    # What it starts inherits it, and user 0 cannot raise it.
    assert run(guest, "narrow", "ulimit -n; exec /bin/ash -c 'ulimit -n'").output == b"12\n12\n"
    raised = run(guest, "narrow", "ulimit -n 13; ulimit -n")
    assert b"13" not in raised.output and raised.errors != b"", text(raised)
    lowered = run(guest, "narrow", "ulimit -n 11; ulimit -n")
    assert lowered.output == b"11\n", text(lowered)


def test_a_run_over_its_time_says_so_and_ends(guest):
    result = boss(guest, "container run --name short brief 'trap \"\" TERM; while :; do :; done'; echo after $?;"
                         "container inspect --format text short; container ls -a; container rm short", timeout=60)
    assert b"after 137\n" in result.output
    assert b"killed: the time limit of the container is reached\n" in result.errors
    assert b"end: ended: its time of 500 ms is over\n" in result.output
    assert re.search(rb"short +brief +ended: its time of 500 ms is over", result.output), text(result)
    assert run(guest, "brief", "echo quick").output == b"quick\n"


def test_the_time_of_a_container_holds_for_those_it_starts(guest):
    script = "container run -d --name within boss 'while :; do sleep 1; done' > /dev/null; echo started"
    assert run(guest, "outer", script).output == b"started\n"
    ended = boss(guest, "until container inspect --format text within | grep -q 'state: exited'; do sleep 0.1; done; container rm within",
                 timeout=60)
    assert ended.status == 0, text(ended)


def filled(guest, image: str, *paths_: str) -> list[int]:
    fill = "; ".join(f"dd if=/dev/zero of={path} bs=4096 count=4096 2>&1 | grep -o 'No space'" for path in paths_)
    result = run(guest, image, f"{fill}; cat {' '.join(paths_)} | wc -c; for f in {' '.join(paths_)}; do stat -c %s $f; done")
    assert result.output.count(b"No space") == len(paths_), text(result)
    return [int(word) for word in result.output.split() if word.isdigit()]


def test_a_private_mount_holds_no_more_than_its_size(guest):
    together, one = filled(guest, "sized", "/tmp/x")
    assert together == one and 128 << 10 < one <= 256 << 10


def test_private_mounts_share_the_limit_of_disk_space(guest):
    together, first, second = filled(guest, "scarce", "/tmp/x", "/home/x")
    assert 512 << 10 < first <= 1 << 20 and second < 128 << 10 and together <= 1 << 20
    # What is removed can be used again.
    again = run(guest, "scarce", "for i in 1 2 3 4 5; do dd if=/dev/zero of=/tmp/$i bs=65536 count=10 && rm /tmp/$i || exit 1; done")
    assert again.status == 0, text(again)


def ended(guest, start: str, then: str = "container wait it > /dev/null") -> str:
    """How a container that is started so is said to have ended."""
    script = f"container run -d --name it {start} > /dev/null; {then}; container inspect --format text it | grep ^end; container ls -a | grep ' it '; container rm it"
    shown = text(boss(guest, script, timeout=60)).splitlines()
    told = next(line for line in shown if line.startswith("end: "))[5:]
    assert any(re.search(rf" it +\S+ +{re.escape(told)}( \(root\))?, \d+s ago ", line) for line in shown), shown
    return told + (" by root" if "ended by: user 0" in shown else "")


def test_how_a_container_ended_is_said_in_words(guest):
    stops = "trap 'exit 0' TERM; while :; do sleep 0.1; done"
    assert ended(guest, "frugal 'exec /home/admin/memory_limit overrun'") == "ended by SIGKILL: over its memory of 4 MiB"
    assert ended(guest, "frugal '/home/admin/memory_limit overrun; exit 1'") == "exit status 1; one of its processes was killed: over its memory of 4 MiB"
    assert ended(guest, "boss 'exit 3'") == "exit status 3"
    assert ended(guest, "boss 'kill -SEGV $$'") == "ended by SIGSEGV: an access to memory that is not there"
    assert ended(guest, "brief 'sleep 100'") == "ended: its time of 500 ms is over"
    assert ended(guest, "pair 'sleep 1 & sleep 1; exit 3'") == "exit status 2; it had met its limit of 2 processes"
    assert ended(guest, f'boss "{stops}"', "sleep 0.3; container stop it > /dev/null") == "stopped, exit status 0 by root"
    assert ended(guest, "boss 'sleep 100'", "container stop it") == "stopped by SIGTERM by root"
    assert ended(guest, "boss 'sleep 100'", "container kill it > /dev/null; container wait it > /dev/null") == "ended by SIGKILL by root"
    assert ended(guest, "boss 'kill -KILL $$'") == "ended by SIGKILL"


def test_check_finds_mistakes(guest):
    script = """printf 'PROFILE vfs\\nLIMIT time 3\\n' > /tmp/wrong; container check /tmp/wrong; echo $?
        container check /var/images/narrow/Cluufile; rm /tmp/wrong"""
    result = boss(guest, script)
    assert b"/tmp/wrong:2:12: found '3', expected a time from 10ms to 1000h" in result.errors, text(result)
    assert result.output.startswith(b"1\n") and b"12 descriptors" in result.output
