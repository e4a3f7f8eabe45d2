# SPDX-License-Identifier: MIT
"""Reading text back from a picture of the console, and naming keys."""

import pytest

from cluu import font, machine, screen

FOREGROUND, BACKGROUND = b"\xc0\xc0\xc0", b"\x00\x00\x20"


def picture(rows: list[str], inverted: bool = False) -> screen.Screen:
    bitmaps = {text: bitmap for bitmap, text in font.glyphs(font.psf_bytes()).items()}
    columns = max(len(row) for row in rows)
    on, off = (BACKGROUND, FOREGROUND) if inverted else (FOREGROUND, BACKGROUND)
    pixels = bytearray()
    for row in rows:
        for y in range(font.HEIGHT):
            for character in row.ljust(columns):
                line = bitmaps.get(character, bytes(font.HEIGHT))[y]
                pixels += b"".join(on if line & (0x80 >> x) else off for x in range(font.WIDTH))
    return screen.Screen(columns * font.WIDTH, len(rows) * font.HEIGHT, bytes(pixels))


@pytest.mark.parametrize("inverted", [False, True])
def test_printed_text_is_read_back(inverted):
    rows = ["CLUU login: admin", "", "".join(map(chr, range(33, 127))), "  Grüße, ½ …"]
    assert picture(rows, inverted).rows() == rows


def test_what_is_no_character_reads_as_such():
    shot = picture(["ab"])
    noise = bytearray(shot.pixels)
    noise[0:3] = b"\x12\x34\x56"
    assert screen.Screen(shot.width, shot.height, bytes(noise)).rows() == ["\ufffdb"]


def test_a_ppm_with_line_feeds_among_its_pixels(tmp_path):
    shot = screen.Screen(8, 16, b"\n" * (8 * 16 * 3))
    again = screen.Screen.from_ppm(b"P6\n8 16\n255\n" + shot.pixels)
    assert again == shot
    again.save_png(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("character, keys", [
    ("a", ["a"]), ("A", ["shift", "a"]), ("|", ["shift", "backslash"]), ("\n", ["ret"]), ("?", ["shift", "slash"]),
    ("7", ["7"]), ("&", ["shift", "7"]), ("_", ["shift", "minus"]),
])
def test_characters_become_keys(character, keys):
    assert machine.keys_for(character) == keys
