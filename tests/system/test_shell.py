# SPDX-License-Identifier: MIT
"""Our shell in CLUU: the scripts that it runs like dash, and a person at the serial line with jobs and containers."""

import re
import subprocess
from pathlib import Path

import pytest

from cluu import disk
from person import SECONDS, Person

SCRIPTS = sorted((Path(__file__).parents[1] / "linux" / "corpus").glob("*.sh"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_scripts_run_like_dash_on_linux(guest, script, tmp_path):
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/home/somebody", "LC_ALL": "C"}
    wanted = subprocess.run(["/bin/dash", script], cwd=tmp_path, env=environment, capture_output=True, timeout=SECONDS,
                            stdin=subprocess.DEVNULL)
    folder = f"/tmp/{script.stem}"
    guest.shell(f"mkdir {folder}")
    got = guest.run("/bin/shell", "-c", script.read_text(), directory=folder, timeout=2 * SECONDS,
                    environment=[f"{name}={value}" for name, value in environment.items()])
    assert got.output.decode().splitlines() == wanted.stdout.decode().splitlines(), got.errors.decode()
    assert got.status == wanted.returncode


@pytest.fixture(scope="module")
def person(console):
    return Person(console.serial[0])


def test_welcome_and_home(person):
    assert "Welcome to CLUU" in person.line.text()
    assert person.enter("pwd; echo $USER $SHELL $HOME; id -un") == "/home/admin\nadmin /bin/admin-shell /home/admin\nadmin\n"
    assert person.enter("[ -t 0 ] && echo terminal") == "terminal\n"
    # What login knows is not for everybody.
    assert "Permission denied" in person.enter("cat /etc/users.toml")


def test_stop_and_go_on(person):
    # Typed ahead: it may come before the program that reads it, and is then not echoed.
    person.line.send("cat\rseen\r")
    person.line.expect("\nseen\r*\n", SECONDS)
    person.line.send("\x1a")
    person.line.expect(r"\[1\]\+  Stopped +cat", SECONDS)
    person.prompt()
    assert "Stopped" in person.enter("jobs")
    person.line.send("fg\r")
    person.line.expect("cat\r*\n", SECONDS)
    person.line.send("again\r")
    person.line.expect("\nagain\r*\n", SECONDS)
    person.line.send("\x04")
    person.prompt()
    assert person.enter("jobs") == ""


def test_a_job_is_stopped_and_disowned(person):
    person.enter("sleep 1234 &")
    assert re.search("Stopped +sleep 1234", person.enter("stop; jobs"))
    person.enter("sleep 4321 & stop %2")
    assert re.search("Stopped +sleep 1234\n.*Stopped +sleep 4321", person.enter("jobs"))
    assert "it stays stopped" in person.enter("disown %2")
    person.enter("bg %1")
    assert "Running" in person.until("jobs", "Running +sleep 1234")
    assert person.enter("disown; jobs") == ""
    assert "disown: %1: no such job" in person.enter("disown %1")
    assert "stop: %1: no such job" in person.enter("stop %1")
    person.line.send("exit\r")
    again = Person(person.line)
    assert again.enter("ps ax | grep -c 'sleep [1]234'") == "1\n"
    again.enter("ps ax | grep '[s]leep' | while read pid rest; do kill -KILL $pid; done")
    again.until("ps ax | grep -c '[s]leep'", "^0")


def test_a_stop_that_comes_before_its_job_is_for_the_job(person):
    # As if Ctrl-Z had been pressed after the line and before the terminal belongs to what it starts.
    assert "Stopped" in person.enter("kill -TSTP $$; cat")
    person.line.send("fg\r")
    person.line.expect("cat\r*\n", SECONDS)
    person.line.send("\x04")
    person.prompt()
    assert person.enter("kill -TSTP $$") == ""
    assert person.enter("echo goes on | cat") == "goes on\n"


def test_what_is_typed_is_echoed_and_can_be_corrected(person):
    person.line.send("sh -c 'echo ready; cat'\r")
    person.line.expect("\nready\r*\n", SECONDS)
    person.line.send("abd\x7fc\r")
    person.line.expect("abd\b \bc\r*\nabc\r*\n", SECONDS)
    person.line.send("\x04")
    person.prompt()


def test_background_jobs(person):
    assert re.match(r"\[1\] \d+\n", person.enter("sleep 1000 &"))
    assert re.search(r"\[1\]\+  Running +sleep 1000 &", person.enter("jobs"))
    said = person.enter("kill %1")
    assert "Terminated" in said or person.until("", "Terminated")
    assert "Stopped" in person.enter("sh -c 'kill -STOP $$'")
    said = person.enter("bg")
    assert re.match(r"\[1\]\+ .*sh -c 'kill -STOP \$\$' &\n", said), said
    assert "Done" in said or person.until("", "Done")


def test_interrupted_pipeline(person):
    # A process that is started after the Ctrl-C is not met by it.
    person.line.send("yes | { echo all are there >&2; cat >/dev/null; }\r")
    person.line.expect("\nall are there\r*\n", SECONDS)
    person.line.send("\x03")
    person.prompt()
    assert person.enter("echo $?") == "130\n"


def test_editing_and_history(person):
    assert person.enter("echo abd\x1b[D\x7fc\x05e") == "acde\n"
    assert person.enter("echo b\x01\x1b[C\x1b[C\x1b[C\x1b[C a") == "a b\n"
    assert person.enter("echo remembered") == "remembered\n"
    assert person.enter("\x1b[A") == "remembered\n"
    assert person.enter("cat ~/.hist\t| tail -n 1") == "cat ~/.history | tail -n 1\n"


# Not by `guest`: execd syncs after each command.
@pytest.mark.parametrize("command", ["dd of=f conv=fsync 2>/dev/null", "tee f >/dev/null; sync"])
def test_what_is_synced_is_on_the_disk_at_once(person, console, command):
    def flushes() -> int:
        return sum(device["stats"]["flush_operations"] for device in console.qmp("query-blockstats"))

    before = flushes()
    person.enter(f"rm -f f; echo by {command[:3]}| {command}")
    now = subprocess.run(["debugfs", "-R", "cat /home/admin/f", console.options.disk], capture_output=True,
                         env=disk.ENVIRONMENT)
    assert now.stdout == f"by {command[:3].strip()}\n".encode()
    assert flushes() > before, "nor is it in the disk's own cache"


def test_programs_that_take_the_whole_screen(person):
    person.line.send("vi written\r")
    person.line.expect(r"- written 1/1 100%", SECONDS)
    person.line.send("i")
    person.line.expect(r"I written", SECONDS)
    person.line.send("by hand")
    # vi places the cursor anew after each of its reads, which may take the word apart.
    person.line.expect(r"h\S*a\S*n\S*d", SECONDS)
    person.line.send("\x1b")
    person.line.expect(r"- written", SECONDS)
    person.line.send(":wq\r")
    person.prompt()
    assert person.enter("cat written; rm written") == "by hand\n"


def test_containers_have_only_what_they_are_given(person):
    assert "Permission denied" in person.enter("cp /etc/passwd /bin/passwd")
    person.enter("echo mine >own")
    assert person.enter("cat own; rm own; cat own") == "mine\ncat: can't open 'own': No such file or directory\n"
    person.line.send("spawn box\r")
    person.line.expect(r"/home \$ ", SECONDS)
    person.line.send("ls /; ls /home; echo inside >/home/x; cat /home/x; exit\r")
    person.line.expect("exit\r*\n", SECONDS)
    start = person.line.position
    person.prompt()
    said = bytes(person.line.data[start:person.line.position]).decode().replace("\r", "")
    assert re.match(r"(bin|dev|etc|home|tmp|usr|\s)+inside\n", said)
    assert "x" not in person.enter("ls /home").split()


def test_containers_are_listed_stopped_and_forgotten(person):
    assert re.match(r"\d+\n", person.enter("container run -d --name sleeper --memory 4M sleep 1000"))
    assert re.search(r"sleeper +sleep +up .* / 4.0 MiB", person.until("container ls", "sleeper"))
    text = person.enter("container inspect --format text sleeper")
    assert "entrypoint: /bin/busybox sleep\n" in text and "state: running\n" in text
    assert "this name is taken" in person.enter("container run --name sleeper true")
    assert "still running" in person.enter("container rm sleeper")
    person.enter("container stop sleeper")
    person.until("container ls -a", r"sleeper +sleep +stopped by SIGTERM")
    person.enter("container rm sleeper")
    assert "sleeper" not in person.enter("container ls -a")
    assert "no such container" in person.enter("container inspect --format text sleeper")


def test_container_mistakes(person):
    assert "nosuch: no such image" in person.enter("spawn nosuch")
    assert "not the name of an image" in person.enter("container run ../x")
    assert "usage: container run" in person.enter("container run --memory lots cat")
    person.enter("printf 'FROM minimal\\nGRANT argv look\\n' >c")
    assert "c:2:12: found 'look', expected a right: read, write, create or start" in person.enter("container check ./c; rm c")
    assert re.search(r"cat +/bin/busybox cat +argv read, 16.0 MiB", person.enter("container images cat"))
    # Only a supervisor may manage containers, and only a supervisor can start one.
    assert "Operation not permitted" in person.enter("sh -c 'container ls'")


def test_logout_and_login(person):
    person.line.send("exit\r")
    again = Person(person.line)
    assert again.enter("echo back") == "back\n"
