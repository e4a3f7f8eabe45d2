# SPDX-License-Identifier: MIT
"""The tour in README.md, performed as it stands there: its `console` blocks are read, typed, and compared.

    $ COMMAND                     on the host, from the root of the repository (`./cluu run` is the `console` machine)
    admin@cluu:~$ COMMAND         in CLUU, on the serial line
    /home $ COMMAND               in CLUU, in busybox's shell
    login: NAME                   at the prompt; the password is the same word

All other lines are what must come back; `...` stands for anything, alone on a line for any number of lines.
"""

import re
import subprocess
from dataclasses import dataclass, field

from cluu import paths

SECONDS = 30
HOST_SECONDS = 120
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^(?P<place>\$|admin@cluu:~\$|/home \$|login:) (?P<text>.*)$")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# What a line ends with when it waits for the next command: the shell's prompt, busybox's, login's.
PROMPT = {"admin@cluu:~$": r"\x1b\[0m\$ \x1b\[J\r\x1b\[\d+C\Z", "/home $": r"/home \$ (\x1b\[6n)?\Z", "login:": r"\nlogin: \Z"}
ANY_PROMPT = "|".join(PROMPT.values())


@dataclass
class Step:
    place: str
    text: str
    wanted: list[str] = field(default_factory=list)

    def check(self, output: str) -> None:
        lines = "".join(line.rstrip() + "\n" for line in output.strip().splitlines())
        pattern = "".join(r"(.*\n)*" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + r"\n"
                          for line in self.wanted)
        assert re.fullmatch(pattern, lines), f"{self.text}\nwanted:\n" + "\n".join(self.wanted) + f"\ngot:\n{lines}"


def steps() -> list[Step]:
    found: list[Step] = []
    for block in BLOCK.findall((paths.ROOT / "README.md").read_text()):
        for line in block.splitlines():
            match = COMMAND.match(line)
            if match:
                found.append(Step(match["place"], match["text"]))
            elif found:
                found[-1].wanted.append(line.rstrip())
    return found


def log_in(line, step: Step) -> None:
    line.expect("login: ", SECONDS)
    line.send(step.text + "\r")
    line.expect("Password: ", SECONDS)
    line.send(step.text + "\r")
    start = line.position
    line.expect(PROMPT["admin@cluu:~$"], SECONDS)
    assert re.search(step.wanted[-1].replace("...", ".*"), line.data[start:].decode())


def in_cluu(line, step: Step) -> None:
    start = line.position
    line.send(step.text + "\r")
    line.expect(ANY_PROMPT, SECONDS)
    output = ESCAPE.sub("", bytes(line.data[start:line.position]).decode()).replace("\r", "")
    # The line as it was typed has what the shell suggested meanwhile in it.
    _, _, rest = output.partition("\n")
    step.check(rest.rpartition("\n")[0])


def on_the_host(step: Step) -> None:
    result = subprocess.run(["bash", "-c", step.text], cwd=paths.ROOT, capture_output=True, text=True,
                            timeout=HOST_SECONDS, stdin=subprocess.DEVNULL)
    assert result.returncode == 0, result.stderr
    step.check(result.stdout)


def test_the_tour_of_the_readme(console):
    tour = steps()
    assert len(tour) > 20
    assert tour[0].text.startswith("./cluu run")
    for step in tour[1:]:
        if step.place == "$":
            on_the_host(step)
        elif step.place == "login:":
            log_in(console.serial[0], step)
        else:
            in_cluu(console.serial[0], step)


def test_files_that_the_readme_names_are_there():
    text = (paths.ROOT / "README.md").read_text()
    named = re.findall(r"`((?:docs|tools|rootfs|containers)/[^`*]*)`|\]\((docs/[^)]*)\)", text)
    for name in (a or b for a, b in named):
        assert (paths.ROOT / name).exists(), name
