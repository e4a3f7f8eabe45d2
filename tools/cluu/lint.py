# SPDX-License-Identifier: MIT
"""The rules of the source tree that no compiler checks: licence line, length, includes, format.

Includes are written from the root of the repository and go only downwards; ARROWS says which folder may include which.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from . import paths

LONGEST = 600
KERNEL_LINES = 10_000  # the most, counted as kernel_lines does
# A benchmark suite that is copied to other systems as it is.
ONE_FILE_BY_DESIGN = {"bench/posixbench.c"}
CPP = {".cpp", ".hpp", ".h", ".c", ".S"}
FORMATTED = {".cpp", ".hpp", ".h"}
WITH_LICENCE = CPP | {".py", ".sh", ".cmake", ".toml", ".ld"}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")

# The first entry whose folder contains the file counts. "." stands for the folder itself, where * matches one name.
ARROWS: list[tuple[str, list[str]]] = [
    ("abi/kernel", ["."]),
    ("abi/linux", ["."]),
    ("libs/freestanding", ["."]),
    ("libs/base", [".", "abi/kernel"]),
    ("libs/ipc", [".", "libs/base", "abi/kernel", "interfaces/status.hpp"]),
    ("libs/rt", [".", "libs/ipc", "libs/base", "abi/kernel"]),
    ("libs/*", [".", "libs/ipc", "libs/rt", "libs/base", "abi/kernel", "interfaces"]),
    ("kernel", [".", "abi/kernel", "libs/base"]),
    ("interfaces", [".", "libs", "abi/kernel"]),
    ("drivers/*", [".", "interfaces", "libs", "abi/kernel"]),
    ("servers/*", [".", "interfaces", "libs", "abi/kernel"]),
    ("linux", [".", "interfaces", "libs", "abi"]),
    ("shell", [".", "interfaces", "libs", "abi/kernel"]),
    ("apps/*", [".", "interfaces", "libs", "abi/kernel"]),
    ("bench", [".", "interfaces", "libs", "abi"]),
    ("tests", ["."]),
]
TESTS_MAY = ["abi", "libs", "kernel", "interfaces", "servers", "drivers", "linux", "shell", "apps"]


def sources() -> list[Path]:
    """All files that belong to the tree, relative to its root: git knows which; without git, all but the build's."""
    try:
        names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=paths.ROOT,
                               capture_output=True, text=True, check=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        names = [str(file.relative_to(paths.ROOT)) for file in paths.ROOT.rglob("*")
                 if paths.BUILD not in file.parents]
    return [Path(name) for name in sorted(names) if name and (paths.ROOT / name).is_file()]


def _needs_licence(file: Path) -> bool:
    named = file.name in ("CMakeLists.txt", "cluu") or file.name == "Cluufile" and file.parent.name != "topics"
    return file.suffix in WITH_LICENCE or named


def _folder_rule(file: Path) -> tuple[str, list[str]] | None:
    for pattern, allowed in ARROWS:
        parts = pattern.split("/")
        if len(file.parts) > len(parts) and all(p in ("*", q) for p, q in zip(parts, file.parts)):
            return "/".join(file.parts[:len(parts)]), allowed
    return None


def check_includes(file: Path, lines: list[str], graph: dict[str, list[str]]) -> list[str]:
    rule = _folder_rule(file)
    if rule is None:
        return []
    folder, allowed = rule
    if folder.startswith("tests") or file.stem.endswith(("_test", "_fuzz")):
        allowed = allowed + TESTS_MAY
    problems = []
    for number, line in enumerate(lines, start=1):
        match = INCLUDE.match(line)
        if not match:
            continue
        target = match[1]
        graph.setdefault(str(file), []).append(target)
        if not (paths.ROOT / target).exists():
            problems.append(f"{file}:{number}: \"{target}\" is not a path from the root of the repository")
        elif not any((target + "/").startswith((folder if a == "." else a) + "/") for a in allowed):
            problems.append(f"{file}:{number}: {folder} must not include \"{target}\"")
    return problems


def cycles(graph: dict[str, list[str]]) -> list[str]:
    done: set[str] = set()
    found = []

    def visit(node: str, trail: list[str]) -> None:
        if node in trail:
            found.append("headers include each other: " + " -> ".join(trail[trail.index(node):] + [node]))
            return
        if node in done:
            return
        for target in graph.get(node, []):
            visit(target, trail + [node])
        done.add(node)

    for node in sorted(graph):
        visit(node, [])
    return found


def kernel_lines(files: list[Path]) -> int:
    """Lines of code of the kernel as cloc counts them, neither blank nor comment: without tests, what only they use, and
    kernel/debug, which no release build has."""
    count = 0
    for file in files:
        name = str(file)
        if (not name.startswith("kernel/") or file.suffix not in CPP | {".ld"} or "_test." in name or "_fuzz." in name
                or name.startswith(("kernel/arch/host/", "kernel/debug/")) or name.endswith("kernel_fixture.hpp")):
            continue
        text = re.sub(r"/\*.*?\*/", "", (paths.ROOT / file).read_text(), flags=re.DOTALL)
        comment = ("//", "#") if file.suffix == ".S" else ("//",)
        lines = [line.strip() for line in text.splitlines()]
        directive = re.compile(r"#\s*(include|define|if|else|elif|endif|undef|error)")
        count += sum(1 for line in lines if line and (not line.startswith(comment) or bool(directive.match(line))))
    return count


def _check_text(file: Path, lines: list[str]) -> list[str]:
    problems = []
    first_two = "\n".join(lines[:2])
    if _needs_licence(file) and "SPDX-License-Identifier: MIT" not in first_two:
        problems.append(f"{file}:1: the first line must be the SPDX line")
    if file.suffix in CPP | {".py"} and len(lines) > LONGEST and str(file) not in ONE_FILE_BY_DESIGN:
        problems.append(f"{file}: {len(lines)} lines; {LONGEST} are the most")
    if file.suffix in CPP:
        problems += [f"{file}:{n}: unfinished: {line.strip()}" for n, line in enumerate(lines, start=1)
                     if UNFINISHED.search(line)]
    return problems


def _check_format(files: list[Path]) -> list[str]:
    if not files:
        return []
    result = subprocess.run(["clang-format-19", "--dry-run", "--Werror", *map(str, files)], cwd=paths.ROOT,
                            capture_output=True, text=True)
    wrong = sorted({line.split(":")[0] for line in result.stderr.splitlines() if ": error:" in line})
    return [f"{file}: not formatted; run ./cluu lint --fix" for file in wrong]


def check() -> int:
    problems: list[str] = []
    graph: dict[str, list[str]] = {}
    files = sources()
    for file in files:
        if not _needs_licence(file) and file.suffix not in CPP:
            continue
        lines = (paths.ROOT / file).read_text(errors="replace").splitlines()
        problems += _check_text(file, lines)
        if file.suffix in CPP:
            problems += check_includes(file, lines, graph)
    problems += cycles(graph)
    if (count := kernel_lines(files)) > KERNEL_LINES:
        problems.append(f"kernel: {count} lines of code; {KERNEL_LINES} are the most")
    problems += _check_format([f for f in files if f.suffix in FORMATTED])
    for problem in problems:
        print(problem)
    print(f"lint: {len(files)} files, {len(problems)} problem(s)")
    return 1 if problems else 0


def fix() -> int:
    files = [str(f) for f in sources() if f.suffix in FORMATTED]
    return subprocess.run(["clang-format-19", "-i", *files], cwd=paths.ROOT).returncode


def tidy() -> int:
    """clang-tidy over all C++ files that the build compiles: minutes, so it is not part of every test run."""
    runner = ["run-clang-tidy-19", "-quiet", "-p", str(paths.OUT), "-j", str(os.cpu_count() or 1)]
    return subprocess.run([*runner, re.escape(str(paths.ROOT)) + r"/(?!build).*\.cpp$"], stdout=sys.stdout).returncode


def main(arguments) -> int:
    if arguments.fix:
        return fix()
    if arguments.tidy:
        return tidy()
    return check()
