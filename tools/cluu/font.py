# SPDX-License-Identifier: MIT
"""The console's font: a PSF file of 8x16 glyphs from Debian's package console-setup-linux.

The console server embeds the file as it is (PSF version 1 or 2 with a Unicode table); the screen reader of the system
tests (screen.py) recognises characters by matching the same glyphs.
"""

import argparse
import gzip
import struct
from pathlib import Path

from . import debian

PACKAGE = "console-setup-linux"
NAME = "Uni2-Terminus16"
WIDTH, HEIGHT = 8, 16


def psf_bytes(name: str = NAME) -> bytes:
    path = debian.unpacked(PACKAGE) / "usr/share/consolefonts" / f"{name}.psf.gz"
    return gzip.decompress(path.read_bytes())


def glyphs(data: bytes) -> dict[bytes, str]:
    """Glyph bitmap (16 bytes, a row each, leftmost pixel in the top bit) -> the character it shows."""
    if data[:2] == b"\x36\x04":
        mode, size = data[2], data[3]
        count = 512 if mode & 1 else 256
        start, size_of_unit = 4, 2
    elif data[:4] == b"\x72\xb5\x4a\x86":
        _, start, _, count, size, height, width = struct.unpack_from("<7I", data, 4)
        size_of_unit = 1
        assert (height, width) == (HEIGHT, WIDTH)
    else:
        raise ValueError("not a PSF font")
    assert size == HEIGHT
    table = _unicode_v1 if size_of_unit == 2 else _unicode_v2
    characters = table(data[start + count * size:], count)
    result: dict[bytes, str] = {}
    for index, text in enumerate(characters):
        bitmap = data[start + index * size:start + (index + 1) * size]
        # Several characters may look alike (Latin and Cyrillic letters): the one with the lowest code wins.
        if text and (bitmap not in result or text < result[bitmap]):
            result[bitmap] = text
    return result


def _unicode_v1(table: bytes, count: int) -> list[str]:
    units = struct.unpack(f"<{len(table) // 2}H", table[:len(table) // 2 * 2])
    groups: list[list[int]] = [[]]
    for unit in units:
        if unit == 0xFFFF:
            groups.append([])
        else:
            groups[-1].append(unit)
    return [_lowest(g) for g in groups[:count]]


def _unicode_v2(table: bytes, count: int) -> list[str]:
    groups = table.split(b"\xff")[:count]
    return [_lowest([ord(c) for c in g.split(b"\xfe")[0].decode("utf-8", "replace")]) for g in groups]


def _lowest(codes: list[int]) -> str:
    before_sequences = codes[:codes.index(0xFFFE)] if 0xFFFE in codes else codes
    return chr(min(before_sequences)) if before_sequences else ""


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the console's font (PSF).")
    parser.add_argument("output", type=Path)
    parser.add_argument("--name", default=NAME)
    arguments = parser.parse_args()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_bytes(psf_bytes(arguments.name))


if __name__ == "__main__":
    main()
