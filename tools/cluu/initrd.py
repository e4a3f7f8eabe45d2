# SPDX-License-Identifier: MIT
"""The initial archive: a cpio in "newc" form with what must run before the disk can be read.

The contents of every file begin at a page boundary of the archive, so that a loader that has the archive in memory can
map a program's pages without copying them. cpio has no alignment of its own: the name field is padded with zero bytes,
which readers that treat names as strings (all of them) never see.
"""

from pathlib import Path

from . import tree

PAGE = 4096
HEADER = 110
KINDS = {"directory": 0o040000, "file": 0o100000, "link": 0o120000}


def archive(entries: list[tree.Entry]) -> bytes:
    out = bytearray()
    for number, entry in enumerate(entries, start=1):
        name = entry.path.lstrip("/") or "."
        _append(out, number, entry, name)
    _append(out, 0, tree.Entry("", "file", 0), "TRAILER!!!")
    out.extend(bytes(-len(out) % 512))
    return bytes(out)


def _append(out: bytearray, number: int, entry: tree.Entry, name: str) -> None:
    field = name.encode() + b"\0"
    if entry.kind == "file" and len(entry.content) >= PAGE:
        field += bytes(-(len(out) + HEADER + len(field)) % PAGE)
    mode = KINDS[entry.kind] | entry.mode
    links = 2 if entry.kind == "directory" else 1
    values = [number, mode, entry.uid, entry.gid, links, tree.TIME, len(entry.content), 0, 0, 0, 0, len(field), 0]
    out.extend(b"070701" + b"".join(b"%08X" % v for v in values) + field)
    out.extend(bytes(-len(out) % 4))
    out.extend(entry.content)
    out.extend(bytes(-len(out) % 4))


def build(entries: list[tree.Entry], output: Path) -> None:
    partial = output.with_suffix(".new")
    partial.write_bytes(archive(entries))
    partial.rename(output)
