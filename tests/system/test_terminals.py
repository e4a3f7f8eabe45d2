# SPDX-License-Identifier: MIT
"""What a terminal owes to the people who use it one after the other."""

from person import SECONDS, Person

# Takes the place of the login shell, leaves somebody behind who has the terminal open and does not mind SIGHUP, and ends.
LURK = """exec sh -c 'exec 3<&0; trap "" HUP; (busybox setsid busybox cat <&3 >lurked; echo end >>lurked) &'"""


def test_who_stays_behind_reads_nothing_of_the_next_login(console):
    line = console.serial[0]
    Person(line)
    line.send(LURK + "\r")
    person = Person(line)
    assert person.until("cat lurked", "end") == "end\n"
    assert person.enter("rm lurked") == ""


def test_terminals_have_names(console):
    line = console.serial[0]
    line.send("exit\r")
    person = Person(line)
    assert person.enter("tty") == "/dev/ttyS0\n"
    assert person.enter("tty </dev/tty") == "/dev/ttyS0\n"
    console.expect_on_screen("login:", SECONDS)
    console.type("admin\n")
    console.expect_on_screen("assword:", SECONDS)
    console.type("admin\n")
    console.expect_on_screen("$", SECONDS)
    console.type("clear; tty\n")
    console.expect_on_screen("/dev/tty1\n", SECONDS)
