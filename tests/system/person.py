# SPDX-License-Identifier: MIT
"""A person who has logged in on a serial line, and types at our shell or at what it starts."""

import re

SECONDS = 30
PROMPT = r"admin@cluu\x1b\[0m:\x1b\[1;34m[^$]*\$ \x1b\[J\r\x1b\[\d+C"


class Person:
    """Somebody who has logged in on a serial line."""

    def __init__(self, line):
        self.line = line
        line.expect("login: ", 2 * SECONDS)
        line.send("admin\r")
        line.expect("Password: ", SECONDS)
        line.send("admin\r")
        self.prompt()

    def prompt(self) -> None:
        self.line.expect(PROMPT, SECONDS)

    def enter(self, text: str) -> str:
        """Types a line; gives what it wrote."""
        start = self.line.position
        self.line.send(text + "\r")
        self.line.expect("\n", SECONDS)
        self.prompt()
        said = bytes(self.line.data[start:self.line.position]).decode("utf-8", "replace")
        said = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", said).replace("\r", "")
        return said.split("\n", 1)[1].rpartition("admin@cluu:")[0]

    def until(self, command: str, text: str) -> str:
        """Enters the command until something says this."""
        for _ in range(100):
            said = self.enter(command)
            if re.search(text, said):
                return said
        raise AssertionError(f"{text!r} was not said, but {said!r}")
