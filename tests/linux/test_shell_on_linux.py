# SPDX-License-Identifier: MIT
"""The built shell on Linux: scripts through `-c`, and a person at a pseudo-terminal."""

import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

import pexpect
import pytest

SHELL = Path(__file__).resolve().parents[2] / "build/release/hosted/shell"
PROMPT = r"admin@[^:]+:[^$]*\$ "


@pytest.fixture
def home(tmp_path):
    (tmp_path / "notes").write_text("one\ntwo\n")
    return tmp_path


def environment(home, term="dumb"):
    return {"HOME": str(home), "USER": "admin", "PATH": "/usr/bin:/bin", "TERM": term}


def run(home, script, *arguments, stdin=""):
    done = subprocess.run([SHELL, "-c", script, *arguments], cwd=home, env=environment(home), input=stdin.encode(),
                          capture_output=True, timeout=60)
    return done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), done.returncode


@pytest.mark.parametrize("script, output", [
    ("echo a   'b  c' \"d\"e", "a b  c de\n"),
    ("echo $HOME | grep -c /", "1\n"),
    ("cat notes | sort -r | head -n 1", "two\n"),
    ("false || echo or; true && echo and; ! false && echo not", "or\nand\nnot\n"),
    ("false; echo $?; nosuch 2>/dev/null; echo $?; /etc 2>/dev/null; echo $?", "1\n127\n126\n"),
    ("echo out >f; echo more >>f; cat <f; cat f | wc -l", "out\nmore\n2\n"),
    ("ls /nonexistent 2>err; wc -l <err; ls /nonexistent 2>&1 | wc -l", "1\n1\n"),
    ("{ echo a; echo b >&2; } 2>/dev/null | cat", "a\n"),
    ("echo hidden >/dev/null 2>&1; echo shown", "shown\n"),
    ("(cd /; pwd); cd /tmp; pwd; cd - >/dev/null; test $PWD = $OLDPWD || echo moved", "/\n/tmp\nmoved\n"),
    ("x=1; (x=2); echo $x; x=3 true; echo $x; x=4 sh -c 'echo $x'", "1\n1\n4\n"),
    ("touch b.c a.c .h.c; echo *.c '*.c' *.none", "a.c b.c *.c *.none\n"),
    ("for f in 1 2 3; do if test $f = 2; then continue; fi; echo $f; done", "1\n3\n"),
    ("while true; do echo once; break; done", "once\n"),
    ("echo $(echo a; echo b) \"$(cat notes)\"", "a b one\ntwo\n"),
    ("sleep 0.1 & wait; echo done $!x | tr -d 0-9", "done x\n"),
    ("export A=1; unset B; sh -c 'echo $A'; exit 3; echo not", "1\n"),
    ("set -- a b c; shift; echo $# $1 \"$@\"", "2 b b c\n"),
    ("echo 'echo from $0 $1' >s; chmod +x s; ./s x; . ./s", "from ./s x\nfrom shell\n"),
    ("echo a | { cat; echo b; } | cat | tr a-z A-Z", "A\nB\n"),
    ("yes | head -n 1", "y\n"),
    ("false | true | sh -c 'exit 3'; echo $PIPESTATUS; true; echo $PIPESTATUS", "1 0 3\n0\n"),
    ("set -o pipefail; false | true; echo $?; true | true; echo $?", "1\n0\n"),
    ("echo a\\\nb # comment", "ab\n"),
    # $LINENO: dash of Debian has none to compare with.
    ("echo $LINENO\necho $(\necho $LINENO) `echo $LINENO` \\\n$LINENO", "1\n3 3 2\n"),
    ("\nf() {\necho $LINENO\neval 'echo $LINENO\necho $LINENO'\n}\nf\necho $LINENO", "2\n1\n2\n8\n"),
    ("printf '\\n\\necho $LINENO' >s; . ./s\nif true\nthen echo $LINENO; fi | cat", "3\n3\n"),
    ("LINENO=77; echo $LINENO; unset LINENO; echo ${LINENO-none}", "1\nnone\n"),
    # Job control without a terminal: each job has a process group of its own.
    ("set -m; case $- in *m*) echo on;; esac; sleep 60 & ps -o pgid= -p $! | grep -cw $!; kill %1; wait; set +m\n"
     "sleep 60 & ps -o pgid= -p $! | grep -cw $!; kill $!; wait", "on\n1\n0\n"),
    ("set -m; sh -c 'kill -STOP $$' 2>/dev/null; echo $?; jobs >f; grep -c Stopped f; kill -KILL %1", "147\n1\n"),
    ("set -m; sleep 0.2 & fg 2>/dev/null; echo $?; jobs", "sleep 0.2\n0\n"),
    ("set -m; (sleep 0.1; exit 3) & wait %1; echo $?", "3\n"),
])
def test_scripts(home, script, output):
    assert run(home, script)[0] == output


@pytest.mark.parametrize("script, message, status", [
    ("echo 'a", r"1:6: no closing single quote", 2),
    ("a |", r"1:4: found the end of the input, expected a command", 2),
    ("nosuch", r"nosuch: command not found", 127),
    ("cat < nosuch", r"nosuch: No such file or directory", 1),
    ("cd nosuch", r"cd: nosuch: No such file or directory", 1),
    ("echo >&77", r"77: Bad file descriptor", 1),
    ("kill -NOSUCH 1", r"NOSUCH: no such signal", 1),
    ("fg", r"no job control", 1),
    ("spawn", r"usage: spawn IMAGE", 2),
    ("exit x", r"usage: exit", 2),
    ("kill -SEGV $$", r"^$", -signal.SIGSEGV),
    ("sh -c 'kill -SEGV $$'", r"Segmentation fault", 139),
])
def test_mistakes(home, script, message, status):
    _, error, code = run(home, script)
    assert re.search(message, error)
    assert code == status


def test_commands_from_a_pipe_share_their_input(home):
    done = subprocess.run([SHELL], cwd=home, env=environment(home), capture_output=True, timeout=60,
                          input=b"head -n 1\nfor the program\nif true\nthen echo yes\nfi\nexit 4\necho no\n")
    # head reads a whole buffer; what matters is that it got the line after its own.
    assert done.stdout.startswith(b"for the program\n")


def test_long_and_binary_input(home):
    script = home / "script"
    script.write_bytes(b"echo " + b"x" * (1 << 20) + b"\n")
    done = subprocess.run([SHELL, script], env=environment(home), capture_output=True, timeout=60)
    assert len(done.stdout) == (1 << 20) + 1
    script.write_bytes(bytes(range(256)) * 64)
    done = subprocess.run([SHELL, script], env=environment(home), capture_output=True, timeout=60)
    assert done.returncode in (2, 127)


SECONDS = 20


class Person:
    """Somebody at a terminal, who sees what the shell writes."""

    def __init__(self, home, term="xterm"):
        self.child = pexpect.spawn(str(SHELL), cwd=str(home), env=environment(home, term), encoding="utf-8",
                                   echo=False, timeout=20, dimensions=(24, 80))
        self.child.delaybeforesend = None
        self.prompt()

    def prompt(self):
        self.child.expect(r"\x1b\[0m\$ \x1b\[J\r\x1b\[\d+C")

    def enter(self, line):
        """Types a line; gives what it wrote."""
        self.child.send(line + "\r")
        self.child.expect("\r\n")
        self.prompt()
        text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", self.child.before)
        return re.sub(r"\r?admin@[^:]+:[^\r\n]*$", "", text.replace("\r\n", "\n"))

    def expect(self, pattern):
        self.child.expect(pattern)

    def send(self, keys):
        self.child.send(keys)

    def until(self, text):
        """Enters empty lines until something says this; gives all that was said."""
        said = ""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            said += self.enter("")
            if text in said:
                return said
        raise AssertionError(f"{text!r} was not said, but {said!r}")

    def in_front(self, name):
        """Waits until this program has the terminal and waits for something itself."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            try:
                status = Path(f"/proc/{os.tcgetpgrp(self.child.child_fd)}/stat").read_text()
            except OSError:
                continue  # it has just ended, or nobody has the terminal
            if f"({name}) S " in status:
                return
        raise AssertionError(f"{name} never had the terminal")

    def leave(self):
        self.child.send("\x04")
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self.child.exitstatus


@pytest.fixture
def person(home):
    somebody = Person(home)
    yield somebody
    somebody.child.close(force=True)


def test_editing(person):
    assert person.enter("echo hello") == "hello\n"
    assert person.enter("ech helo\x1b[D\x1b[Dl\x1b[H\x1b[C\x1b[C\x1b[Co\x05 you") == "hello you\n"
    assert person.enter("echo a\x7fb c\x17d") == "b d\n"
    assert person.enter("echo gr\u00fc\u00fc\x7f\x1b[D\x1b[C\u00df") == "gr\u00fc\u00df\n"
    assert person.enter("rubbish\x15echo clean") == "clean\n"


def test_history(person, home):
    person.enter("echo first")
    person.enter("echo second")
    assert person.enter("\x1b[A\x1b[A") == "first\n"
    assert person.enter("\x1b[A\x1b[A\x1b[A\x1b[B") == "second\n"
    assert person.leave() == 0
    again = Person(home)
    assert again.enter("\x1b[A\x1b[A") == "first\n"
    assert "echo second" in again.enter("history")
    assert (home / ".history").stat().st_mode & 0o777 == 0o600


def test_completion(person, home):
    (home / "a long name").write_text("found\n")
    (home / "folder").mkdir()
    (home / "folder" / "inside").write_text("within\n")
    assert person.enter("cat a\t") == "found\n"
    assert person.enter("cat fo\tin\t") == "within\n"
    assert person.enter("ech\t here") == "here\n"
    assert person.enter("cd fold\t; pwd; cd ..") == f"{home}/folder\n"
    person.send("sp\ta\t\t")
    person.expect("spawn  +spawnbg")
    person.send("\x15")


def test_completion_of_what_is_no_file(person, home):
    # What `container ls` would show in CLUU.
    (home / "container").write_text("#!/bin/sh\nprintf 'ID  NAME  IMAGE\\n1   napping sleep\\n2   working cat\\n'\n")
    (home / "container").chmod(0o755)
    assert person.enter("PATH=.:$PATH") == ""
    for command in ("stop", "logs", "exec"):
        person.send(f"container {command} nap\t")
        person.expect("ping ")
        person.send("\x15")
    assert person.enter("echo ~roo\t") == "/root/\n"
    assert person.enter("id roo\t").startswith("uid=0(root)")
    child = re.match(r"\[1\] (\d+)", person.enter("sleep 1000 &"))[1]
    person.send(f"kill {child}\t")
    person.expect(f"{child} ")
    person.send("\x15")
    # In one line: before the next prompt the shell would say that the job is gone, and forget it, if that is so by then.
    assert person.enter("kill -KILL %\t; wait %\t; echo $?") == "137\n"


def test_fc(person):
    for word in ("one", "two", "three"):
        assert person.enter(f"echo {word} $((1 + 1))") == f"{word} 2\n"
    assert person.enter("fc -ln -3 -2") == "\techo one $((1 + 1))\n\techo two $((1 + 1))\n"
    assert person.enter("fc -s two=four 'echo tw'") == "echo four $((1 + 1))\nfour 2\n"
    assert person.enter("fc -e 'sed -i s/four/five/'") == "echo five $((1 + 1))\nfive 2\n"
    assert person.enter("fc -l -1").endswith("\techo five $((1 + 1))\n")
    assert "99999: no such line" in person.enter("fc 99999")


def test_search_in_the_history(person):
    person.enter("echo one fish")
    person.enter("echo two")
    assert person.enter("\x12fish") == "one fish\n"


def test_more_lines_until_complete(person):
    person.send("echo 'a\r")
    person.expect("> ")
    assert person.enter("b'") == "a\nb\n"
    person.send("if true\r")
    person.expect("> ")
    person.send("then echo yes\r")
    person.expect("> ")
    assert person.enter("fi") == "yes\n"


def test_interrupt(person):
    person.send("sleep 100\r")
    person.expect("\r\n")
    person.in_front("sleep")
    person.send("\x03")
    person.prompt()
    assert person.enter("echo $?") == "130\n"
    person.send("half a line\x03")
    person.expect(r"\^C")
    person.prompt()
    person.send("echo be''gins; while true; do true; done\r")
    person.expect("begins\r\n")
    person.send("\x03")
    person.prompt()
    person.send("while true; do sleep 1; done\r")
    person.expect("\r\n")
    person.in_front("sleep")
    person.send("\x03")
    person.prompt()
    assert person.enter("echo fine") == "fine\n"


def test_job_control(person):
    person.send("sleep 100\r")
    person.expect("\r\n")
    person.in_front("sleep")
    person.send("\x1a")
    person.expect(r"\[1\]\+  Stopped +sleep 100")
    person.prompt()
    assert "Running" in person.enter("bg")
    assert "sleep 100 &" in person.enter("jobs")
    person.send("fg\r")
    person.expect("sleep 100\r\n")
    person.in_front("sleep")
    person.send("\x03")
    person.prompt()
    assert person.enter("jobs") == ""
    said = person.enter("sleep 0.2 | cat &")
    assert re.match(r"\[1\] \d+\n", said)
    # The report may come with any prompt from the end of the job on.
    assert re.search(r"\[1\]\+  Done +sleep 0.2 \| cat", said + person.until("Done"))
    person.enter("sleep 100 &")
    said = person.enter("kill %1")
    assert "Terminated" in said or person.until("Terminated")
    person.send("cat | cat\r")
    person.in_front("cat")
    person.send("\x1a")
    person.expect("Stopped")
    person.prompt()
    person.send("\x04")
    person.expect("there are stopped jobs")
    person.prompt()
    person.leave()


def test_background_reader_is_stopped(person):
    stopped = "Stopped (wants to read the terminal)"
    assert stopped in person.enter("cat &") or person.until(stopped)
    person.send("fg\r")
    person.expect("cat\r\n")
    person.send("hello\n")
    person.expect("hello")
    person.send("\x04")
    person.prompt()


def test_typed_ahead_is_for_the_program(person):
    person.send("cat\rfor cat\n\x04echo for the shell\r")
    person.expect("for cat")
    person.expect("for the shell")


def test_terminal_modes_are_restored(person):
    person.enter("sh -c 'stty raw -echo; kill -9 $$'")
    assert "icanon" in person.enter("stty -a").replace("-icanon", "")


def test_long_line(person):
    person.send("echo " + "x" * 5000 + " | wc -c\r")
    person.expect("5001")
    person.prompt()


def test_noise(person):
    for byte in range(256):
        if byte not in (3, 4, 10, 13):
            person.child.write(chr(byte) if byte < 128 else "\x1b[" + chr(byte))
    person.send("\x15\x03")
    person.expect(r"\^C")
    person.prompt()
    assert person.enter("echo still here") == "still here\n"


def test_a_prompt_of_ones_own(person):
    person.send("who=me; PS1='<$who:$((1 + 1)):\\W> '; mkdir -p deep/er; cd deep/er\r")
    person.expect("<me:2:er> ")
    person.send("false\r")
    person.expect("<me:2:er> ")
    person.send("echo status $?\r")
    person.expect("status 1\r\n")
    person.expect("<me:2:er> ")
    person.send("unset PS1\r")
    person.prompt()


def test_aliases_and_traps_of_a_person(person):
    person.enter("alias hello='echo good'")
    assert person.enter("hello morning") == "good morning\n"
    assert person.enter("trap 'echo user signal' USR1; kill -USR1 $$") == "user signal\n"
    person.send("trap 'echo leaving' EXIT; exit\r")
    person.expect("\r\nleaving\r\n")
    person.expect(pexpect.EOF)


def test_profile_and_env_files(home):
    (home / ".profile").write_text("echo profile read\nENV=$HOME/startup; export ENV\n")
    (home / "startup").write_text("alias greet='echo hello there'\n")
    child = pexpect.spawn(str(SHELL), ["-l"], cwd=str(home), env=environment(home), encoding="utf-8", timeout=20)
    child.expect("profile read")
    child.expect(PROMPT)
    child.sendline("greet")
    child.expect("\nhello there")
    child.sendline("exit")
    child.expect(pexpect.EOF)


def test_a_line_of_a_megabyte_is_a_command_like_any_other(home):
    """It is taken whole, and is too long only for the start of a program, which says so."""
    person = Person(home)

    def enter(line, said):
        # The shell draws while it reads, and waits when nobody looks.
        typing = threading.Thread(target=person.send, args=[line + "\r"])
        typing.start()
        person.expect(said + "\r\n")
        person.prompt()
        typing.join()

    text = "x" * 1_000_000
    enter(f"echo {text} | wc -c", r"\n1000001")
    enter(f"/bin/echo {text}", "/bin/echo: Argument list too long")
    assert person.enter("echo $((3 + 4))") == "7\n"


def test_dumb_terminal(home):
    child = pexpect.spawn(str(SHELL), cwd=str(home), env=environment(home), encoding="utf-8", timeout=20)
    child.expect(PROMPT)
    child.sendline("echo plain")
    child.expect("\r\nplain\r\n")
    child.expect(PROMPT)
    child.sendline("exit 5")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 5
