# SPDX-License-Identifier: MIT
"""The kernel's own tests (tests/kernel), run in the machine by a program with all the boot authority."""

import re

import pytest

from cluu import paths, qemu
from cluu.machine import Machine

SECONDS = 60


ROUNDS_SECONDS = 300


def run(archive: str, seconds: int, logs) -> str:
    options = qemu.Options(kernel=paths.KERNEL, initrd=paths.OUT / "images" / archive, accelerator=qemu.accelerator())
    with Machine(options, logs=logs) as machine:
        machine.serial[0].expect(r"^\d+ passed, \d+ failed", seconds)
        return machine.serial[0].text()


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> str:
    return run("kernel_test.cpio", SECONDS, tmp_path_factory.mktemp("kernel"))


def test_every_kernel_test_passes(report):
    assert re.findall(r"^FAIL .*", report, re.MULTILINE) == []
    passed, failed = re.search(r"^(\d+) passed, (\d+) failed", report, re.MULTILINE).groups()
    assert int(passed) > 50
    assert failed == "0"


def test_each_named_test_ran(report):
    # What the sources declare and what the machine reports are the same set.
    declared = set()
    for file in (paths.ROOT / "tests/kernel").glob("*.cpp"):
        declared |= set(re.findall(r"^TEST\((\w+)\)", file.read_text(), re.MULTILINE))
    assert set(re.findall(r"^(?:ok|FAIL) (\w+)", report, re.MULTILINE)) == declared


def test_100000_processes_leave_memory_as_it_was(tmp_path):
    text = run("kernel_rounds.cpio", ROUNDS_SECONDS, tmp_path)
    assert re.findall(r"^(ok|FAIL) (\w+)", text, re.MULTILINE) == [("ok", "rounds_leave_memory_as_it_was")]
