# SPDX-License-Identifier: MIT
"""The other foreign programs on the disk, used as a person uses them, at the serial line."""

import pytest
from person import SECONDS, Person


@pytest.fixture(scope="module")
def person(console):
    return Person(console.serial[0])


def test_dash(person):
    line = person.line
    line.send("dash\r")
    line.expect(r"\$ \Z", SECONDS)
    line.send("for n in 3 1 2; do echo $((n * n)); done | sort > squares; trap 'echo bye' EXIT\r")
    line.expect(r"\n\$ \Z", SECONDS)
    line.send("read first < squares; echo first is $first; exit 5\r")
    line.expect(r"\nfirst is 1\r\nbye\r\n", SECONDS)
    person.prompt()
    assert person.enter("echo $?; rm squares") == "5\n"


def test_lua(person):
    line = person.line
    line.send("lua\r")
    line.expect(r"\n> \Z", SECONDS)
    line.send("words = {} for word in ('one two three'):gmatch('%a+') do table.insert(words, word) end\r")
    line.expect(r"\n> \Z", SECONDS)
    line.send("#words, table.concat(words, '-')\r")
    line.expect(r"\n3\tone-two-three\r\n> \Z", SECONDS)
    line.send("for line in io.lines('/etc/hostname') do print(line:upper()) end\r")
    line.expect(r"\nCLUU\r\n> \Z", SECONDS)
    line.send("\x04")
    person.prompt()


def test_nano(person):
    line = person.line
    line.send("nano letter\r")
    line.expect("GNU nano 7.2", SECONDS)
    line.expect(r"\^X", SECONDS)  # the last line of the screen: it waits for keys
    # Up and to the end of the line by control keys, then Ctrl-O.
    line.send("Dear reader,\rthis is CLUU.\x10\x05 we greet you:\x0f")
    line.expect("File Name to Write", SECONDS)
    line.send("\r")
    line.expect("Wrote 2 lines", SECONDS)
    line.send("\x18")  # Ctrl-X
    person.prompt()
    assert person.enter("cat letter; rm letter") == "Dear reader, we greet you:\nthis is CLUU.\n"
