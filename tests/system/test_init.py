# SPDX-License-Identifier: MIT
"""init: servers that crash, that end, that cannot be loaded, and mistakes in its table. One archive holds them all."""

import struct

import pytest

from cluu import initrd, paths, qemu, tree
from cluu.machine import Machine

SECONDS = 30
BASE = 0x400000
CODE = 0x1000

WRITE_TO_ZERO = b"\x31\xc0\x89\x00"  # xor %eax, %eax; mov %eax, (%rax)
INVALID = b"\x0f\x0b"  # ud2
FOREIGN = b"\xb8\x27\x00\x00\x00\x0f\x05"  # mov $39, %eax; syscall


def end_with(status: int) -> bytes:
    return b"\xb8" + struct.pack("<I", 0x20000000 + status) + b"\x0f\x05"


def elf(code: bytes, flags: int = 5, offset: int = CODE) -> bytes:
    """A static program with one segment."""
    header = struct.pack("<4s5B7xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 0, 0, 2, 62, 1, BASE + CODE, 64, 0, 0, 64, 56, 1,
                         64, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, flags, offset, BASE + CODE, 0, len(code), len(code), 4096)
    return (header + segment).ljust(CODE, b"\0") + code


PROGRAMS = {
    "writer": elf(WRITE_TO_ZERO),
    "invalid": elf(INVALID),
    "foreign": elf(FOREIGN),
    "satisfied": elf(end_with(0)),
    "failing": elf(end_with(3)),
    "truncated": elf(INVALID)[:100],
    "beyond": elf(INVALID, offset=1 << 40),
    "unprotected": elf(INVALID, flags=7),
    "text": b"this is not a program",
}

TABLE = "\n".join(
    [f"server {name} /sbin/{name}\n    restart never" for name in PROGRAMS if name != "failing"]
    + ["server failing /sbin/failing\n    restart 2", "server absent /sbin/absent\n    restart never",
       "server poor /sbin/satisfied\n    restart never\n    memory 4K",
       "server conditional /sbin/failing\n    when never-said", "    grant the-moon", "    memory plenty"])


@pytest.fixture(scope="module")
def said(tmp_path_factory) -> str:
    work = tmp_path_factory.mktemp("init")
    entries = [tree.Entry("/", "directory", 0o755), tree.Entry("/etc", "directory", 0o755),
               tree.Entry("/sbin", "directory", 0o755),
               tree.Entry("/init", "file", 0o755, content=(paths.OUT / "images/stripped/init").read_bytes()),
               tree.Entry("/etc/init.table", "file", 0o644, content=TABLE.encode())]
    entries += [tree.Entry(f"/sbin/{name}", "file", 0o755, content=content) for name, content in PROGRAMS.items()]
    initrd.build(entries, work / "initrd.cpio")
    options = qemu.Options(kernel=paths.KERNEL, initrd=work / "initrd.cpio", accelerator=qemu.accelerator())
    with Machine(options, logs=work) as machine:
        machine.serial[0].expect(r"(failing ended with status 3[^$]*){3}", SECONDS)
        machine.serial[0].wait_for_end(1)
        return machine.serial[0].text()


@pytest.mark.parametrize("line", [
    "init: writer: page fault writing 0x0 (nothing there), at rip 0x401002,",
    "init: invalid: invalid instruction (vector 6, error code 0x0), at rip 0x401000,",
    "init: foreign: unknown system call 0x27, at rip 0x401007,",
    "init: satisfied ended with status 0",
    "init: cannot start truncated: program headers outside the file",
    "init: cannot start beyond: a segment that does not fit the file",
    "init: cannot start unprotected: a segment both writable and executable",
    "init: cannot start text: not an ELF file",
    "init: there is no /sbin/absent in the archive",
    "init: cannot start poor: no_memory",
    "unknown grant \"the-moon\"",
    "expected a size, such as 512K, 4M or all",
])
def test_each_fate_is_told_in_a_line(said, line):
    assert line in said


def test_restarts_are_counted(said):
    assert said.count("failing ended with status 3") == 3
    assert said.count("init: starting failing again") == 2
    assert "starting writer again" not in said
    assert "starting satisfied again" not in said


def test_conditions_hold(said):
    assert "conditional" not in said
