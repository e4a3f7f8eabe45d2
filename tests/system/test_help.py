# SPDX-License-Identifier: MIT
"""What `help` tells: about every command, about Cluufiles, and a tour that can be typed as it stands."""

import re

import pytest
from person import Person

from cluu import paths

PAGES = paths.ROOT / "rootfs/usr/share/cluu/help"


def help_on(guest, *names: str):
    return guest.run("/bin/shell", "-c", "help " + " ".join(names), timeout=60)


def test_every_command_has_help(guest):
    result = guest.run("/bin/shell", "-c", """
        for file in /bin/* /usr/bin/*; do
            help "${file##*/}" || echo "!! $file"
            echo ==
        done
    """, timeout=60)
    assert result.status == 0 and result.errors == b""
    pages = result.output.decode().split("==\n")[:-1]
    assert len(pages) == int(guest.shell("ls /bin /usr/bin | grep -c '^[^/]'").output)
    for page in pages:
        assert re.match(r"(usage: )?\S+.*\n", page) and "!! /" not in page, page


def test_each_word_of_the_first_shell_has_help(guest):
    """Those of the system that this one grew from; some are programs now."""
    for name in "cd pwd ls cat echo touch ps top spawn spawnbg jobs fg bg stop kill sudo su container exit".split():
        told = help_on(guest, name)
        assert told.status == 0 and re.match(rf"(usage: )?{name}\b", told.output.decode()), name


@pytest.mark.parametrize("name", ["cat", "sort", "vi", "find"])
def test_help_on_a_program_is_what_it_says_itself(guest, name):
    itself = guest.run(name, "--help")
    usage = (itself.output + itself.errors).decode().partition("Usage: ")[2].rstrip()
    assert len(usage) > 20
    assert help_on(guest, name).output.decode() == f"usage: {usage}\n\nWhat it may do, as a program: container explain {name}\n"


def test_help_on_what_there_is_no_page_about(guest):
    for name in ("nothing", "topics", "../../../../etc/passwd", "/etc/passwd"):
        result = help_on(guest, name)
        assert result.status == 1 and f"help: {name} is not a command".encode() in result.errors


def test_help_lists_its_topics(guest):
    listed = re.search(r"each program, and about:(.*)\n", help_on(guest).output.decode())[1].split()
    assert {"Cluufile", "keyboard", "tour"} <= set(listed)
    for name in listed:
        assert help_on(guest, name).output == (PAGES / "topics" / name).read_bytes()


def test_the_page_on_cluufiles_names_every_directive_and_no_other():
    grammar = (paths.ROOT / "docs/cluufile.md").read_text().partition("## Grammar")[2].partition("\nWords are")[0]
    page = (PAGES / "topics/Cluufile").read_text()
    directives = set(re.findall(r'"([A-Z]{2,})"', grammar))
    assert directives == set(re.findall(r"^  ([A-Z]+) ", page, re.MULTILINE)) > {"FROM", "GRANT", "LIMIT"}
    for word in re.findall(r'"([a-z-]{3,})"', grammar):
        assert re.search(rf"\b{word}\b", page), word


def test_the_tour_can_be_typed_as_it_stands(console):
    person = Person(console.serial[0])
    commands = re.findall(r"^    \$ (.*)$", (PAGES / "topics/tour").read_text(), re.MULTILINE)
    assert len(commands) == 20
    said = ""
    for command in commands:
        said += person.enter(command)
        assert person.enter("echo status $?").startswith("status 0\n"), f"{command}: {said}"
    for words in ("-> busybox", "1\n2\n3\n", "\n100\n", "line 5: GRANT argv read", "can't open 'numbers': Read-only file system", "\nrefused\n",
                  "gains  change, remove and create", "used +read /home/admin/numbers", r"nap +sleep +up", r"\+  Running +sleep 1000 &",
                  "18446744073709551616"):
        assert re.search(words, said), f"{words!r} was not said, but {said}"


def test_pages_fit_a_terminal():
    for page in PAGES.rglob("*"):
        if page.is_file():
            text = page.read_text()
            assert max(len(line) for line in text.splitlines()) <= 80 and "\t" not in text, page
