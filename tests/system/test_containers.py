# SPDX-License-Identifier: MIT
"""Processes and containers as procmgr keeps them: what a Cluufile grants and forbids, limits, and that nothing leaks."""

import json
import re

import pytest

import images
from cluu import execute, paths

CLUUFILES = {
    # The program is busybox's; the name of the image is its path in /bin.
    "blind": "PROFILE ipc\nENTRYPOINT /bin/busybox cat\n",
    "reader": "PROFILE vfs\nMOUNT / readonly\nMOUNT /tmp private\nENV 'GREETING=good morning'\n"
              "ENTRYPOINT /bin/busybox sh -c\n",
    "seer": "PROFILE vfs\nMOUNT / readonly\nMOUNT /proc readonly\nENTRYPOINT /bin/busybox sh -c\n",
    "small": "PROFILE vfs\nMOUNT / readonly\nLIMIT memory 4M\nENTRYPOINT /bin/busybox sh -c\n",
    "few": "PROFILE vfs\nMOUNT / readonly\nLIMIT processes 5\nENTRYPOINT /bin/busybox sh -c\n",
    "stubborn": "PROFILE vfs\nMOUNT / readonly\nRESTART on-failure 2\nENTRYPOINT /bin/busybox sh -c\n",
    "eternal": "PROFILE vfs\nMOUNT / readonly\nRESTART always\nENTRYPOINT /bin/busybox sh -c\n",
    "box": "PROFILE vfs supervisor\nMOUNT / inherit\nLIMIT memory 8M\nENTRYPOINT /bin/busybox sh -c\n",
    "roomy": "PROFILE vfs\nMOUNT / inherit\nMOUNT /tmp private\nLIMIT memory 32M\nENTRYPOINT /bin/busybox sh -c\n",
    "files": "PROFILE vfs\nMOUNT / inherit\nMOUNT /tmp private\nLIMIT memory 6M\nENTRYPOINT /bin/busybox sh -c\n",
    "loose": "PROFILE vfs\nGRANT argv read write create\nENTRYPOINT /bin/busybox cat\n",
    "wrong": "PROFILE vfs\nMOUNT / readnoly\nENTRYPOINT /bin/busybox true\n",
    "lazy": "PROFILE vfs\nMOUNT / readonly\nLIMIT cpu 20%\nENTRYPOINT /bin/busybox sh -c\n",
    # A shell that may start containers, which /bin/sh may not.
    "boss": "PROFILE vfs supervisor\nMOUNT / inherit\nENTRYPOINT /bin/busybox sh -c\n",
    "known": "PROFILE vfs\nMOUNT / readonly\nENTRYPOINT /bin/busybox echo confined\n",
    "grabby": "PROFILE vfs admin\nMOUNT / inherit\nENTRYPOINT /bin/busybox sh -c\n",
}


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    put = [(paths.OUT / "hosted/hostile_messages", "/home/admin/hostile_messages"),
           (paths.OUT / "hosted/hostile_book", "/home/admin/hostile_book"),
           (paths.OUT / "hosted/hostile_parcels", "/home/admin/hostile_parcels"),
           (paths.OUT / "hosted/hostile_shares", "/home/admin/hostile_shares"),
           (paths.OUT / "hosted/hostile_terminal", "/home/admin/hostile_terminal"),
           (paths.OUT / "linux/memory_limit", "/home/admin/memory_limit")]
    put += images.to_put(folder, CLUUFILES)
    session = execute.Session(execute.Request(["true"], put=put), logs=tmp_path_factory.mktemp("guest"))
    yield session
    session.close()


def boss(guest, script: str, **options):
    return guest.run("container", "run", "boss", script, **options)


def text(result) -> str:
    return (result.output + result.errors).decode(errors="replace")


def free_memory(guest) -> int:
    return int(re.search(r"MemFree:\s+(\d+)", text(guest.run("cat", "/proc/meminfo")))[1])


def processes(guest) -> int:
    return sum(name.isdigit() for name in text(guest.run("ls", "/proc")).split())


def test_a_signal_reaches_a_container_inside_ones_own(guest):
    # timeout leaves a child behind, which watches, and becomes lua, in a container inside its own.
    result = guest.run("timeout", "1", "lua", "-e", "while true do end", timeout=30)
    assert result.status == 128 + 15, text(result)


def test_a_container_sees_only_its_mounts(guest):
    assert "Permission denied" in text(boss(guest, "container run blind /etc/hostname; true"))
    assert boss(guest, "echo through | container run blind").output == b"through\n"
    assert boss(guest, "container run reader 'cat /etc/hostname'").output == b"cluu\n"


def test_a_read_only_mount_cannot_be_written(guest):
    changes = ("tee {0}x", "mkdir {0}x", "ln -s to {0}x", "ln {0}memory_limit {0}x", "mv {0}memory_limit {0}x",
               "rm -f {0}memory_limit", "chmod 777 {0}memory_limit", "truncate -s 0 {0}memory_limit")
    for start, place in (("cd /home/admin", ""), ("cd /", "/home/admin/")):
        for change in changes:
            result = boss(guest, f"container run reader '{start}; {change.format(place)}' < /dev/null")
            assert result.status != 0 and "ead-only" in text(result), (change, text(result))
    assert guest.shell("cd /home/admin; ls x; stat -c %a memory_limit").output == b"755\n"


def test_a_private_mount_ends_with_the_container(guest):
    assert boss(guest, "container run reader 'echo x > /tmp/mine; ls /tmp'").output == b"mine\n"
    assert boss(guest, "container run reader 'ls /tmp'").output == b""
    assert guest.run("ls", "/tmp/mine").status != 0


def test_the_environment_of_a_cluufile(guest):
    assert boss(guest, "container run reader 'echo $GREETING'").output == b"good morning\n"


def test_a_wrong_cluufile_says_where_and_what(guest):
    result = boss(guest, "container run wrong")
    assert result.status != 0
    assert "/var/images/wrong/Cluufile:2:9: found 'readnoly', expected a mode" in text(result)


def test_authority_cannot_be_had_by_starting_an_image(guest):
    # `small` is no supervisor, so what it starts cannot be one either.
    assert guest.shell("exec /var/images/grabby/Cluufile id").status != 0
    assert guest.shell("exec /var/images/boss/Cluufile id").status != 0
    assert boss(guest, "container run boss id").status == 0, "a supervisor may"
    assert boss(guest, "container run grabby id").status != 0, "a supervisor may not make an admin either"
    assert guest.run("/var/images/grabby/Cluufile", "id").status == 0, "execd may"


def test_a_container_over_its_limit_ends_alone(guest):
    result = boss(guest, "container run small 'x=0123456789; while true; do x=$x$x; done'; echo after $?")
    assert re.search(rb"after [1-9]", result.output), text(result)
    assert guest.run("true").status == 0


def test_what_a_limited_container_starts_is_limited_too(guest):
    # dd runs in a container of its own, which names no limit.
    need = "dd if=/dev/zero of=/dev/null bs=8M count=1"
    assert boss(guest, f"container run reader '{need}'").status == 0
    assert boss(guest, f"container run small '{need}'").status != 0


def test_a_changed_image_is_noticed_at_the_next_start(guest):
    script = """cd /var/images/true; cp Cluufile /tmp/was; sed s/busybox.true/busybox\\ false/ Cluufile > /tmp/now
        t() { /bin/true; echo $?; }
        t; t; cp /tmp/now Cluufile; t; t; mv Cluufile away; t; mv away Cluufile; t; cp /tmp/was Cluufile; t"""
    assert guest.shell(script, timeout=60).output.split() == [b"0", b"0", b"1", b"1", b"0", b"1", b"0"]


def test_processes_are_limited_with_those_of_inner_containers(guest):
    result = boss(guest, "container run --name few-loud few 'for i in 1 2 3 4 5 6; do sleep 100 & done'; echo after $?")
    assert "can't fork: Resource temporarily unavailable" in text(result)
    assert b"after 0" not in result.output
    shown = text(boss(guest, "container inspect --format text few-loud; container stop -t 0 few-loud; container rm few-loud"))
    assert "processes: 4 of 5\n" in shown


def test_a_pipe_outlives_the_container_that_made_it(guest):
    # The shell ends at once; what it started runs on, each in a container inside the shell's.
    script = """sh -c 'yes | head -n 1000000 | tail -n 1 > /tmp/late &'
        until [ -s /tmp/late ]; do sleep 0.1; done; cat /tmp/late"""
    assert guest.shell(script, timeout=60).output == b"y\n"
    assert text(boss(guest, "container ls -a")).count("sh-") == 0


def test_a_fork_bomb_leaves_others_alone_while_it_runs(guest):
    guest.shell("f() { f | f & }; f > /dev/null 2>&1 & true")
    for _ in range(10):
        result = guest.run("echo", "alive")
        assert (result.output, result.errors) == (b"alive\n", b"")
    boss(guest, "container ls | grep sh- | while read id rest; do container stop -t 0 $id; done", timeout=60)


def test_who_keeps_calling_servers_leaves_others_their_turns(guest):
    script = """: > /tmp/none; (until read -r word < /tmp/none; do :; done) & i=0
        while [ $i -lt 50 ]; do (true); i=$((i+1)); done; kill $!; echo all $i"""
    assert guest.shell(script, timeout=60).output == b"all 50\n"


def in_box(guest, image: str, script: str):
    return boss(guest, f"container run {image} '{script}'")


@pytest.mark.parametrize("how", ["mmap", "late", "brk"])
def test_a_limit_is_an_error_that_the_program_sees(guest, how):
    result = in_box(guest, "box", f"/home/admin/memory_limit {how}")
    found = re.search(rb"^Out of memory after (\d+) KiB$", result.output, re.MULTILINE)
    assert result.status == 0 and result.errors == b"" and found, text(result)
    assert 4096 < int(found[1]) < 8192, "most of the 8 MiB can be had, and no more"


def test_fork_sees_the_limit(guest):
    assert in_box(guest, "box", "/home/admin/memory_limit fork 1024").output == b"fork: ok\n"
    result = in_box(guest, "box", "/home/admin/memory_limit fork 5120")
    assert (result.status, result.output) == (0, b"fork: Out of memory\n"), text(result)


def test_what_is_only_taken_costs_nothing(guest):
    result = in_box(guest, "box", "/home/admin/memory_limit sparse")
    assert (result.status, result.output) == (0, b"sparse, then Out of memory\n"), text(result)


def test_who_runs_over_the_limit_is_told_why(guest):
    result = in_box(guest, "box", "/home/admin/memory_limit overrun; echo status $?")
    assert result.output == b"status 137\n", text(result)
    assert b"the memory limit of the container is reached" in result.errors


def test_limits_nest(guest):
    alone = in_box(guest, "roomy", "/home/admin/memory_limit late")
    assert int(re.search(rb"after (\d+) KiB", alone.output)[1]) > 16384, text(alone)
    for start in ("", "exec "):  # beside the shell of the box, or in its place
        result = in_box(guest, "box", f"{start}container run roomy \"/home/admin/memory_limit late\"")
        found = re.search(rb"after (\d+) KiB", result.output)
        assert found and int(found[1]) < 8192, text(result)
    assert guest.run("true").status == 0


def test_containers_of_a_box_share_its_limit(guest):
    start = "; ".join(f"container run -d --name hold{i} roomy \"/home/admin/memory_limit hold 2048 > /home/admin/hold{i}\""
                      for i in range(2))
    wait = "until grep -q held /home/admin/hold0 && grep -q held /home/admin/hold1; do :; done 2> /dev/null"
    result = in_box(guest, "box", f"{start}; {wait}; /home/admin/memory_limit late")
    assert int(re.search(rb"after (\d+) KiB", result.output)[1]) < 4096, text(result)
    # What the box started goes on, in the box's memory, and all is free when it ends.
    assert b"hold0" in boss(guest, "container ls").output
    boss(guest, "for i in 0 1; do container stop -t 0 hold$i; container rm hold$i; done", timeout=60)


def test_a_private_mount_is_charged_to_its_container(guest):
    before = free_memory(guest)
    result = in_box(guest, "files", "dd if=/dev/zero of=/tmp/x bs=65536 count=200; echo status $?; ls -s /tmp/x; cat /tmp/x | wc -c")
    assert b"No space left on device" in result.errors, text(result)
    written = int(result.output.split()[-1])
    assert (1 << 20) < written < (6 << 20), text(result)
    # Half of the memory is full of files: a program has less than the other half.
    result = in_box(guest, "files", "dd if=/dev/zero of=/tmp/x bs=65536 count=200; /home/admin/memory_limit late")
    assert int(re.search(rb"after (\d+) KiB", result.output)[1]) < 3072, text(result)
    in_box(guest, "files", "true")
    assert free_memory(guest) > before - 256, "its files are gone with it"


def test_a_fork_bomb_ends_alone(guest):
    before = processes(guest)
    boss(guest, "container run small 'f() { f | f & }; f'; true", timeout=60)
    boss(guest, "container ls | grep small- | while read id rest; do container stop -t 0 $id; done", timeout=60)
    assert guest.run("echo", "alive").output == b"alive\n"
    assert processes(guest) == before


def test_a_share_of_the_cpu_holds_for_all_processes_of_a_container(tmp_path):
    put = images.to_put(tmp_path, {name: CLUUFILES[name] for name in ("lazy", "boss")})
    script = """look() { cat /proc/uptime; container inspect --format text lazy-one | grep 'cpu ms'; cat /proc/uptime; }
        container run -d --name lazy-one lazy 'for i in 1 2 3; do (while :; do :; done) & done; wait' > /dev/null
        (while :; do :; done) & sleep 0.1; look; sleep 4; look; kill $!; container stop -t 0 lazy-one"""
    # Counted instructions instead of the host's time: a busy host stops everybody, but is not everybody's loss alike.
    session = execute.Session(execute.Request(["true"], put=put, icount=True), logs=tmp_path / "logs")
    try:
        shown = text(session.run("container", "run", "boss", script, timeout=300))
    finally:
        session.close()
    now = [float(line.split()[0]) for line in shown.splitlines() if re.fullmatch(r"[\d.]+ [\d.]+", line)]
    used = [int(number) / 1000 for number in re.findall(r"cpu ms: (\d+)", shown)]
    # Each look happens somewhere between two readings of the clock.
    passed = (now[2] + now[3] - now[0] - now[1]) / 2
    assert 0.19 < (used[1] - used[0]) / passed < 0.21, shown


def test_signals_stay_in_the_container(guest):
    script = "sleep 100 & container run small \"kill $! && echo reached\"; kill $! && echo own"
    assert boss(guest, script).output == b"own\n"


def test_names_lists_and_removal(guest):
    script = """container run -d --name nap sleep 100 >/dev/null
        container ls | grep -c nap; container inspect --format text nap | grep state
        container stop -t 1 nap; container ls | grep -c nap; container ls -a | grep -c nap
        container rm nap; container ls -a | grep -c nap"""
    assert boss(guest, script).output == b"1\nstate: running\nnap\n0\n1\nnap\n0\n"


def test_a_container_in_the_background_is_there_when_run_returns(guest):
    script = """for i in 1 2 3 4 5 6 7 8; do
            container run -d --name nap$i sleep 100 > /dev/null; container ls | grep -c nap$i
        done
        for i in 1 2 3 4 5 6 7 8; do container stop -t 0 nap$i; container rm nap$i; done"""
    assert boss(guest, script).output == b"1\n" * 8 + b"".join(b"nap%d\n" % i * 2 for i in range(1, 9))
    result = boss(guest, "container run -d nothing; echo $?")
    assert result.output == b"127\n" and b"nothing: no such image" in result.errors


def test_stop_waits_for_the_end(guest):
    script = """container run -d --name deaf reader 'trap "" TERM; sleep 100; sleep 100' >/dev/null
        container stop -t 1 deaf; container inspect --format text deaf | grep state; container stop deaf; container rm deaf"""
    assert boss(guest, script, timeout=30).output == b"deaf\nstate: exited\ndeaf\ndeaf\n"


def test_what_a_container_writes_is_kept_and_followed(guest):
    script = """container run -d --name talk reader '
            echo one; echo two >&2; trap "echo got; exit 7" USR1; while :; do sleep 0.1; done' > /dev/null
        container logs -f talk > /tmp/followed & until container logs talk 2>&1 | grep -q two; do :; done
        container kill -s USR1 talk; container wait talk; wait; cat /tmp/followed; rm /tmp/followed
        container logs talk; container kill talk; container rm talk; container logs talk"""
    result = boss(guest, script, timeout=60)
    # What went to standard error comes from there.
    assert result.output == b"talk\n7\n" + b"one\ngot\n" * 2 + b"talk\n", text(result)
    assert result.errors == b"two\ntwo\ncontainer: talk: it does not run\ncontainer: talk: no such container\n"


def test_logs_are_shown_as_docker_shows_them(guest):
    script = """container run -d --name lines reader 'seq 5; echo bad >&2; printf end' > /dev/null; container wait lines
        container logs lines --tail 2; echo; container logs -n1 lines; echo; container logs --tail=all lines | wc -l; container logs -tn 3 lines
        echo; container logs --tail x lines; echo $?; container rm lines"""
    result = boss(guest, script)
    shown = result.output.decode().split("\n")
    assert shown[:4] == ["0", "end", "end", "5"], text(result)
    stamp = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z "
    assert re.fullmatch(stamp + "5", shown[4]) and re.fullmatch(stamp + "end", shown[5]), shown
    assert shown[6:] == ["2", "lines", ""] and re.match(f"bad\nbad\n{stamp}bad\n", result.errors.decode()), text(result)
    # What goes to a terminal, or wherever its starter says, is in no log.
    result = boss(guest, "container run --name seen reader 'echo seen'; container logs seen; echo $?; container rm seen")
    assert result.output == b"seen\n1\nseen\n" and b"seen: it has no log: only what runs in the background (-d) has" in result.errors


def test_a_log_keeps_the_end_and_says_what_is_gone(guest):
    script = """container run -d --name much --log-opt max-size=8K reader 'seq 20000' > /dev/null; container wait much
        container logs much; container rm much"""
    result = boss(guest, script, timeout=60)
    lines = [int(line) for line in result.output.split()[1:-1]]
    assert lines == list(range(lines[0], 20001)) and 300 < len(lines) < 8192 // 6, (lines[0], len(lines))
    assert result.errors == b"container: much: what came before this is gone: its log holds 8.0 KiB (LIMIT log, --log-opt max-size)\n"
    result = boss(guest, "container run -d --name some reader 'seq 20000' > /dev/null; container wait some; container logs some | tail -n +2 | head -n 1;"
                         "container logs -n 3 some; container rm some", timeout=60)
    assert result.output.endswith(b"19998\n19999\n20000\nsome\n") and result.errors.count(b"its log holds 64.0 KiB") == 1, text(result)
    for wrong in ("max-size=1K", "max-size=99M", "max-file=3"):
        assert boss(guest, f"container run -d --log-opt {wrong} reader true").status == 2, wrong


def test_a_log_is_paid_by_its_container_and_outlives_its_starter(guest):
    # Its 4 MiB are all that it may have.
    script = """container run -d --name wordy --log-opt max-size=16M small 'seq 2000000' > /dev/null; container wait wordy
        container logs wordy 2>/dev/null | wc -c; container logs wordy -n 1; container rm wordy"""
    result = boss(guest, script, timeout=300).output.split()
    assert result[0] == b"0" and 1 << 20 < int(result[1]) < 4 << 20 and result[2] == b"2000000", result
    # The box that started it has ended, and what it had is free; the log is there, with the last words.
    before = free_memory(guest)
    boss(guest, """container run box 'container run -d --name heir reader "echo one; sleep 0.5; echo two" > /dev/null'; container wait heir""")
    assert boss(guest, "container logs heir; container inspect --format text heir | grep ^inside").output == b"one\ntwo\n"
    assert free_memory(guest) > before - 256
    boss(guest, "container rm heir")
    # Out of memory is said in it, too.
    result = boss(guest, "container run -d --name over small 'exec /home/admin/memory_limit overrun' > /dev/null; container wait over; container logs over; container rm over")
    assert b"the memory limit of the container is reached" in result.errors, text(result)


def test_a_log_goes_on_over_new_starts(guest):
    script = """container run -d --name often stubborn 'echo again; exit 1' > /dev/null; container wait often
        container logs often; container ls -a | grep often; container rm often"""
    result = boss(guest, script, timeout=60)
    assert result.output.startswith(b"1\n" + b"again\n" * 3), text(result)
    assert b"exit status 1; given up after 3 failures in a row, " in result.output, text(result)


def test_names_are_printed_and_options_stand_anywhere(guest):
    script = """container run -d --name a reader 'sleep 100' > /tmp/a; container run -d --name b reader 'sleep 100' > /tmp/b
        container inspect a --format json | grep -c "\\"Id\\":\\"$(cat /tmp/a)\\""
        container stop a $(cat /tmp/b) -t 0; container rm -f a b none; echo $?; container ls -aq --format json | grep -c -x 0; rm /tmp/a /tmp/b
        container inspect none; container stop -x; echo $?"""
    result = boss(guest, script, timeout=60)
    lines = result.output.decode().split("\n")
    assert lines[:2] == ["1", "a"] and lines[2].isdigit() and lines[3:] == ["a", "b", "1", "0", "[]", "2", ""], text(result)
    assert result.errors.startswith(b"container: none: no such container\n") and b"usage: container stop" in result.errors, text(result)
    # The number that -d prints is that of a container that is gone already, too.
    assert boss(guest, "container run -d --rm reader true; container run -d nothing").output.split()[0].isdigit()


def test_inspect_has_dockers_names(guest):
    result = boss(guest, "container run -d --name seen small 'exit 3' > /dev/null; container wait seen > /dev/null; container inspect seen; container rm seen > /dev/null")
    told, = json.loads(result.output)
    assert told["Name"] == "seen" and told["Image"] == "small" and told["RestartCount"] == 0 and told["mounts"] == ["/ readonly"], told
    assert told["State"] == {"Status": "exited", "Running": False, "Restarting": False, "OOMKilled": False, "Pid": 0, "ExitCode": 3,
                             "Error": "exit status 3"}, told


def test_a_container_begins_again_when_asked_to(guest):
    script = """container run -d --name twice reader 'echo begun; sleep 100' > /dev/null
        until container logs twice | grep -q begun; do :; done; container restart -t 0 twice
        until [ $(container logs twice | grep -c begun) = 2 ]; do :; done; container inspect --format text twice | grep -E '^(state|restarts)'
        container kill twice; container wait twice; container restart twice; container rm twice"""
    result = boss(guest, script, timeout=60)
    assert result.output == b"twice\nstate: running\nrestarts: 1\ntwice\n137\ntwice\n", text(result)
    assert result.errors == b"container: twice: it does not run\n"


def test_run_only_makes_authority_narrower(guest):
    script = """container run -d --name wide --memory 64M --cpu 100% small 'sleep 100' > /dev/null
        container run -itd --name tight --memory 2M --cpus 0.5 --net none small 'sleep 100' > /dev/null
        container run --rm --name gone reader 'exit 3'; echo $?; container ls -a | grep -c gone
        for one in wide tight; do container inspect --format text $one | grep -E '^(memory|cpu) limit'; done
        container top tight; container stats --no-stream --format json tight; container ps -a --format json; container images --format json cat
        container rm -f wide tight"""
    result = boss(guest, script, timeout=60)
    lines = result.output.decode().splitlines()
    assert lines[:6] == ["3", "0", "memory limit: 4194304", "cpu limit: 100%", "memory limit: 2097152", "cpu limit: 50%"], text(result)
    assert lines[6].split() == ["PID", "PPID", "MEMORY", "COMMAND"] and lines[7].endswith(" sleep 100")
    objects = [json.loads(line) for line in lines if line.startswith("{")]
    assert objects[0]["Name"] == "tight" and objects[0]["MemoryLimit"] == 2 << 20 and objects[0]["CPUPerc"].endswith("%")
    assert {one["Names"]: one["State"] for one in objects[1:-1]}["wide"] == "running"
    assert objects[-1] == {"Repository": "cat", "Tag": "latest", "Description": "Shows files.", "Entrypoint": "/bin/busybox cat",
                           "May": "argv read, 16.0 MiB"}
    for wrong in ("--net host", "--cpu 0", "--cpu 150%", "--memory x", "--wrong"):
        assert boss(guest, f"container run {wrong} small true").status == 2, wrong
    assert "--net host: there is no network yet" in text(boss(guest, "container run --net=host small true"))


def test_what_a_run_used_is_told_and_proposed(guest):
    result = boss(guest, "cd /etc; container trace reader 'cat hostname; ls /tmp; test -e /bin/sh'")
    assert result.status == 0 and result.output == b"cluu\n", text(result)
    used, proposal = result.errors.decode().split("\n\n")
    assert "used    read /etc/hostname\n" in used and "used    look at /bin/sh\n" in used, used
    assert "unused  read all files as its starter may" in used, used
    assert proposal.startswith("# What this run needed") and "MOUNT /etc readonly\n" in proposal, proposal
    assert "MOUNT / " not in proposal and "MOUNT /tmp private\n" in proposal and "/home" not in proposal, proposal
    result = boss(guest, "cd /etc; container trace loose hostname")
    assert result.output == b"cluu\n" and b"used    read /etc/hostname\n" in result.errors, text(result)
    assert b"unused  change, remove and create what its arguments name\n" in result.errors, text(result)
    assert result.errors.endswith(b"FROM minimal\nPROFILE vfs\nGRANT argv read\nENTRYPOINT /bin/busybox cat\n"), text(result)


def test_restart_on_failure_is_counted(guest):
    boss(guest, "container run -d --name again stubborn 'exit 3' >/dev/null", timeout=30)
    result = boss(guest, "until container inspect --format text again | grep -q 'restarts: 2'; do sleep 0.1; done; until"
                         " container inspect --format text again | grep -q 'state: exited'; do sleep 0.1; done; sleep 1; container inspect --format text again", timeout=60)
    assert "restarts: 2" in text(result), text(result)
    assert "state: exited" in text(result), text(result)


def test_restart_always_goes_on_until_it_is_stopped(guest):
    boss(guest, "container run -d --name ever eternal 'exit 0'; container run -d --name once stubborn 'exit 0'")
    result = boss(guest, "until container inspect --format text ever | grep -q 'restarts: [2-9]'; do :; done;"
                         "container inspect --format text ever; container inspect --format text once; container stop -t 0 ever", timeout=60)
    assert re.search("restarts: [2-9].*restarts: 0", text(result), re.DOTALL), text(result)
    ended = [boss(guest, f"sleep {pause}; container inspect --format text ever | grep -E 'state|restarts'").output for pause in (1, 2)]
    assert ended[0] == ended[1] and b"state: exited" in ended[0], ended
    boss(guest, "container rm ever; container rm once")


def test_proc_shows_a_container_its_own_processes_only(guest):
    """`boss` sees its own, and those that it starts; `reader`, beside the other one that boss starts, cannot get at it."""
    result = boss(guest, """/bin/sleep 100 & other=$!; until grep -q ^sleep /proc/$other/comm; do :; done; ls /proc | grep -cx $other
        container run reader "
            echo other \\$(ls /proc | grep -cx $other) own \\$(ls /proc | grep -cx \\$\\$)
            for way in /proc/$other /proc/self/../$other /proc/./$other/. /proc/$$ /proc/1
            do ls \\$way/ || cat \\$way/authority || cd \\$way || stat \\$way && echo seen \\$way; done
            /bin/ps -e | grep -c '[s]leep'" 2> /dev/null
        container run seer "ls /proc | grep -cx $other"
        kill $other""")
    assert result.output == b"1\nother 0 own 1\n0\n1\n", text(result)
    # Who starts it sees it, and who started that one.
    assert text(boss(guest, "container run reader 'cat /proc/$$/comm; true'; ls /proc | grep -cx $$")) == "sh\n1\n"


def test_what_a_process_holds_is_what_explain_says(guest):
    def statements(shown: str) -> list[str]:
        lines = shown.split("It holds\n")[0].splitlines()[1:]
        return [line if line.startswith("It ") else line[2:44].strip() for line in lines]

    shown = text(boss(guest, """cd /etc; /bin/tail -f hostname /etc/passwd > /dev/null &
        until grep -q hostname /proc/$!/authority; do :; done; cat /proc/$!/authority; kill $!
        echo ====; container explain tail -f hostname /etc/passwd"""))
    held, explained = shown.split("====\n")
    assert "read /etc/hostname" in held and "read /etc/passwd" in held, shown
    assert statements(held) == statements(explained), shown
    assert re.match(r"tail \(\d+\): container tail-\d+ of the image tail, for user \d+\n", held), shown
    assert re.search(r"memory: [\d.]+ [KM]iB of 16.0 MiB", held) and "processes: 1 of 256" in held, shown
    assert re.search("descriptors at the container's start: 0 .*, 1 device, 2 ", held) and "1 address space" in held, shown


def test_proc_shows_processes(guest):
    result = guest.shell("cat /proc/$$/stat; cat /proc/$$/comm; cat /proc/$$/status; true")
    shown = text(result)
    assert re.search(r"^\d+ \(sh\) [RS] \d+ \d+ \d+ ", shown)
    assert "\nUid:\t" in shown
    assert guest.run("cat", "/proc/self/cmdline").output == b"cat\0/proc/self/cmdline\0"
    assert guest.run("ls", "/proc/99999").status != 0


def test_hostile_messages_reach_nobody_else(guest):
    for seed in range(3):
        result = guest.run("/home/admin/hostile_messages", str(seed), "3000", timeout=120)
        assert result.output == b"3000 messages\n", text(result)
        assert guest.run("echo", "alive").output == b"alive\n"


def test_who_lies_about_itself_is_shown_as_far_as_it_can_be(guest):
    result = guest.run("/home/admin/hostile_book", timeout=60)
    assert result.output == b"all are shown\n", text(result)
    assert guest.run("echo", "alive").output == b"alive\n"


def test_descriptors_spoiled_on_their_way_harm_nobody(guest):
    for seed in range(3):
        result = guest.run("/home/admin/hostile_parcels", str(seed), "150", timeout=120)
        assert result.output == b"150 rounds\n", text(result)


def test_memory_that_is_taken_away_is_an_end_that_is_gone(guest):
    result = guest.run("/home/admin/hostile_shares", timeout=60)
    assert result.output == b"unharmed, unharmed\n", text(result)


def test_who_has_a_terminal_cannot_make_its_server_wait_nor_take_it(guest):
    result = guest.run("/home/admin/hostile_terminal", timeout=60)
    assert result.output == b"0 failures\n", text(result)
    assert guest.run("echo", "alive").output == b"alive\n"


def test_nothing_leaks(guest):
    work = "i=0; while [ $i -lt 50 ]; do cat /etc/hostname | wc -l >/dev/null; i=$((i+1)); done"
    for _ in range(2):  # caches and heaps grow to their size
        guest.shell(work, timeout=120)
    before, running = free_memory(guest), processes(guest)
    guest.shell(work, timeout=120)
    assert processes(guest) == running
    assert free_memory(guest) > before - 64, "more than a few pages are gone"


def test_the_end_of_a_container_leaves_memory_as_it_was(guest):
    # Threads, mappings, pipes and waiting calls, ended in the middle. What servers keep for the next one is there after a dozen.
    script = """container run -d --name busy roomy '/home/admin/memory_limit busy' > /dev/null
        until container logs busy | grep -q busy; do sleep 0.1; done
        container stop -t 0 busy; container logs busy; container rm busy"""
    free = []
    for _ in range(20):
        assert b"busy" in boss(guest, script, timeout=60).output
        free.append(free_memory(guest))
    assert len(set(free[-5:])) == 1, free


def test_a_pseudo_terminal_is_found_by_those_whom_its_opener_starts(guest):
    """By its name, in listings and at all; its sibling and its parent see none. (With its path, a program runs in a
    container of its own; without it busybox's shell does what it can itself.)"""
    result = guest.run("sh", "-c", """
        cd /tmp && mkfifo there done
        /bin/ash -c 'exec 3<>/dev/ptmx; echo mine: $(/bin/ls /dev/pts); /bin/test -c /dev/pts/0 && echo found
                     echo >there; read x <done' &
        read x <there
        echo parent: $(/bin/ls /dev/pts)
        /bin/test -e /dev/pts/0 || echo hidden
        /bin/ash -c 'exec 4<>/dev/ptmx; echo sibling: $(/bin/ls /dev/pts)'
        echo >done; wait; rm there done
        echo after: $(/bin/ls /dev/pts)""")
    assert text(result).split("\n") == ["mine: 0 ptmx", "found", "parent: ptmx", "hidden", "sibling: 1 ptmx",
                                        "after: ptmx", ""]


def test_a_program_that_is_known_is_looked_at_again_when_it_has_changed(guest):
    """The second time, procmgr starts a program's container before the program is opened, if nothing has changed since the first."""
    result = guest.shell("""
        cp /bin/busybox /bin/known && /bin/known && /bin/known
        chmod 644 /bin/known; /bin/known 2> /dev/null; echo $?
        chmod 755 /bin/known; /bin/known; /bin/known
        printf '#!/bin/sh\\necho script\\n' > /bin/known; /bin/known; /bin/known
        cp /bin/busybox /bin/known; /bin/known; /bin/known
        mv /var/images/known/Cluufile /tmp/Cluufile; /bin/known 2> /dev/null; echo $?
        mv /tmp/Cluufile /var/images/known/Cluufile; /bin/known; /bin/known
        rm /bin/known; /bin/known 2> /dev/null; echo $?""")
    assert text(result).split() == ["confined"] * 2 + ["126"] + ["confined"] * 2 + ["script"] * 2 + ["confined"] * 2 + [
        "127"] + ["confined"] * 2 + ["127"]
