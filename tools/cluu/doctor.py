# SPDX-License-Identifier: MIT
"""`./cluu doctor`: what is missing on this machine, and how to mend it."""

import os
import shutil
import subprocess

from . import paths, qemu
from .say import Problem

ROOM = 3 << 30


def packages() -> list[str]:
    lines = (paths.ROOT / "tools/packages.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _missing_packages() -> list[str]:
    result = subprocess.run(["dpkg-query", "-W", "-f=${db:Status-Status} ${Package}\n", *packages()],
                            capture_output=True, text=True)
    there = {line.split()[1] for line in result.stdout.splitlines() if line.startswith("installed ")}
    return [name for name in packages() if name not in there]


def main(_) -> int:
    troubles = []

    def report(good: bool, text: str, remedy: str = "") -> None:
        print(f"  {'ok   ' if good else 'WRONG'}  {text}")
        if not good:
            troubles.append(remedy)
            print(f"         {remedy}")

    if shutil.which("dpkg-query") is None:
        report(False, "this is not a Debian system", "CLUU is built on Debian 12; see tools/packages.txt.")
    else:
        missing = _missing_packages()
        report(not missing, f"Debian packages: {len(packages()) - len(missing)} of {len(packages())} installed",
               "sudo apt-get install " + " ".join(missing))
    try:
        qemu.check_version()
        report(True, "QEMU is new enough")
        print(f"         guests run with {qemu.accelerator().upper()}")
    except Problem as problem:
        report(False, "QEMU", str(problem))
    free = shutil.disk_usage(paths.ROOT).free
    report(free > ROOM, f"room for the build: {free >> 30} GB free", "make room: a build needs about 3 GB.")
    report(os.access(paths.ROOT, os.W_OK), "the repository's folder can be written", f"check the owner of {paths.ROOT}.")
    window = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    print(f"         ./cluu run opens {'a window' if window else 'no window here: it uses this terminal'}")
    print("Nothing is missing." if not troubles else f"{len(troubles)} thing(s) to mend, as said above.")
    return 1 if troubles else 0
