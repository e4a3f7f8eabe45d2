# SPDX-License-Identifier: MIT
"""A picture of the guest's screen, read as text: every 8x16 cell is looked up among the console font's glyphs.

The console draws its glyphs in a grid from the upper left corner without gaps, in one foreground and one background
colour per cell. So recognition is exact; a cell that shows no glyph of the font (a picture) reads as U+FFFD.
"""

import functools
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from . import font

BYTES = 3  # of a pixel in a PPM


@functools.cache
def _glyphs() -> dict[bytes, str]:
    table = font.glyphs(font.psf_bytes())
    inverted = {bytes(255 - b for b in bitmap): text for bitmap, text in table.items()}
    return {**inverted, **table}


@dataclass
class Screen:
    width: int
    height: int
    pixels: bytes

    @staticmethod
    def from_ppm(data: bytes) -> "Screen":
        magic, size, depth, pixels = data.split(b"\n", 3)
        assert magic == b"P6" and depth == b"255"
        width, height = (int(x) for x in size.split())
        return Screen(width, height, pixels)

    def cell(self, column: int, row: int) -> list[bytes]:
        """The cell's 16 rows of 8 pixels."""
        step = self.width * BYTES
        start = row * font.HEIGHT * step + column * font.WIDTH * BYTES
        return [self.pixels[start + y * step:start + y * step + font.WIDTH * BYTES] for y in range(font.HEIGHT)]

    def rows(self) -> list[str]:
        columns, rows = self.width // font.WIDTH, self.height // font.HEIGHT
        return ["".join(_character(self.cell(c, r)) for c in range(columns)).rstrip() for r in range(rows)]

    def text(self) -> str:
        return "\n".join(self.rows()).rstrip()

    def colours(self, column: int, row: int) -> set[bytes]:
        return {line[i:i + BYTES] for line in self.cell(column, row) for i in range(0, len(line), BYTES)}

    def save_png(self, path: Path) -> None:
        def chunk(kind: bytes, body: bytes) -> bytes:
            return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

        step = self.width * BYTES
        lines = b"".join(b"\0" + self.pixels[y * step:(y + 1) * step] for y in range(self.height))
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines))
                         + chunk(b"IEND", b""))


def _character(cell: list[bytes]) -> str:
    first = cell[0][:BYTES]
    if all(row == first * font.WIDTH for row in cell):
        return " "
    bitmap = bytearray()
    second = None
    for row in cell:
        bits = 0
        for x in range(font.WIDTH):
            pixel = row[x * BYTES:(x + 1) * BYTES]
            if pixel != first:
                if second is None:
                    second = pixel
                elif pixel != second:
                    return "\ufffd"
                bits |= 0x80 >> x
        bitmap.append(bits)
    return _glyphs().get(bytes(bitmap), "\ufffd")
