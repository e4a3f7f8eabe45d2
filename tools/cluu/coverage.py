# SPDX-License-Identifier: MIT
"""`./cluu test unit --coverage`: which lines of the kernel's portable part the host's tests run (clang's source-based coverage)."""

import json
import os
import re
import subprocess

from . import paths
from .say import note, progress

PRESET = "coverage"
TESTS = ["kernel_unit_test", "kernel_cpus_unit_test"]  # the simulated machine is booted once in each
LEAST = 90.0  # per cent


def sources() -> list[str]:
    """The portable part, as kernel/CMakeLists.txt lists it. What checks the kernel is not counted."""
    text = (paths.ROOT / "kernel/CMakeLists.txt").read_text()
    listed = re.search(r"set\(kernel_portable\n(.*?)\)", text, re.DOTALL)[1].split()
    return [f"kernel/{name}" for name in listed if not name.startswith("debug/")]


def line_counts(segments: list) -> dict[int, int]:
    """How often each line with code ran. A segment (line, column, count, has a count, begins a region, is a gap) holds up to
    the next one. A line counts as often as the most frequent region that begins in it, or else as what holds at its start.
    What holds there may be the gap after a `return`, also one within a TRY on the line before: then what comes
    first in the line counts instead, which llvm-cov's own report overlooks."""
    counts = {}
    by_line = {}
    for segment in segments:
        by_line.setdefault(segment[0], []).append(segment)
    wrapped = None
    last = segments[-1][0] if segments else 0
    for line in range(segments[0][0] if segments else 1, last + 1):
        here = by_line.get(line, [])
        entries = [count for _, _, count, counted, entry, gap in here if counted and entry and not gap]
        starts_skipped = bool(here) and not here[0][3] and here[0][4]
        if wrapped is not None and wrapped[3] and wrapped[5] and not entries:
            entries = [count for _, _, count, counted, _, gap in here[:1] if counted and not gap]
        mapped = not starts_skipped and ((wrapped is not None and wrapped[3]) or entries)
        if mapped:
            base = wrapped[2] if wrapped is not None and wrapped[3] and not wrapped[5] else 0
            counts[line] = max([base, *entries])
        if here:
            wrapped = here[-1]
    return counts


def main() -> int:
    out = paths.BUILD / PRESET
    raw, merged = out / "kernel-%m.profraw", out / "kernel.profdata"
    tests = [out / "tests" / name for name in TESTS]
    progress("building the kernel's unit tests to be counted")
    for command in (["cmake", "--preset", PRESET], ["ninja", "-C", str(out), *TESTS]):
        done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            note(done.stdout + done.stderr)
            return 1
    for old in out.glob("kernel-*.profraw"):
        old.unlink()
    environment = os.environ | {"LLVM_PROFILE_FILE": str(raw)}
    for test in tests:
        if subprocess.run([str(test), "--gtest_brief=1"], env=environment).returncode != 0:
            return 1
    counts = [str(file) for file in out.glob("kernel-*.profraw")]
    subprocess.run(["llvm-profdata-19", "merge", *counts, "-o", str(merged)], check=True)
    exported = subprocess.run(["llvm-cov-19", "export", str(tests[0]), "-object", str(tests[1]),
                               f"-instr-profile={merged}", "-skip-functions"],
                              cwd=paths.ROOT, check=True, capture_output=True, text=True).stdout
    lines = run = 0
    wanted = set(sources())
    # The compiler names files from the repository's root (CluuFlags.cmake), which llvm-cov takes for the folder that it ran in.
    inside = f"{out.relative_to(paths.ROOT)}/"
    for file in json.loads(exported)["data"][0]["files"]:
        name = file["filename"].removeprefix(inside)
        if name not in wanted:
            continue
        counts = line_counts(file["segments"])
        covered = sum(1 for count in counts.values() if count > 0)
        lines += len(counts)
        run += covered
        print(f"{name:<48}{len(counts):>6} lines {100 * covered / len(counts):>8.2f}%")
    share = 100 * run / lines
    note(f"{share:.1f} % of the kernel's lines; {LEAST:.0f} % are wanted.")
    return 0 if share >= LEAST else 1
