# SPDX-License-Identifier: MIT
"""The kernel's own tests (tests/kernel), run in the machine by a program with all the boot authority."""

import re

import pytest

from cluu import paths, qemu
from cluu.machine import Machine

SECONDS = 60


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> str:
    archive = paths.OUT / "images" / "kernel_test.cpio"
    options = qemu.Options(kernel=paths.KERNEL, initrd=archive, accelerator=qemu.accelerator())
    with Machine(options, logs=tmp_path_factory.mktemp("kernel")) as machine:
        machine.serial[0].expect(r"^\d+ passed, \d+ failed", SECONDS)
        return machine.serial[0].text()


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
