# SPDX-License-Identifier: MIT
"""The kernel on machines other than the usual one: what it says when it cannot run, and that it runs when it can.

No disk and no more than the first lines are needed, so these boots take a second or two each.
"""

import re

import pytest

SECONDS = 30
READY = r"protection: .*NX"


def kernel_on(boot, *extra: str, memory: str = "64M"):
    return boot(disk=None, memory=memory, extra=list(extra)).serial[0]


@pytest.mark.parametrize("cpu, lacks", [
    ("qemu32", "64-bit mode"),
    ("qemu64", "XSAVE"),
    ("SandyBridge", "FSGSBASE"),
    ("max,-nx", "NX"),
])
def test_a_cpu_that_lacks_something_is_told_what(boot, cpu, lacks):
    kernel_on(boot, "-cpu", cpu).expect(f"this CPU has no .*{lacks}.*needs", SECONDS)


def test_protection_is_on_where_the_cpu_has_it(boot):
    line = kernel_on(boot)
    line.expect(r"protection: W\^X NX SMEP SMAP UMIP", SECONDS)


def test_no_page_is_both_writable_and_executable(boot):
    machine = boot(disk=None, memory="64M")
    machine.serial[0].expect(r"procmgr|vfs|devmgr", SECONDS)
    machine.qmp("stop")
    text = machine.qmp("human-monitor-command", **{"command-line": "info tlb"})
    entries = re.findall(r"^([0-9a-f]{16}): ([0-9a-f]{16}) (\S{9})", text, re.MULTILINE)
    kernel: dict[bool, set[int]] = {True: set(), False: set()}  # by "executable": pages of memory
    for virtual, physical, flags in entries:
        executable, writable = flags[0] != "X", flags[8] == "W"
        assert not (executable and writable), (virtual, flags)
        if flags[7] != "U" and (executable or writable):
            first = int(physical, 16) >> 12
            kernel[executable] |= set(range(first, first + (512 if flags[2] == "P" else 1)))
    # Nor is a page executable at one address and writable at another.
    assert kernel[True] and kernel[False] and not kernel[True] & kernel[False]


def test_protection_that_the_cpu_lacks_is_not_claimed(boot):
    line = kernel_on(boot, "-cpu", "max,-smap,-umip")
    line.expect(r"protection: W\^X NX SMEP\s", SECONDS)


@pytest.mark.parametrize("extra", [
    ("-machine", "acpi=off"),
    ("-cpu", "max,-pdpe1gb,-xsaveopt"),
    ("-cpu", "IvyBridge"),
])
def test_the_first_process_starts(boot, extra):
    kernel_on(boot, *extra).expect(r"procmgr|vfs|devmgr", SECONDS)


@pytest.mark.parametrize("cpu, way", [("max", "vector"), ("IvyBridge", "string"), ("max,-avx", "string")])
def test_pages_are_cleared_in_a_way_that_the_cpu_has(boot, cpu, way):
    line = kernel_on(boot, "-cpu", cpu)
    line.expect(f"pages are cleared by {way} instructions", SECONDS)
    line.expect(r"procmgr|vfs|devmgr", SECONDS)


@pytest.mark.parametrize("cpus", [1, 2, 4])
def test_every_cpu_comes_up(boot, cpus):
    line = boot(disk=None, memory="64M", cpus=cpus).serial[0]
    line.expect(rf"CPUs: {cpus}\b", SECONDS)
    line.expect(r"procmgr|vfs|devmgr", SECONDS)


def test_sixty_four_cpus_come_up_and_no_more(boot):
    line = boot(disk=None, memory="128M", cpus=66).serial[0]
    line.expect(r"CPUs: 2 more than the kernel can use", SECONDS)
    line.expect(r"CPUs: 64\b", 3 * SECONDS)


def test_memory_above_four_gigabytes_is_used(boot):
    line = kernel_on(boot, memory="6G")
    line.expect(r"CLUU: (59\d\d|6\d\d\d) MiB", SECONDS)
    line.expect(r"procmgr|vfs|devmgr", SECONDS)


def test_a_panic_says_why_and_where(boot):
    line = boot(disk=None, memory="64M", initrd=None).serial[0]
    line.expect(r"KERNEL PANIC: the boot loader brought no initial archive", SECONDS)
    line.expect(r"0xffffffff80[0-9a-f]{6}  kernel::start_first_process \+ 0x", SECONDS)
    line.expect(r"kernel_main \+ 0x", SECONDS)
    line.expect("The kernel has stopped", SECONDS)
