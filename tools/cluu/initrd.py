# SPDX-License-Identifier: MIT
"""The initial archive: a cpio in "newc" form with what must run before the disk can be read.

The contents of every file begin at a page boundary of the archive, so that a loader that has the archive in memory can
map a program's pages without copying them. cpio has no alignment of its own: the name field is padded with zero bytes,
which readers that treat names as strings (all of them) never see.

The program /init comes first, and not as an ELF file but laid out in pages (abi/kernel/boot_image.hpp): the kernel, which
starts it, need not know what an archive or an ELF file is.
"""

import struct
from pathlib import Path

from . import tree
from .say import Problem

PAGE = 4096
HEADER = 110
FIRST = "/init"
BOOT_IMAGE = 1  # the page of the archive that it is in
MOST_PARTS = 8
KINDS = {"directory": 0o040000, "file": 0o100000, "link": 0o120000}


def archive(entries: list[tree.Entry], for_linux: bool = False) -> bytes:
    out = bytearray()
    for number, entry in enumerate(sorted(entries, key=lambda entry: entry.path != FIRST), start=1):
        name = entry.path.lstrip("/") or "."
        _append(out, number, entry, name, laid_out=entry.path == FIRST and not for_linux)
    _append(out, 0, tree.Entry("", "file", 0), "TRAILER!!!")
    out.extend(bytes(-len(out) % 512))
    return bytes(out)


def boot_image(program: bytes) -> bytes:
    """A static program (an ELF file: System V gABI, chapters 4 and 5) as the kernel wants it."""
    load, page_of = 1, lambda length: (length + PAGE - 1) // PAGE
    if program[:6] != b"\x7fELF\x02\x01" or len(program) < 64:
        raise Problem(f"{FIRST} is not a program")
    entry, headers = struct.unpack_from("<QQ", program, 24)
    size, count = struct.unpack_from("<HH", program, 54)
    pages, parts = b"", []
    for number in range(count):
        kind, flags, offset, address, _, in_file, in_memory, _ = struct.unpack_from("<IIQQQQQQ", program, headers + number * size)
        if kind != load or in_memory == 0:
            continue
        # ELF: 1 execute, 2 write, 4 read; MapFlags: 1 read, 2 write, 4 execute.
        access = flags >> 2 & 1 | flags & 2 | (flags & 1) << 2
        before = address % PAGE
        content = bytes(before) + program[offset:offset + in_file] if in_file else b""
        filled = page_of(len(content))
        parts.append((address - before, page_of(before + in_memory), BOOT_IMAGE + 1 + len(pages) // PAGE, filled, access))
        pages += content.ljust(filled * PAGE, b"\0")
    if len(parts) > MOST_PARTS:
        raise Problem(f"{FIRST} has {len(parts)} parts; {MOST_PARTS} are the most")
    head = struct.pack("<8sQ", b"CLUUBOOT", entry) + b"".join(struct.pack("<QQQQQ", *part) for part in parts)
    return head.ljust(PAGE, b"\0") + pages


def _append(out: bytearray, number: int, entry: tree.Entry, name: str, laid_out: bool = False) -> None:
    content = boot_image(entry.content) if laid_out else entry.content
    field = name.encode() + b"\0"
    if entry.kind == "file" and len(content) >= PAGE:
        field += bytes(-(len(out) + HEADER + len(field)) % PAGE)
    mode = KINDS[entry.kind] | entry.mode
    links = 2 if entry.kind == "directory" else 1
    values = [number, mode, entry.uid, entry.gid, links, tree.TIME, len(content), 0, 0, 0, 0, len(field), 0]
    out.extend(b"070701" + b"".join(b"%08X" % v for v in values) + field)
    out.extend(bytes(-len(out) % 4))
    out.extend(content)
    out.extend(bytes(-len(out) % 4))


def build(entries: list[tree.Entry], output: Path) -> None:
    partial = output.with_suffix(".new")
    partial.write_bytes(archive(entries))
    partial.rename(output)
