# SPDX-License-Identifier: MIT
"""Where things lie: everything that is made goes below build/, so that `rm -r build` undoes it all."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
PRESET = os.environ.get("CLUU_PRESET", "release")
OUT = BUILD / PRESET
PACKAGES = BUILD / "packages"
PORTS = BUILD / "ports"

KERNEL = OUT / "kernel.elf"
INITRD = OUT / "images" / "initrd.cpio"
DISK = OUT / "images" / "disk.img"
ISO = OUT / "images" / "cluu.iso"
