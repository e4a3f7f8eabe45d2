# SPDX-License-Identifier: MIT
"""What a terminal bears: noise, in and out, and a lot of text."""

import hashlib
import random
import re
import subprocess

import pytest

from cluu import paths, qemu
from cluu.machine import Machine
from person import SECONDS, Person
from test_console import log_in_on_screen

# Control sequences, whole and broken, and what is no UTF-8: cut off, too long, a surrogate, beyond the last character.
PIECES = [b"\x1b", b"\x1b[", b"\x1bO", b"\x1b]0;", b"\x1bP", b"\x9b", b"\x1b[999999999999C", b"\x1b[;;;;~", b"\x1b[1;5D", b"\x1b[3~",
          b"\x1b[200~", b"\xe2\x82", b"\xf0\x9f\x98", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xcc\x81", b"\xef\xbf\xbd"]
LINE_ENDS = b"\r\n\x04"


def noise(seed: int, size: int = 1200) -> bytes:
    """Every byte but those that end a line, in any order, and such pieces."""
    source = random.Random(seed)
    every = [bytes([byte]) for byte in range(256) if byte not in LINE_ENDS]
    return b"".join(source.sample(every, len(every)) + source.choices(every + 4 * PIECES, k=size))


@pytest.fixture(scope="module")
def person(console):
    return Person(console.serial[0])


@pytest.fixture(scope="module")
def guest_line(console):
    """The other serial line, where nobody has logged in."""
    line = console.serial[1]
    line.send("\r")
    line.expect("login: ", SECONDS)
    return line


def test_noise_is_input_like_any_other(person):
    line = person.line
    noise = random.Random(20260101).randbytes(20000)
    line.send(f"stty raw -echo; echo ready; head -c {len(noise)} | md5sum; stty sane\r")
    line.expect(r"\nready", SECONDS)
    line.send(noise)
    line.expect(hashlib.md5(noise).hexdigest(), SECONDS)
    person.prompt()
    # As lines that are edited, but for what asks for signals and the end.
    line.send("cat >/dev/null\r")
    line.expect("\n", SECONDS)
    line.send(bytes(byte for byte in noise if byte not in (3, 4, 26, 28)) + b"\x11\x11\x15\x15\r\x04")
    person.prompt()
    assert person.enter("echo alive $((1 + 1))") == "alive 2\n"


def test_what_is_pasted_at_the_prompt_is_taken_whole(person):
    """More than may wait in the system: who sends on the line waits."""
    size = 100_000
    person.line.send("echo " + "x" * size + " | wc -c\r")
    person.line.expect(rf"\n{size + 1}\r?\n", 2 * SECONDS)
    person.prompt()


def test_more_than_is_read_waits(person):
    """Lines that come in faster than a program reads them are not lost, nor does Ctrl-C wait behind them."""
    line = person.line
    text = "".join(f"line {number} of many\n" for number in range(1000))
    line.send("stty -echo; echo ready; (sleep 1; cat) | md5sum; stty echo\r")
    line.expect(r"\nready", SECONDS)
    line.send(text + "\x04")
    line.expect(hashlib.md5(text.encode()).hexdigest(), SECONDS)
    person.prompt()
    line.send("stty -echo; echo ready; sleep 1000\r")
    line.expect(r"\nready", SECONDS)
    line.send(text + "\x03")
    person.prompt()
    assert person.enter("stty echo; echo alive $((1 + 1))") == "alive 2\n"


def test_noise_on_the_screen_is_gone_with_a_reset(console):
    log_in_on_screen(console)
    console.type("head -c 300000 /bin/busybox; tail -c 300000 /bin/lua; printf '\\033c'; read answers; echo alive $((1 + 1))\n")
    console.type("\n")
    shot = console.expect_on_screen("alive 2\n", 3 * SECONDS)
    assert "$" in shot.text() and b"\xc0\xc0\xc0" in shot.colours(0, shot.rows().index("alive 2"))


def test_a_megabyte_of_text_is_shown_within_three_seconds(tmp_path):
    # The clock counts a nanosecond for each instruction, so that it does not matter who else uses this machine. QEMU's
    # translation does half of that and more.
    seconds = 1.5
    subprocess.run(["cp", "--sparse=always", paths.DISK, tmp_path / "disk.img"], check=True)
    options = qemu.Options(kernel=paths.KERNEL, initrd=paths.INITRD, disk=tmp_path / "disk.img", accelerator="tcg", icount=True)
    with Machine(options, serials=1, logs=tmp_path / "logs") as machine:
        log_in_on_screen(machine)
        machine.type("seq 1 145000 | paste -d ' ' - - - - - - - - - - >text; sync; cat text >/dev/null; wc -c text; time cat text\n")
        shot = machine.expect_on_screen("\nreal ", 4 * SECONDS)
        minutes, took = re.search(r"real\s+(\d+)m ([0-9.]+)s", shot.text()).groups()
        assert int(minutes) == 0 and float(took) <= seconds, shot.text()


# Output goes on, if the noise has stopped it; the first may be quoted. Then nothing of the line is left.
GO_ON = b"\x11\x11\x15"


def test_noise_at_the_login(person, guest_line):
    """As a name, as a password, and as what ends the input; nothing else happens than that one is asked again."""
    line = guest_line
    line.send(noise(1) + GO_ON + b"\r")
    line.expect("login: ", SECONDS)
    for seed, end in enumerate((b"\r", b"\n"), start=2):
        line.send(noise(seed) + b"\x11\x11x" + end)
        line.expect("Password: ", SECONDS)
        line.send(noise(seed) + b"\x11\x11x" + end)
        line.expect("Login incorrect|login: this is too long", SECONDS)
        line.expect("login: ", SECONDS)
    line.send(noise(4) + GO_ON + b"\x04")
    line.expect("login: ", SECONDS)
    # What is said of the wrong passwords on the log comes before it.
    assert person.enter("echo alive $((1 + 1))").endswith("alive 2\n")
    line.send("\r")
    assert Person(line).enter("echo alive $((1 + 1))") == "alive 2\n"
    line.send("exit\r")
    line.expect("login: ", SECONDS)


def test_noise_at_the_prompt(person, guest_line):
    """As a line that is edited and given up. (As a command it could leave quotes open, and Ctrl-C would come sooner or later than that.)"""
    line = guest_line
    line.send("\r")
    other = Person(line)
    for seed in (5, 6, 7):
        # An escape may take the next key: Ctrl-C twice.
        line.send(noise(seed) + b"\x11\x11\x03\x03" + b"echo alive-$((1 + 1))\r")
        line.expect("alive-2\r\n", SECONDS)
        other.prompt()
    assert person.enter("echo alive $((1 + 1))").endswith("alive 2\n")
    line.send("\x04")
    other = Person(line)
    assert other.enter("echo alive $((1 + 1)); stty -a | grep -o -- '-*icanon'") == "alive 2\nicanon\n"
    line.send("exit\r")
    line.expect("login: ", SECONDS)
