# SPDX-License-Identifier: MIT
"""`./cluu test`: the unit tests (lint and ctest) and the system tests (pytest). Each runner's closing line is shown.
`./cluu test suites` runs foreign programs' own tests, `./cluu test ports` builds the ports that are not on the disk and tries
them; `./cluu test nightly` is what takes longer than one wants to wait for."""

import os
import re
import subprocess
import sys

from . import build, coverage, lint, paths, qemu, suites
from .machine import Machine
from .say import note, progress


NIGHTLY_SECONDS = 7200


def unit(word: str | None, stop: bool) -> int:
    status = 0
    if not word and lint.check() != 0:
        status = 1
        if stop:
            return status
    progress("building the unit tests")
    build.targets("unit_tests")
    command = ["ctest", "--test-dir", str(paths.OUT), "--output-on-failure", "-j", str(os.cpu_count() or 1)]
    if word:
        command += ["-R", re.escape(word)]
    if stop:
        command += ["--stop-on-failure"]
    return subprocess.run(command, stdin=subprocess.DEVNULL).returncode or status


def system(word: str | None, stop: bool, kind: str = "not ports and not nightly") -> int:
    """The tests of booted systems; `kind` is an expression of pytest's markers (tests/system/conftest.py)."""
    progress("building the system and its images")
    build.targets("all", "image", "kernel_test_initrd", "kernel_rounds_initrd", "bench_initrd",
                  "posixbench", "container_start")
    # Debian's own pytest, whatever else is installed. A file's tests share their machines: they stay together. A worker's
    # machines use one core most of the time, and 1 GiB of memory at most.
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(paths.ROOT / "tests"), "--durations=10",
               "-m", kind, "-n", str(min(os.cpu_count() or 1, 8)), "--dist", "loadfile"]
    if word:
        command += ["-k", word]
    if stop:
        command += ["-x"]
    status = subprocess.run(command, stdin=subprocess.DEVNULL, cwd=paths.ROOT).returncode
    no_tests = 5
    return 0 if status == no_tests and word else status


def nightly() -> int:
    """How much of the kernel the unit tests run, ten million random system calls (tests/kernel/fuzz_test.cpp), and the long
    system tests: about half an hour."""
    enough = coverage.main() == 0
    enough = system(None, False, "nightly") == 0 and enough
    progress("building the kernel and the nightly test")
    build.targets("kernel.elf", "kernel_nightly_initrd")
    archive = paths.OUT / "images" / "kernel_nightly.cpio"
    options = qemu.Options(kernel=paths.KERNEL, initrd=archive, accelerator=qemu.accelerator())
    progress("ten million random system calls")
    with Machine(options) as machine:
        line = machine.serial[0]
        line.expect(r"^\d+ passed, \d+ failed", NIGHTLY_SECONDS)
        text = line.text()
    print(text, end="")
    passed = re.search(r"^[1-9]\d* passed, 0 failed", text, re.MULTILINE) is not None
    return 0 if enough and passed else 1


def main(arguments) -> int:
    if arguments.coverage:
        return coverage.main()
    if arguments.which == "nightly":
        return nightly()
    if arguments.which == "suites":
        return suites.main(arguments.k)
    if arguments.which == "ports":
        return system(arguments.k, arguments.x, "ports")
    if arguments.cpus:
        os.environ["CLUU_CPUS"] = str(arguments.cpus)
    failed = []
    for name, runner in (("unit", unit), ("system", system)):
        if arguments.which in (None, name) and runner(arguments.k, arguments.x) != 0:
            failed.append(name)
            if arguments.x:
                break
    if failed:
        note(f"failed: {' and '.join(failed)} tests.")
    return 1 if failed else 0
