#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes docs/linux-abi.md from linux/syscalls/list.inc, the list that the dispatch table itself is made from.

    tools/linux_abi.py            writes the document
    tools/linux_abi.py --check    fails if the document is not what would be written
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "linux/syscalls/list.inc"
NUMBERS = ROOT / "abi/linux/syscall_numbers.hpp"
DOCUMENT = ROOT / "docs/linux-abi.md"

HEAD = """# Linux system calls in CLUU

Made by `tools/linux_abi.py` from `linux/syscalls/list.inc`. A call that is missing answers `ENOSYS`; the first time that a
process makes it, procmgr notes its name and number in the log.

Of Linux's {all} calls on x86-64, {full} are complete, {partly} work with what the table says, {missing} are missing. {absent} more have a
number only (absent): Linux itself answers `ENOSYS`, and so does CLUU.

What holds for all: set-id bits have no effect; a process has one group, no further ones; a page is never writable and
executable at the same moment; core files are not written.

| number | call | support | what is not there |
| ---: | --- | --- | --- |
"""


def entries():
    numbers = dict((name, int(number)) for name, number in re.findall(r"^    (\w+) = (\d+),$", NUMBERS.read_text(), re.M))
    text = re.sub(r"\s*\n\s+", " ", LIST.read_text())
    for match in re.finditer(r'^(?:CALL\((\w+), (full|partly), ((?:"[^"]*"\s*)+)\)|(ABSENT|MISSING)\((\w+)\))$', text, re.M):
        name = match[1] or match[5]
        note = "".join(re.findall(r'"([^"]*)"', match[3] or ""))
        yield numbers[name], name, match[2] or match[4].lower(), note


def document() -> str:
    rows = sorted(entries())
    count = {kind: sum(row[2] == kind for row in rows) for kind in ("full", "partly", "absent", "missing")}
    lines = [HEAD.format(all=len(rows) - count["absent"], **count)]
    lines += [f"| {number} | {name} | {support} | {note} |\n" for number, name, support, note in rows]
    return "".join(lines)


def main() -> int:
    if "--check" in sys.argv[1:]:
        if not DOCUMENT.exists() or DOCUMENT.read_text() != document():
            print("docs/linux-abi.md is out of date: run tools/linux_abi.py", file=sys.stderr)
            return 1
        return 0
    DOCUMENT.write_text(document())
    return 0


if __name__ == "__main__":
    sys.exit(main())
