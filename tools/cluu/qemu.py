# SPDX-License-Identifier: MIT
"""QEMU's command line, in one place for `run`, `exec`, `test`, `bench` and `debug`, and the choice of accelerator."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from . import paths
from .say import Problem, note

PROGRAM = "qemu-system-x86_64"
OLDEST = (7, 2)
# The time-stamp counter counts instructions, and nothing depends on the machine or the day.
ICOUNT = ["-icount", "shift=0,sleep=off", "-seed", "1", "-rtc", "base=2026-01-01T00:00:00,clock=vm"]
# Without erms, as the emulator counts `rep movsb` per byte, which no processor does.
ICOUNT_CPU = "max,-erms"
UEFI_CODE = Path("/usr/share/OVMF/OVMF_CODE.fd")
DEBUG_EXIT_PORT = 0xF4


@dataclass
class Options:
    """What differs from one use to another. Paths that are None are left out."""
    kernel: Path | None = None
    initrd: Path | None = None
    words: str = ""  # the kernel's command line, with -kernel only
    iso: Path | None = None
    disk: Path | None = None
    memory: str = "512M"
    cpus: int | None = None  # None: standard_cpus
    uefi: bool = False
    icount: bool = False
    accelerator: str = "tcg"
    display: str = "none"
    serials: list[str] = field(default_factory=list)  # one -serial argument for each line
    qmp: Path | None = None
    tpm: str | None = None  # one of tpm.INTERFACES
    tpm_state: Path | None = None  # the chip, for Machine
    tpm_socket: Path | None = None  # where its emulator listens (tpm.Emulator)
    gdb: Path | None = None  # where QEMU waits for a debugger
    stopped: bool = False  # before the first instruction
    reboots: bool = False  # else a reboot ends QEMU
    extra: list[str] = field(default_factory=list)


def standard_cpus(icount: bool) -> int:
    """How many CPUs a machine has that nobody asked about: what CLUU_CPUS says, else one. Always one if instructions are
    counted, for QEMU then runs CPUs in turn."""
    return 1 if icount else int(os.environ.get("CLUU_CPUS") or 1)


def command(o: Options) -> list[str]:
    line = [PROGRAM, "-nodefaults", "-no-user-config", "-name", "CLUU", "-machine", f"q35,accel={o.accelerator}",
            "-cpu", ICOUNT_CPU if o.icount else "max", "-m", o.memory, "-smp", str(o.cpus or standard_cpus(o.icount)),
            "-device", "VGA", "-display", o.display, "-monitor", "none",
            "-device", f"isa-debug-exit,iobase={DEBUG_EXIT_PORT:#x},iosize=4"]
    if o.kernel:
        line += ["-kernel", str(o.kernel)]
        if o.initrd:
            line += ["-initrd", str(o.initrd)]
        if o.words:
            line += ["-append", o.words]
    if o.iso:
        line += ["-drive", f"file={_escaped(o.iso)},format=raw,media=cdrom,readonly=on,if=none,id=cd",
                 "-device", "ide-cd,drive=cd,bootindex=0"]
    if o.disk:
        line += ["-drive", f"file={_escaped(o.disk)},format=raw,if=none,id=disk,cache=writeback,"
                 "werror=report,rerror=report",  # the guest is told; QEMU would stop the machine without a word
                 "-device", "virtio-blk-pci,drive=disk,disable-legacy=on"]
    if o.uefi:
        if not UEFI_CODE.exists():
            raise Problem(f"there is no {UEFI_CODE}: install Debian's package ovmf.")
        line += ["-drive", f"if=pflash,format=raw,readonly=on,file={UEFI_CODE}"]
    for serial in o.serials or ["null"]:
        line += ["-serial", serial]
    if o.qmp:
        line += ["-qmp", f"unix:{_escaped(o.qmp)}"]
    if o.tpm:
        line += ["-chardev", f"socket,id=tpm-socket,path={_escaped(o.tpm_socket)}",
                 "-tpmdev", "emulator,id=tpm,chardev=tpm-socket", "-device", f"tpm-{o.tpm},tpmdev=tpm"]
    if o.icount:
        line += ICOUNT
    if o.gdb:
        line += ["-gdb", f"unix:{_escaped(o.gdb)},server=on,wait=off"]
    if o.stopped:
        line += ["-S"]
    if not o.reboots:
        line += ["-no-reboot"]
    return line + o.extra


def _escaped(path: Path) -> str:
    return str(path).replace(",", ",,")


def check_version() -> None:
    if shutil.which(PROGRAM) is None:
        raise Problem("QEMU is missing: install Debian's package qemu-system-x86.")
    text = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True).stdout
    found = re.search(r"version (\d+)\.(\d+)", text)
    if not found or (int(found[1]), int(found[2])) < OLDEST:
        raise Problem(f"QEMU is too old ({text.splitlines()[0] if text else 'unknown version'}): "
                      f"{OLDEST[0]}.{OLDEST[1]} or newer is needed.")


def accelerator() -> str:
    """"kvm" if a guest really ran under it since this machine was started, else "tcg"; says which when it finds out."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    cache = paths.BUILD / "accelerator.json"
    try:
        known = json.loads(cache.read_text())
        if known["boot"] == boot:
            return known["accelerator"]
    except (OSError, ValueError, KeyError):
        pass
    reason = _kvm_fails()
    result = "tcg" if reason else "kvm"
    note(f"QEMU runs CLUU with {'its own translator (TCG): ' + reason if reason else 'KVM.'}")
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text(json.dumps({"boot": boot, "accelerator": result}))
    return result


def _kvm_fails() -> str:
    """Runs a guest of eight bytes under KVM; the empty string if it ran, else why not."""
    if not Path("/dev/kvm").exists():
        return "there is no /dev/kvm."
    value = 0x31
    # mov dx, port; mov al, value; out dx, al; hlt
    code = bytes([0xBA, DEBUG_EXIT_PORT, 0x00, 0xB0, value, 0xEE, 0xF4])
    sector = code + bytes(510 - len(code)) + b"\x55\xaa"
    with tempfile.NamedTemporaryFile(suffix=".img") as image:
        image.write(sector + bytes(512 * 2879))
        image.flush()
        line = [PROGRAM, "-nodefaults", "-machine", "q35,accel=kvm", "-cpu", "max", "-display", "none", "-no-reboot",
                "-device", f"isa-debug-exit,iobase={DEBUG_EXIT_PORT:#x},iosize=1",
                "-drive", f"file={image.name},format=raw,if=ide"]
        try:
            status = subprocess.run(line, capture_output=True, text=True, timeout=10)
        except subprocess.TimeoutExpired:
            return "/dev/kvm opens, but a guest does not run under it."
    if status.returncode == value * 2 + 1:
        return ""
    words = status.stderr.strip().splitlines()[-1:] or ["no reason given"]
    return f"KVM does not run a guest here ({words[0].rsplit('/', 1)[-1].rstrip('.')})."
