# SPDX-License-Identifier: MIT
"""`./cluu test unit --coverage`: which lines of the kernel's portable part the host's tests run (clang's source-based coverage)."""

import os
import re
import subprocess

from . import paths
from .say import note, progress

PRESET = "coverage"
LEAST = 90.0  # per cent


def sources() -> list[str]:
    """The portable part, as kernel/CMakeLists.txt lists it. What checks the kernel is not counted."""
    text = (paths.ROOT / "kernel/CMakeLists.txt").read_text()
    listed = re.search(r"set\(kernel_portable\n(.*?)\)", text, re.DOTALL)[1].split()
    return [f"kernel/{name}" for name in listed if not name.startswith("debug/")]


def main() -> int:
    out = paths.BUILD / PRESET
    raw, merged = out / "kernel-%m.profraw", out / "kernel.profdata"
    test = out / "tests/kernel_unit_test"
    progress("building the kernel's unit tests to be counted")
    for command in (["cmake", "--preset", PRESET], ["ninja", "-C", str(out), "kernel_unit_test"]):
        done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            note(done.stdout + done.stderr)
            return 1
    for old in out.glob("kernel-*.profraw"):
        old.unlink()
    environment = os.environ | {"LLVM_PROFILE_FILE": str(raw)}
    if subprocess.run([str(test), "--gtest_brief=1"], env=environment).returncode != 0:
        return 1
    counts = [str(file) for file in out.glob("kernel-*.profraw")]
    subprocess.run(["llvm-profdata-19", "merge", *counts, "-o", str(merged)], check=True)
    report = subprocess.run(["llvm-cov-19", "report", str(test), f"-instr-profile={merged}"], cwd=paths.ROOT, check=True,
                            capture_output=True, text=True).stdout
    lines = missed = 0
    wanted = set(sources())
    for row in report.splitlines():
        fields = row.split()
        if fields and fields[0] in wanted:
            lines += int(fields[7])
            missed += int(fields[8])
            print(f"{fields[0]:<48}{fields[7]:>6} lines {fields[9]:>8}")
    share = 100 * (lines - missed) / lines
    note(f"{share:.1f} % of the kernel's lines; {LEAST:.0f} % are wanted.")
    return 0 if share >= LEAST else 1
