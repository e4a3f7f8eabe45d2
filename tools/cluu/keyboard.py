# SPDX-License-Identifier: MIT
"""Keyboard layouts for the server of terminals (servers/tty/layout.hpp explains their form), from Debian's xkb-data; what
the names of its symbols mean is in x11proto-dev's keysymdef.h.
"""

import re
import unicodedata
from functools import cache
from pathlib import Path

from . import debian
from .say import Problem

LONGEST = 4096  # bytes, as Layout::longest
LEVELS = 4

# HID usages (HID Usage Tables 1.4, section 10) of the keys, by xkb's names for their places.
ROWS = {
    "AE": [0x1E, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x2D, 0x2E],
    "AD": [0x14, 0x1A, 0x08, 0x15, 0x17, 0x1C, 0x18, 0x0C, 0x12, 0x13, 0x2F, 0x30],
    "AC": [0x04, 0x16, 0x07, 0x09, 0x0A, 0x0B, 0x0D, 0x0E, 0x0F, 0x33, 0x34],
    "AB": [0x1D, 0x1B, 0x06, 0x19, 0x05, 0x11, 0x10, 0x36, 0x37, 0x38],
}
KEYS = {f"{row}{i + 1:02}": usage for row, usages in ROWS.items() for i, usage in enumerate(usages)}
KEYS |= {"TLDE": 0x35, "BKSL": 0x31, "LSGT": 0x64}

# A dead key's own character, and the mark that it puts on the next one.
DEAD = {
    "dead_grave": (0x60, 0x300), "dead_acute": (0xB4, 0x301), "dead_circumflex": (0x5E, 0x302),
    "dead_tilde": (0x7E, 0x303), "dead_macron": (0xAF, 0x304), "dead_breve": (0x2D8, 0x306),
    "dead_abovedot": (0x2D9, 0x307), "dead_diaeresis": (0xA8, 0x308), "dead_abovering": (0x2DA, 0x30A),
    "dead_doubleacute": (0x2DD, 0x30B), "dead_caron": (0x2C7, 0x30C), "dead_cedilla": (0xB8, 0x327),
    "dead_ogonek": (0x2DB, 0x328),
}


@cache
def _symbols_by_name() -> dict[str, int]:
    header = debian.unpacked("x11proto-dev") / "usr/include/X11/keysymdef.h"
    found = re.findall(r"#define XK_(\w+)\s+0x[0-9a-f]+\s*/\*[ (<]*U\+([0-9A-F]{4,6})", header.read_text())
    return {name: int(code, 16) for name, code in found}


def _code(symbol: str) -> str | None:
    """As it stands in a layout; None: one that leaves the key as it was."""
    if symbol in ("NoSymbol", "VoidSymbol", "any"):
        return None
    if symbol in DEAD:
        return f"*{DEAD[symbol][0]:x}"
    if match := re.fullmatch(r"U([0-9A-Fa-f]{4,6})|0x100([0-9A-Fa-f]{4,5})", symbol):
        code = int(match[1] or match[2], 16)
    else:
        code = _symbols_by_name().get(symbol, 0)
    return f"{code:x}" if code >= 0x20 and not unicodedata.combining(chr(code)) else "0"


def _section(file: str, name: str) -> str:
    path = debian.unpacked("xkb-data") / "usr/share/X11/xkb/symbols" / file
    if not path.is_file():
        raise Problem(f"xkb-data has no keyboard layout '{file}'.")
    text = re.sub(r"//.*", "", path.read_text())
    sections = re.findall(r'([\w\s]*)\bxkb_symbols\s+"([^"]+)"\s*\{(.*?)\n\s*\};', text, re.S)
    for flags, found, body in sections:
        if found == name or (not name and "default" in flags):
            return body
    if name or not sections:
        raise Problem(f"xkb-data's keyboard layout '{file}' has no part '{name}'.")
    return sections[0][2]


def _read(file: str, section: str, keys: dict[int, list[str]]) -> None:
    statement = re.compile(r'include\s+"([^"]+)"|key\s*<(\w+)>\s*\{(.*?)\}\s*;', re.S)
    for include, key, body in statement.findall(_section(file, section)):
        for part in re.split(r"[+|]", include) if include else []:
            match = re.fullmatch(r"([\w/]+)(?:\((.*?)\))?(?::\d)?", part)
            _read(match[1], match[2] or "", keys)
        symbols = re.search(r"\[([^\]]*)\]", re.sub(r"\w+\s*\[\s*[Gg]roup\d\s*\]\s*=", "", body))
        if key not in KEYS or symbols is None:
            continue
        levels = keys.setdefault(KEYS[key], ["0"] * LEVELS)
        for level, symbol in enumerate(symbols[1].split(",")[:LEVELS]):
            levels[level] = _code(symbol.strip()) or levels[level]


def _compositions(used: set[str]) -> list[str]:
    lines = []
    for own, mark in DEAD.values():
        pairs = []
        for base in map(ord, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"):
            whole = unicodedata.normalize("NFC", chr(base) + chr(mark))
            if len(whole) == 1:
                pairs.append(f"{base:x} {ord(whole):x}")
        if f"*{own:x}" in used:
            lines.append(f"compose {own:x} {' '.join(pairs)}")
    return lines


def layout(name: str) -> bytes:
    """The layout that xkb-data has by this name."""
    keys: dict[int, list[str]] = {}
    _read(name, "", keys)
    lines = [f"# {name}"]
    for usage in sorted(keys):
        codes = " ".join(keys[usage])
        lines.append(f"key {usage:x} " + re.sub(r"( 0)+$", "", codes))
    lines += _compositions({code for levels in keys.values() for code in levels})
    text = ("\n".join(lines) + "\n").encode()
    if len(text) > LONGEST:
        raise Problem(f"the keyboard layout '{name}' takes {len(text)} bytes; {LONGEST} are the most.")
    return text
