# SPDX-License-Identifier: MIT
"""Checks of a linked kernel or native program that the compiler cannot make: run by the build after linking.

- No loadable segment is both writable and executable, and each begins on a page of its own.
- No instruction names an x87, MMX, SSE or AVX register: code that runs without saving them must not touch them. Only
  functions with a name in `_by_vectors` may: they give back what they found.
"""

import re
import subprocess
import sys

WRITE_EXECUTE = re.compile(r"^\s+LOAD\s+(\S+)\s+(\S+)\s+\S+\s+\S+\s+\S+\s+(.{3})\s+(\S+)$", re.MULTILINE)
VECTOR = re.compile(r"%(?:[xyz]mm\d+|mm[0-7]|st(?:\(\d\))?)\b")
FUNCTION = re.compile(r"^[0-9a-f]+ <(.*)>:$")


def segments(program: str) -> list[str]:
    text = subprocess.run(["llvm-readelf-19", "-lW", program], capture_output=True, text=True, check=True).stdout
    problems = []
    pages: dict[int, str] = {}
    for offset, address, flags, _ in WRITE_EXECUTE.findall(text):
        if "W" in flags and "E" in flags:
            problems.append(f"{program}: the segment at {address} is writable and executable")
        page = int(address, 16) // 4096
        if pages.get(page, flags) != flags:
            problems.append(f"{program}: two segments share the page of {address}")
        pages[page] = flags
    return problems


def registers(program: str) -> list[str]:
    process = subprocess.Popen(["llvm-objdump-19", "-d", "--no-show-raw-insn", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    found: dict[str, str] = {}
    function = "?"
    for line in process.stdout:
        if match := FUNCTION.match(line):
            function = match[1]
        elif "%" in line and not function.endswith("_by_vectors") and VECTOR.search(line):
            found.setdefault(function, line.strip())
    process.wait()
    return [f"{program}: {name} uses a floating-point or vector register: {line}" for name, line in found.items()]


def main() -> int:
    problems = [p for program in sys.argv[1:] for p in segments(program) + registers(program)]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
