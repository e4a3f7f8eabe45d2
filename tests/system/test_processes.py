# SPDX-License-Identifier: MIT
"""ps and top: what they show, to whom, what their keys do, and what looking on costs."""

import re

import pytest
from person import PROMPT, SECONDS, Person



def text(result) -> str:
    return result.output.decode("utf-8", "replace")


def shell(guest, command: str, **options):
    return guest.run("/bin/shell", "-c", command, **options)


# ---- lists


def test_the_ways_that_people_type(guest):
    heads = {"-ef": "UID PID PPID C STIME TTY TIME CMD", "aux": "USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND",
             "-e": "PID TTY TIME CMD", "-eo pid,msgs,container=IN": "PID MSGS IN", "ax": "PID TTY STAT TIME COMMAND"}
    for options, head in heads.items():
        lines = text(guest.run("ps", *options.split())).splitlines()
        assert lines[0].split() == head.split() and len(lines) > 3, options
        assert not any("\x1b" in line for line in lines)
    assert re.search(r"^ *1 .* procmgr$", text(guest.run("ps", "-p", "1")), re.MULTILINE)
    wrong = guest.run("ps", "-Q")
    assert wrong.status == 2 and wrong.errors.startswith(b"ps: no option -Q\nusage: ps ")
    assert guest.run("ps", "-p", "99999").status == 1


def test_a_process_and_what_its_container_holds(guest):
    shown = text(shell(guest, "/bin/sleep 100 & ps -p $! -o pid= -o user=; ps -p $! -o rss=; ps -p $! -o image=; ps -p $! -o args=;"
                              "cat /proc/$!/status; kill $!"))
    pid, user = shown.split("\n")[0].split()
    assert user == "root" and re.search(r"\n *\d+\nsleep\nsleep 100\n", shown), shown
    for line in (r"CpuTime:\t\d+ ns", r"Messages:\t\d+", r"Container:\tsleep-\d+", "Image:\tsleep", r"ContainerMem:\t\d+ kB",
                 r"ContainerMax:\t8192 kB"):
        assert re.search(f"^{line}$", shown, re.MULTILINE), line


def test_messages_are_counted(guest):
    """A fork is one call to the server of processes at least, and waiting for the child another one."""
    shown = text(guest.shell("""
        count() { grep Messages /proc/$$/status; }
        count; count; for i in 1 2 3 4 5 6 7 8 9 10; do (:); done; count"""))
    first, second, third = map(int, re.findall(r"\d+", shown))
    for_one = second - first
    assert 20 <= third - second - for_one < 500, shown


def test_a_container_sees_its_own_alone(guest):
    alone = text(shell(guest, "/bin/sleep 100 & su admin -c 'ps -e -o args='; kill $!"))
    assert "sleep 100" in alone, "whoever sees all of /proc"
    boxed = shell(guest, "/bin/sleep 100 & container run box -c '/bin/ps -e; /bin/top -b -n 1'; kill $!")
    assert b"ps: can't open '/proc'" in boxed.errors and boxed.output == b"", boxed


def test_top_as_lists(guest):
    shown = text(shell(guest, "/bin/sleep 100 & top -b -n 2 -d 0.2 -o pid; top -bcn1; kill $!"))
    assert shown.count("  PID USER     CONTAINER      S  %CPU    MEM  MSG/S     TIME COMMAND\n") == 2
    assert shown.count("CONTAINER      IMAGE        USER     PROCS  %CPU    MEM  LIMIT  MSG/S     TIME\n") == 1
    assert len(re.findall(r"^ *\d+ root +sleep-\d+ +S +0.0 +\d+K +0 +0:00.\d\d sleep 100$", shown, re.MULTILINE)) >= 1
    assert re.search(r"^sleep-\d+ +sleep +root +1 +\d+\.\d +\d+K +8192K +\d+ +0:00.\d\d$", shown, re.MULTILINE), shown
    assert "\x1b" not in shown
    for wrong in (["-n", "0"], ["-d", "x"], ["-o", "size"], ["-p", "x"], ["-n"], ["-z", "1"], ["--container"], ["x"]):
        assert guest.run("top", "-b", *wrong).status == 2, wrong
    assert b"not a terminal; -b writes lists" in guest.run("top").errors


# ---- a person at a terminal


@pytest.fixture(scope="module")
def person(console):
    return Person(console.serial[0])


def test_top_finds_and_ends_a_process(person):
    person.enter("sleep 1234 & sleep 4321 &")
    person.line.send("top\r")
    person.line.expect(r"PID USER +CONTAINER +S +%CPU +MEM +MSG/S +TIME COMMAND", SECONDS)
    person.line.expect(r"-admin-shell", SECONDS)
    person.line.send("/1234\r")
    person.line.expect(r"with `1234` ", SECONDS)
    person.line.send("k")
    person.line.expect(r"Kill the process: \d+_", SECONDS)
    person.line.send("\r")
    person.line.expect(r"Signal to \d+: TERM_", SECONDS)
    person.line.send("\r")
    person.line.expect(r"Sent TERM to \d+", SECONDS)
    person.line.send("q")
    person.prompt()
    left = person.until("jobs", r"(?m)^\[2\].*Running")
    assert "1234" not in left or "Terminated" in left
    assert person.enter("ps ax | grep -c '[s]leep'") == "1\n"
    assert person.enter("stty -a | grep -c -- '-icanon'") == "0\n", "the terminal is as it was"


def test_top_by_container_and_what_others_have(person):
    person.line.send("top -c\r")
    person.line.expect(r"sleep-\d+ +sleep +admin +1 ", SECONDS)
    person.line.send("/sleep\r\r")
    person.line.expect(r"in sleep-\d+  with `sleep`", SECONDS)
    person.line.expect(r"sleep 4321", SECONDS)
    person.line.send("k" + "\x7f" * 5 + "1\r\r")
    person.line.expect(r"1: (No such process|Operation not permitted)", SECONDS)
    person.line.send("\x1a")
    person.prompt()
    assert "top -c" in person.enter("jobs")
    person.line.send("fg\r")
    person.line.expect(r"in sleep-\d+  with `sleep`", SECONDS)
    person.line.send("\x03")
    person.prompt()
    person.enter("kill %sleep; wait")


def test_top_takes_a_hundredth_of_a_cpu_at_most(boot):
    """A minute of the machine's own time, with thirty processes more; what servers do for it counts."""
    machine = boot(icount=True)
    line = machine.serial[0]
    person = Person(line)
    person.enter("for i in $(seq 30); do sleep 1000 & done; echo")
    ticks = "set -- $(cat /proc/$$/stat); read now rest </proc/uptime; echo ${16} $now"
    before = person.enter(ticks).split()[-2:]
    line.send("top -n 31\r")
    line.expect(r"sleep 1000", SECONDS)
    line.expect(PROMPT, 5 * SECONDS)
    after = person.enter(ticks).split()[-2:]
    used, passed = int(after[0]) - int(before[0]), float(after[1]) - float(before[1])
    assert passed > 60 and used <= passed, f"{used} hundredths of a second in {passed} s"


@pytest.mark.parametrize("name", ["ps", "top"])
def test_help_says_what_it_says_itself(guest, name):
    told = text(shell(guest, f"help {name}"))
    itself = guest.run(name, "--nothing-of-this-name", "x").errors.decode()
    assert told.startswith(itself[itself.index("usage: "):]) and len(told) > len(itself)
