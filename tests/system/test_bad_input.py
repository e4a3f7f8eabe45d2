# SPDX-License-Identifier: MIT
"""What goes wrong gets a clear error at the place where a person looks, and the rest of the system goes on."""

import struct
from pathlib import Path

import pytest

from cluu import disk, execute, paths, qemu
from cluu.machine import Machine

SECONDS = 30

# An ELF header and one program header of a static x86-64 program, to be broken in one place each.
HEADER = struct.Struct("<4sBBBBB7xHHIQQQIHHHHHH")
PROGRAM = struct.Struct("<IIQQQQQQ")


def elf(machine=62, entry=0x400078, phoff=64, phnum=1, offset=0, address=0x400000, filesz=0x1000, memsz=0x1000,
        flags=5) -> bytes:
    header = HEADER.pack(b"\x7fELF", 2, 1, 1, 0, 0, 2, machine, 1, entry, phoff, 0, 0, 64, 56, phnum, 0, 0, 0)
    program = PROGRAM.pack(1, flags, offset, address, address, filesz, memsz, 0x1000)
    return (header + program + b"\x0f\x0b" * 64).ljust(0x1000, b"\0")


HOSTILE = {
    "magic alone": b"\x7fELF",
    "cut in the header": elf()[:40],
    "cut in the program headers": elf()[:80],
    "another machine": elf(machine=183),
    "headers beyond the file": elf(phoff=1 << 40),
    "many headers": elf(phnum=65535),
    "segment beyond the file": elf(offset=1 << 40),
    "more file than memory": elf(filesz=0x1000, memsz=0x10),
    "huge memory": elf(memsz=1 << 46),
    "address wraps": elf(address=(1 << 64) - 0x1000),
    "in the kernel's half": elf(address=0xFFFF800000000000),
    "writable and executable": elf(flags=7),
    "entry in the kernel's half": elf(entry=0xFFFFFFFF80000000),
}


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    """A CLUU with the hostile programs on its disk."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, content in HOSTILE.items():
        (folder / name.replace(" ", "-")).write_bytes(content)
        (folder / name.replace(" ", "-")).chmod(0o755)
    session = execute.Session(execute.Request(["true"], put=[(folder, "/home/admin/hostile")]),
                              logs=tmp_path_factory.mktemp("guest"))
    yield session
    session.close()


def assert_alive(guest) -> None:
    result = guest.run("echo", "alive")
    assert (result.status, result.output, result.errors) == (0, b"alive\n", b""), result.log


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_elf_is_refused_or_ends_alone(guest, name):
    result = guest.run(f"/home/admin/hostile/{name.replace(' ', '-')}")
    assert result.status != 0
    assert_alive(guest)


def test_the_shell_says_that_a_program_is_damaged(guest):
    result = guest.run("/bin/admin-shell", "-c", "/home/admin/hostile/magic-alone")
    assert (result.status, result.output) == (126, b"")
    assert b"hostile/magic-alone: a damaged program, or one for another machine" in result.errors
    assert b"not found" not in result.errors


def test_an_argument_list_that_is_too_long(guest):
    result = guest.shell("x=$(head -c 200000 /dev/zero | tr '\\0' x); for i in 1 2 3 4 5; do x=$x$x; done; /bin/true $x")
    assert result.status != 0
    assert b"too long" in result.errors.lower()


def test_a_program_that_eats_all_memory_ends_alone(guest):
    result = guest.shell("x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done", timeout=60)
    assert result.status != 0
    assert_alive(guest)


def test_a_full_disk_says_so_and_recovers(guest):
    result = guest.shell("dd if=/dev/zero of=/home/admin/big bs=65536 count=4096", timeout=120)
    assert result.status != 0
    assert b"No space left on device" in result.errors
    assert guest.shell("rm /home/admin/big && echo text > /home/admin/small && cat /home/admin/small").output == b"text\n"


def test_a_host_whose_disk_is_full(tmp_path, disk_copy):
    """What is written fails, and says so; what can be read goes on."""
    rule = tmp_path / "rule"
    rule.write_text('[inject-error]\nevent = "write_aio"\nerrno = "28"\niotype = "write"\n')
    options = qemu.Options(kernel=paths.KERNEL, initrd=paths.INITRD, disk=Path(f"blkdebug:{rule}:{disk_copy}"),
                           accelerator=qemu.accelerator())
    with Machine(options, logs=tmp_path) as machine:
        line = machine.serial[0]
        for question, answer in [("login: ", "admin"), ("Password: ", "admin"), (r"\$ ", "echo text >f")]:
            line.expect(question, SECONDS)
            line.send(answer + "\r")
        line.expect("virtio-blk: the disk failed", SECONDS)
        line.expect("f: Input/output error", SECONDS)
        line.send("head -c 5 /etc/passwd; cat f\r")
        line.expect("root:", SECONDS)
        line.expect("f': No such file", SECONDS)


def test_forking_without_end_stops_at_a_limit(guest):
    # With builtins only: the shell that looks for the message may start nothing either.
    result = guest.shell("f() { f | f & }; f 2>/tmp/err; until read -r said </tmp/err; do :; done; echo \"$said\"", timeout=60)
    assert b"Resource temporarily unavailable" in result.output
    assert_alive(guest)


def test_what_was_written_and_synced_is_there_after_a_reboot(tmp_path):
    first = execute.Session(execute.Request(["true"]))
    try:
        assert first.shell("seq 1 50000 > /home/admin/numbers && sync && md5sum < /home/admin/numbers").status == 0
        first.power_off()
        assert disk.check(first.image) == ""
        again = execute.Session(execute.Request(["true"], disk=first.image))
        try:
            assert again.shell("wc -l < /home/admin/numbers").output == b"50000\n"
        finally:
            again.close()
    finally:
        first.close()
