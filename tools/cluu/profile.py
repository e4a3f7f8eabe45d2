# SPDX-License-Identifier: MIT
"""`./cluu bench --profile NAME`: which functions the instructions of one of posixbench's benchmarks, or of container_start, go to.

QEMU counts how often each block of instructions is executed (tools/profile/count.c). Two machines run the benchmark, one with more
batches than the other: what they differ by is those batches, without boot and start.
"""

import bisect
import re
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from . import build, execute, paths, qemu
from .say import Problem, progress

FEW, MANY = 1, 4
SECONDS = 600
# Each with the words that come before its batches.
PROGRAMS = {"posixbench": "--only {name} --dir /dev/shm ", "container_start": ""}
LEAST_SHARE = 0.001  # of all, for a function to have a line
# Where what is linked without an address of its own goes (interfaces/process_image.hpp).
LIBRARY_BASE = 0x7E00_0000_0000
LOAD = re.compile(r"^\s+LOAD\s+(0x\S+)\s+(0x\S+)\s+\S+\s+(0x\S+)\s+\S+\s+(.{3})", re.MULTILINE)
SYMBOL = re.compile(r"^([0-9a-f]+) [tTwW] (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    address: int
    instructions: int
    code: bytes


@dataclass
class Program:
    """A linked program: its code, and where its functions begin."""
    path: Path
    code: list[tuple[int, bytes]] = field(default_factory=list)  # address, bytes
    starts: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def __post_init__(self):
        headers = _output("llvm-readelf-19", "-lW", str(self.path))
        base = LIBRARY_BASE if "DYN (" in headers else 0
        data = self.path.read_bytes()
        for offset, address, size, flags in LOAD.findall(headers):
            if "E" in flags:
                self.code.append((base + int(address, 16), data[int(offset, 16):int(offset, 16) + int(size, 16)]))
        symbols = {base + int(address, 16): _short(name)
                   for address, name in SYMBOL.findall(_output("llvm-nm-19", "--demangle", str(self.path)))}
        self.starts = sorted(symbols)
        self.names = [symbols[start] for start in self.starts]

    def has(self, block: Block) -> bool:
        return any(data[block.address - start:block.address - start + len(block.code)] == block.code
                   for start, data in self.code if start <= block.address < start + len(data))

    def function(self, address: int) -> tuple[str, int]:
        """The function's name and its first address."""
        at = bisect.bisect_right(self.starts, address) - 1
        return (self.names[at], self.starts[at]) if at >= 0 else ("?", 0)


def _output(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def _short(name: str) -> str:
    """Without parameters, template arguments and the type of what it returns."""
    previous = None
    name = name.replace("(anonymous namespace)::", "")
    while name != previous:
        previous, name = name, re.sub(r"<[^<>]*>|\([^()]*\)( const)?", "", name)
    return re.split(r" (?!new|delete)", name)[-1] or "?"


def parse_counts(text: str) -> Counter:
    """Executions of each block, from the plugin's file."""
    counts: Counter = Counter()
    for line in text.splitlines():
        address, executions, instructions, code = line.split(" ")
        counts[Block(int(address, 16), int(instructions), bytes.fromhex(code))] += int(executions)
    return counts


def attribute(counts: Counter, programs: list[Program]) -> dict[tuple[str, str], list[int]]:
    """(program, function) -> instructions, and how often it was entered at its beginning."""
    sums: dict[tuple[str, str], list[int]] = {}
    for block, executions in counts.items():
        program = next((p for p in programs if p.has(block)), None)
        name, start = program.function(block.address) if program else ("?", 0)
        entry = sums.setdefault((program.path.stem if program else "?", name), [0, 0])
        entry[0] += executions * block.instructions
        entry[1] += executions if block.address == start else 0
    return sums


def table(sums: dict[tuple[str, str], list[int]], operations: int) -> str:
    whole = sum(instructions for instructions, _ in sums.values())
    of_program: Counter = Counter()
    for (program, _), (instructions, _) in sums.items():
        of_program[program] += instructions
    lines = ["instructions    entered  of one operation, by function"]
    for program, total in of_program.most_common():
        if total < whole * LEAST_SHARE:
            continue
        lines.append(f"{total / operations:12,.0f}             {program}")
        functions = sorted((-i, n, name) for (p, name), (i, n) in sums.items() if p == program)
        lines += [f"{-i / operations:12,.0f} {n / operations:10,.2f}      {name}"
                  for i, n, name in functions if -i >= whole * LEAST_SHARE]
    return "\n".join(lines + [f"{whole / operations:12,.0f}             all"])


def operations_of(name: str) -> tuple[str, int]:
    """The program that has this benchmark, and how many are in one batch; they are Linux programs, and say it here, too."""
    for program in PROGRAMS:
        for line in _output(str(paths.OUT / "linux" / program), "--list").splitlines():
            if line.split()[0] == name:
                return program, int(line.split()[1])
    raise Problem(f"no benchmark is called '{name}'.")


def _count(program: str, name: str, batches: int, work: Path) -> Counter:
    counts = work / f"counts-{batches}"
    command = f"/tmp/{program} {PROGRAMS[program].format(name=name)}--batches {batches}"
    result = execute.run(execute.Request(
        ["/bin/sh", "-c", command], put=[(paths.OUT / "linux" / program, f"/tmp/{program}")], timeout=SECONDS,
        icount=True, extra=["-plugin", f"{work}/count.so,counts={counts}"]))
    if result.status != 0 or "skip" in result.output.decode("utf-8", "replace"):
        raise Problem(f"{name} did not run: {result.output.decode('utf-8', 'replace')}")
    return parse_counts(counts.read_text())


def main(name: str) -> int:
    qemu.check_version()
    build.targets(*PROGRAMS, "image")
    program, operations = operations_of(name)
    with tempfile.TemporaryDirectory(prefix="cluu-profile-") as folder:
        work = Path(folder)
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", work / "count.so",
                        paths.ROOT / "tools" / "profile" / "count.c"], check=True)
        progress(f"{name}: {FEW} batch")
        few = _count(program, name, FEW, work)
        progress(f"{name}: {MANY} batches")
        many = _count(program, name, MANY, work)
    many.subtract(few)
    built = [paths.KERNEL, *sorted((paths.OUT / "native").iterdir()), paths.OUT / "hosted" / "ext2fs",
             paths.OUT / "linux" / program]
    programs = [Program(path) for path in built if path.is_file() and path.read_bytes()[:4] == b"\x7fELF"]
    print(table(attribute(many, programs), (MANY - FEW) * operations))
    return 0
