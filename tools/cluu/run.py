# SPDX-License-Identifier: MIT
"""`./cluu run`: boots the ISO with the person's own disk, in a window or on this terminal."""

import fcntl
import os
import subprocess
import tempfile
from pathlib import Path

from . import build, disk, machine, paths, qemu, tpm
from .say import Problem, note, progress


def own_disk(fresh: bool) -> Path:
    """The disk that keeps what is written from one run to the next.

    When a build has made new system files, they come on a new disk, and /home is carried over.
    """
    image = paths.BUILD / "run" / "disk.img"
    image.parent.mkdir(exist_ok=True)
    if image.exists() and not fresh:
        made_from = paths.BUILD / "run" / "made-from"
        if made_from.exists() and made_from.read_text() == _version():
            return image
    with tempfile.TemporaryDirectory(dir=image.parent) as work:
        new = Path(work) / "disk.img"
        subprocess.run(["cp", "--sparse=always", paths.DISK, new], check=True)
        if image.exists() and not fresh:
            progress("the system has changed since the last run: /home moves to a new disk")
            _carry_home(image, new, Path(work))
        new.rename(image)
    (image.parent / "made-from").write_text(_version())
    return image


def _version() -> str:
    return str(paths.DISK.stat().st_mtime_ns)


def _carry_home(old: Path, new: Path, work: Path) -> None:
    if disk.Editor(old).get("/home", work / "home"):
        editor = disk.Editor(new)
        for person in sorted((work / "home").iterdir()):
            for file in sorted(person.iterdir()):
                editor.put(file, f"/home/{person.name}/{file.name}", owner_like=f"/home/{person.name}")


def _take_disk():
    """Holds the disk for this run; ends when the file is closed."""
    folder = paths.BUILD / "run"
    folder.mkdir(parents=True, exist_ok=True)
    holder = open(folder / "lock", "w")
    try:
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Problem("the disk image is in use: another CLUU runs on it. End that one first (or use `./cluu exec`, "
                      "which works on a copy).") from None
    return holder


def main(arguments) -> int:
    qemu.check_version()
    with _take_disk():
        build.targets("image")
        if not arguments.tpm:
            return _boot(arguments, None)
        # Beside the disk, and longer than it: a chip stays when the disk is changed.
        with tpm.Emulator(paths.BUILD / "run" / "tpm") as emulator:
            return _boot(arguments, emulator)


def _boot(arguments, emulator: tpm.Emulator | None) -> int:
    window = not arguments.serial and bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    options = qemu.Options(iso=paths.ISO, disk=own_disk(arguments.fresh), memory=arguments.memory, cpus=arguments.cpus,
                           uefi=arguments.uefi, accelerator=qemu.accelerator())
    options.reboots = True
    if emulator:
        options.tpm, options.tpm_socket = arguments.tpm, emulator.path
    if window:
        status = _in_window(options)
        if status is not None:
            return status
        note("no window can be opened on this display.")
    options.display = "none"
    options.serials = ["mon:stdio"]
    note("the machine's serial line is this terminal; Ctrl-A X ends the machine.")
    return subprocess.run(qemu.command(options)).returncode


def _in_window(options: qemu.Options) -> int | None:
    """QEMU's exit status, or None if it could open no window."""
    options.display = "gtk"
    note("CLUU runs in a window of its own; closing it, `poweroff`, or Ctrl-C here ends the machine.")
    with tempfile.TemporaryFile("w+") as errors:
        status = subprocess.run(qemu.command(options), stderr=errors).returncode
        errors.seek(0)
        text = errors.read()
    if status == 1 and machine.no_window(text):
        return None
    if status == 1 and text:
        raise machine.startup_problem(text)
    return status
