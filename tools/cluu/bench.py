# SPDX-License-Identifier: MIT
"""`./cluu bench`: the same benchmarks on CLUU and on Linux, in machines of the same QEMU line, and one table of both."""

import json
import re
import statistics
import tempfile
import time
import tomllib
from pathlib import Path

from . import build, execute, linux, paths, profile, qemu
from .line import Ended
from .machine import Machine
from .say import Problem, note, progress

MEMORY = "512M"
SUITE_SECONDS = 1500
BOOT_SECONDS = 60
KERNEL_SECONDS = 120
# A name of both suites stands for POSIX's, which has a counterpart on Linux.
IN_BOTH = {"thread_create": "thread_create.kernel"}
BOOTS = 3
PROMPT = r"login: "
LINE = re.compile(r"^([a-z0-9_.]+)\t(?:([0-9.]+)\t(\S.*)|skip\t(.*))$")

LINUX_INIT = """\
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs devtmpfs /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t tmpfs tmpfs /tmp
/bin/busybox --install -s /bin
export PATH=/bin
if grep -q posixbench /proc/cmdline; then
    # Without signs of a terminal's line discipline in the output.
    stty -F /dev/ttyS0 raw
    ifconfig lo 127.0.0.1 up
    /bin/posixbench --dir /tmp > /dev/ttyS0
    poweroff -f
fi
while :; do
    setsid getty -L -n -l /bin/prompted 115200 ttyS0 vt100
done
"""
# In place of login(1): a prompt, and what is asked for after it.
LINUX_PROMPTED = """\
#!/bin/busybox sh
echo -n 'linux login: '
read name
cat /proc/meminfo
"""


Figures = dict[str, tuple[float, str]]  # name -> value, unit


def parse(text: str) -> tuple[Figures, dict[str, str]]:
    """The figures, and why others are missing."""
    figures: Figures = {}
    skipped = {}
    for line in text.splitlines():
        if match := LINE.match(line.strip("\r\0 ")):
            name, value, unit, reason = match.groups()
            if value:
                figures[name] = (float(value), unit.replace("tick", "instruction"))
            else:
                skipped[name] = reason
    return figures, skipped


def _used(meminfo: str) -> float:
    def field(name: str) -> float:
        found = re.search(rf"{name}:\s+(\d+) kB", meminfo)
        if not found:
            raise Problem(f"/proc/meminfo has no line '{name}'")
        return float(found[1]) * 1024
    return field("MemTotal") - field("MemFree")


def measure_boot(options, meminfo) -> Figures:
    """Boots to the login prompt several times. `options` makes fresh QEMU options; `meminfo` asks for memory there."""
    seconds = []
    used = 0.0
    for _ in range(BOOTS):
        with Machine(options()) as machine:
            machine.serial[0].expect(PROMPT, BOOT_SECONDS)
            seconds.append(time.monotonic() - machine.started)
            if len(seconds) == BOOTS:
                used = _used(meminfo(machine))
    with tempfile.TemporaryDirectory() as work:
        counted = options()
        # Recording makes QEMU tell how many instructions it has executed; the recording itself is not used.
        counted.extra += ["-icount", f"shift=0,rr=record,rrfile={work}/record"]
        with Machine(counted) as machine:
            machine.serial[0].expect(PROMPT, BOOT_SECONDS)
            machine.qmp("stop")
            instructions = machine.qmp("query-replay")["icount"]
    return {"boot_instructions": (instructions, "instructions"), "boot_seconds": (statistics.median(seconds), "s"),
            "boot_memory_bytes": (used, "bytes")}


# Linux.

def linux_figures() -> tuple[Figures, dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="cluu-bench-") as work:
        prompted = Path(work) / "prompted"
        prompted.write_text(LINUX_PROMPTED)
        archive = linux.initramfs(Path(work) / "linux.cpio", LINUX_INIT,
                                  {"/bin/posixbench": paths.OUT / "linux" / "posixbench", "/bin/prompted": prompted})

        def options(words: str = "", icount: bool = False) -> qemu.Options:
            return qemu.Options(kernel=linux.kernel(), initrd=archive, words=f"{linux.WORDS} {words}", memory=MEMORY, cpus=1,
                                icount=icount)

        progress("Linux: boot")
        figures = measure_boot(options, _linux_meminfo)
        figures["image_bytes"] = (linux.kernel().stat().st_size + archive.stat().st_size, "bytes")
        progress("Linux: posixbench")
        suite, skipped = _suite_on_serial(options("posixbench", True), "Linux")
    return figures | suite, skipped


def _linux_meminfo(machine: Machine) -> str:
    machine.serial[0].send("admin\n")
    machine.serial[0].expect(r"MemFree: +\d+ kB", 10)
    return machine.serial[0].text()


def _suite_on_serial(options: qemu.Options, name: str) -> tuple[Figures, dict[str, str]]:
    with Machine(options) as machine:
        line = machine.serial[0]
        deadline = time.monotonic() + SUITE_SECONDS
        shown = ""
        while not line.wait_for_end(5):
            names = re.findall(r"^([a-z0-9_.]+)\t", line.text(), re.MULTILINE)
            if names and names[-1] != shown:
                shown = names[-1]
                progress(f"{name}: {shown}")
            if time.monotonic() > deadline:
                note(f"{name} did not finish within {SUITE_SECONDS} s. Its last lines:\n{line.tail()}")
                break
        machine.wait(1)
        machine.check_started()
        return parse(line.text())


# CLUU.

def cluu_figures() -> tuple[Figures, dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="cluu-bench-") as work:
        def options() -> qemu.Options:
            image = Path(work) / "disk.img"
            image.write_bytes(paths.DISK.read_bytes())
            return qemu.Options(kernel=paths.KERNEL, initrd=paths.INITRD, disk=image, memory=MEMORY, cpus=1)

        progress("CLUU: boot")
        figures = measure_boot(options, _cluu_meminfo)
        figures["image_bytes"] = (paths.ISO.stat().st_size, "bytes")
        progress("CLUU: kernel benchmark")
        kernel, skipped = kernel_figures()
        progress("CLUU: several CPUs")
        kernel |= pair_figures()
    progress("CLUU: posixbench")
    suite, suite_skipped = posix_figures()
    return figures | kernel | suite, skipped | suite_skipped


def posix_figures(batches: int = 7) -> tuple[Figures, dict[str, str]]:
    """posixbench on a file system in memory, and container_start; each figure is the median of so many batches."""
    programs = [(paths.OUT / "linux" / name, f"/tmp/{name}") for name in ("posixbench", "container_start")]
    command = f"/tmp/posixbench --batches {batches} --dir /dev/shm; /tmp/container_start"
    request = execute.Request(["/bin/sh", "-c", command], put=programs, timeout=SUITE_SECONDS, icount=True, memory=MEMORY)
    return parse(execute.run(request).output.decode("utf-8", "replace"))


def kernel_figures() -> tuple[Figures, dict[str, str]]:
    """The kernel benchmark is the only process of an archive of its own; it does not power off. What it measures in seconds is
    of no use here, and takes long where instructions are counted."""
    options = qemu.Options(kernel=paths.KERNEL, initrd=paths.OUT / "images" / "bench.cpio", memory=MEMORY, icount=True)
    with Machine(options) as machine:
        line = machine.serial[0]
        try:
            line.expect("kernel_bench: (what follows is in seconds|end)", KERNEL_SECONDS)
        except (TimeoutError, Ended) as problem:
            note(f"the kernel benchmark stopped early: {problem}")
        figures, skipped = parse(line.text())
        return {IN_BOTH.get(name, name): figure for name, figure in figures.items()}, skipped


def pair_figures() -> Figures:
    """Independent pairs of client and server on 1, 2 and 4 CPUs: in the host's seconds, because counting instructions makes
    QEMU run one CPU at a time."""
    figures: Figures = {}
    for cpus in (1, 2, 4):
        options = qemu.Options(kernel=paths.KERNEL, initrd=paths.OUT / "images" / "bench.cpio", memory=MEMORY, cpus=cpus,
                               accelerator=qemu.accelerator())
        with Machine(options) as machine:
            machine.serial[0].expect("kernel_bench: end", KERNEL_SECONDS)
            measured, _ = parse(machine.serial[0].text())
        figures |= {name: figure for name, figure in measured.items() if name.startswith(("call_pairs_", "call_shared_"))}
    return figures


def memory_in_use(machine: Machine) -> Figures:
    """Of a CLUU at its login prompt."""
    return {"boot_memory_bytes": (_used(_cluu_meminfo(machine)), "bytes")}


def _cluu_meminfo(machine: Machine) -> str:
    line = machine.serial[0]
    for answer in ("admin\n", "admin\n"):
        line.send(answer)
        line.expect(r"(assword: ?|[$#%] )", 20)
    # By the shell alone: a program that is started for it would be measured with it, and its file in the disk's cache.
    line.send("while read -r line; do echo \"$line\"; done < /proc/meminfo\n")
    line.expect(r"MemFree: +\d+ kB", 20)
    return line.text()


# The table.

def _is_speed(unit: str) -> bool:
    return unit.startswith(("bytes/", "MB/"))


def table(cluu: Figures, reference: Figures) -> str:
    names = list(dict.fromkeys([*reference, *cluu]))
    lines = [f"{'benchmark':<24}{'CLUU':>16}{'Linux':>16}{'ratio':>9}  unit"]
    for name in names:
        ours, theirs = cluu.get(name), reference.get(name)
        unit = (ours or theirs)[1]
        ratio = "-"
        if ours and theirs and ours[0] and theirs[0]:
            better = ours[0] / theirs[0] if _is_speed(unit) else theirs[0] / ours[0]
            ratio = f"{better:.2f}"
        lines.append(f"{name:<24}{_number(ours):>16}{_number(theirs):>16}{ratio:>9}  {unit}")
    return "\n".join(lines + ["ratio: how many times better CLUU is; below 1 Linux is."])


def _number(figure: tuple[float, str] | None) -> str:
    if figure is None:
        return "-"
    return f"{figure[0]:,.2f}" if figure[0] < 1000 else f"{figure[0]:,.0f}"


def missed_budgets(cluu: Figures, part: str | None = None) -> list[str]:
    """What is wrong with these figures; with a part, only the budgets of that part of the benchmarks count."""
    missed = []
    for name, budget in tomllib.loads((paths.ROOT / "bench/budgets.toml").read_text()).items():
        if part not in (None, budget.get("part")):
            continue
        value = cluu.get(name, (None, ""))[0]
        if value is None:
            missed.append(f"{name} was not measured")
        elif value > budget.get("at_most", value):
            missed.append(f"{name} is {value:,.2f}; at most {budget['at_most']:,} is wanted")
        elif value < budget.get("at_least", value):
            missed.append(f"{name} is {value:,.2f}; at least {budget['at_least']:,} is wanted")
    return missed


def main(arguments) -> int:
    if arguments.profile:
        return profile.main(arguments.profile)
    qemu.check_version()
    if arguments.json:
        open(arguments.json, "a").close()  # better to fail now than after minutes
    cluu: Figures = {}
    reference: Figures = {}
    skipped: dict[str, str] = {}
    build.targets("posixbench", "container_start", *([] if arguments.only == "linux" else ["image", "bench_initrd"]))
    if arguments.only != "linux":
        cluu, skipped = cluu_figures()
    if arguments.only != "cluu":
        reference, _ = linux_figures()
    print(table(cluu, reference))
    for name, reason in skipped.items():
        print(f"not on CLUU: {name}: {reason}")
    if arguments.json:
        figures = {"cluu": {n: v for n, (v, _) in cluu.items()}, "linux": {n: v for n, (v, _) in reference.items()}}
        Path(arguments.json).write_text(json.dumps(figures, indent=1) + "\n")
    missed = missed_budgets(cluu) if cluu else []
    for text in missed:
        print(f"over budget: {text}")
    return 1 if missed else 0
