# SPDX-License-Identifier: MIT
"""The hybrid ISO: GRUB for BIOS and UEFI, with the kernel and the initial archive as its multiboot2 module.

Only the GRUB modules named here are on it, and GRUB shows no menu and waits for nothing.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

from . import paths, tree
from .say import Problem

LIMIT = 16 << 20
MODULES = ("multiboot2 normal iso9660 part_msdos part_gpt search search_label all_video gfxterm "
           # What GRUB's own start-up on UEFI asks for, though no disk here has such partitions.
           "part_acorn part_amiga part_apple part_bsd part_dfly part_dvh part_plan part_sun part_sunpc")
# GRUB sets a picture mode before it starts the kernel, which finds the framebuffer in the multiboot2 information.
CONFIGURATION = """\
set timeout=0
set gfxmode=1024x768x32,auto
set gfxpayload=keep
insmod all_video
multiboot2 /boot/kernel.elf {words}
module2 /boot/initrd.cpio initrd
boot
"""


def build(kernel: Path, initrd: Path, output: Path, words: str = "") -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".iso-") as work:
        boot = Path(work) / "boot"
        (boot / "grub").mkdir(parents=True)
        subprocess.run(["llvm-strip-19", "--strip-debug", "-o", boot / "kernel.elf", kernel], check=True)
        (boot / "initrd.cpio").write_bytes(initrd.read_bytes())
        (boot / "grub" / "grub.cfg").write_text(CONFIGURATION.format(words=words))
        partial = output.with_suffix(".new")
        # The fonts and translations of GRUB's menu are left out: there is no menu.
        command = ["grub-mkrescue", "-o", partial, "--fonts=", "--locales=", "--themes=",
                   f"--install-modules={MODULES}", work, "--", "-volid", "CLUU",
                   "-volume_date", "all_file_dates", f"={tree.TIME}"]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0 or not partial.exists():
            raise Problem(f"grub-mkrescue could not make the ISO: {result.stderr.strip().splitlines()[-1:]}")
    if partial.stat().st_size > LIMIT:
        raise Problem(f"the ISO has {partial.stat().st_size >> 20} MiB; it must not exceed {LIMIT >> 20}")
    partial.rename(output)


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the hybrid ISO.")
    parser.add_argument("kernel", type=Path, nargs="?", default=paths.KERNEL)
    parser.add_argument("initrd", type=Path, nargs="?", default=paths.INITRD)
    parser.add_argument("output", type=Path, nargs="?", default=paths.ISO)
    arguments = parser.parse_args()
    build(arguments.kernel, arguments.initrd, arguments.output)


if __name__ == "__main__":
    main()
