# SPDX-License-Identifier: MIT
"""From power-on to the login prompt: every way to boot, little memory, missing and broken disks."""

import re

import pytest

from cluu import execute, paths

PROMPT = r"login: "
SECONDS = 30


def test_the_prompt_is_on_the_serial_line_and_on_the_screen(console):
    console.serial[0].expect(PROMPT, SECONDS)
    shot = console.expect_on_screen("login:", 10)
    assert "\ufffd" not in shot.text()


@pytest.mark.parametrize("uefi", [False, True])
def test_the_iso_boots(boot, uefi):
    # Two CPUs are found only with the ACPI tables, the screen only with GRUB's picture mode: the card has no registers.
    machine = boot(iso=paths.ISO, uefi=uefi, cpus=2, extra=["-global", "VGA.mmio=off"])
    machine.serial[0].expect(r"CPUs: 2\b", 2 * SECONDS)
    machine.serial[0].expect(PROMPT, SECONDS)
    machine.expect_on_screen("login:", 10)


def test_the_iso_is_small():
    assert paths.ISO.stat().st_size <= 16 << 20


def test_64_mib_are_enough(boot):
    boot(memory="64M").serial[0].expect(PROMPT, SECONDS)


def test_16_gib_are_all_there(tmp_path):
    # Most of it lies above 4 GiB, out of reach of the first page tables. What is not touched costs the host nothing.
    request = execute.Request(["cat", "/proc/meminfo"], memory="16G", timeout=240)
    result = execute.run(request, logs=tmp_path)
    assert result.status == 0, result.output.decode()
    total = int(re.search(rb"MemTotal: +(\d+) kB", result.output)[1])
    assert 16 << 20 > total > (16 << 20) * 99 // 100


def test_16_mib_are_refused_with_a_sentence(boot):
    machine = boot(memory="16M")
    machine.serial[0].expect(r"(?i)memory", SECONDS)


def test_without_a_disk_it_says_so(boot):
    machine = boot(disk=None)
    machine.serial[0].expect(r"(?i)no (root )?disk|disk.*(missing|not found)", SECONDS)


def test_a_foreign_disk_is_named(boot, tmp_path):
    image = tmp_path / "foreign.img"
    image.write_bytes(b"\xa5" * (8 << 20))
    boot(disk=image).serial[0].expect(r"(?i)(ext2|file system)", SECONDS)


def test_a_corrupt_superblock_is_named(boot, disk_copy):
    with open(disk_copy, "r+b") as file:
        file.seek(1024 + 4)
        file.write(b"\xff" * 200)
    boot(disk=disk_copy).serial[0].expect(r"(?i)(ext2|superblock|file system)", SECONDS)
