# SPDX-License-Identifier: MIT
"""What protects the kernel from its own mistakes, seen from outside: QEMU walks the page tables, a debugger moves the stack."""

import re
import subprocess
import time

import pytest
import sabotage

from cluu import paths

SECONDS = 30
READY = r"CPUs: \d+"
RUNS = r"devmgr: \d+ PCI functions"
PAGE = 4096
IMAGE = 0xffffffff80000000  # where physical memory from 0 on is, for the kernel's image


def symbol(name: str) -> int:
    listed = subprocess.run(["llvm-nm-19", paths.KERNEL], capture_output=True, text=True, check=True).stdout
    return int(re.search(rf"^([0-9a-f]+) \w {name}$", listed, re.MULTILINE)[1], 16)


def mappings(machine) -> list[tuple[int, str]]:
    """(address, flags) of every entry of the page tables in use: X no-execute, W writable, - none."""
    text = machine.qmp("human-monitor-command", **{"command-line": "info tlb"})
    return [(int(address, 16), flags) for address, flags in re.findall(r"^([0-9a-f]{16}): [0-9a-f]{16} (\S+)", text, re.MULTILINE)]


@pytest.mark.parametrize("cpus", [1, 3])
def test_nothing_is_writable_and_executable(boot, cpus):
    machine = boot(disk=None, cpus=cpus, memory="256M")
    machine.serial[0].expect(RUNS, SECONDS)
    found = mappings(machine)
    kernel = [(address, flags) for address, flags in found if address >= 1 << 47]
    assert len(kernel) > 50
    assert [hex(address) for address, flags in found if "W" in flags and "X" not in flags] == []
    # The text can be executed, and from nowhere else.
    begin, end = symbol("kernel_image_begin"), symbol("kernel_text_end")
    executable = [address for address, flags in kernel if "X" not in flags]
    assert executable != []
    assert all(begin <= address < end for address in executable)
    # Nobody but the kernel reaches its half.
    assert [hex(address) for address, flags in kernel if "U" in flags] == []


def test_below_each_stack_nothing_is_mapped(boot):
    machine = boot(disk=None, cpus=3, memory="256M")
    machine.serial[0].expect(RUNS, SECONDS)
    mapped = {address for address, _ in mappings(machine)}
    guard = symbol("boot_stack_guard")
    assert guard not in mapped and guard + PAGE in mapped
    # All CPUs' stretches: each run of pages begins behind a hole.
    stacks = sorted(address for address in mapped if 0xffffffffd0000000 <= address < 0xffffffffe0000000)
    runs = [address for address in stacks if address - PAGE not in mapped]
    assert len(runs) == 3 * 5  # three CPUs; the stack, and those of debug, NMI, double fault and machine check


@pytest.mark.parametrize("entry", ["kernel_system_call", "arch_user_trap"])
def test_a_stack_overflow_says_so(boot, entry):
    machine = boot(disk=None, memory="64M", debugger=True)
    line = machine.serial[0]
    line.expect(READY, SECONDS)
    debugger = sabotage.Debugger(machine)
    debugger.run_to(symbol(entry))
    debugger.set_stack_pointer(symbol("boot_stack_guard") + PAGE + 8)
    debugger.leave()
    line.expect("KERNEL PANIC: stack overflow: double fault", SECONDS)
    line.expect("The kernel has stopped", SECONDS)


def after_taking_the_guard(function: str) -> int:
    """The address of the instruction after the one that takes the guard's value for the stack."""
    code = subprocess.run(["llvm-objdump-19", "-d", "--no-show-raw-insn", f"--disassemble-symbols={function}", paths.KERNEL],
                          capture_output=True, text=True, check=True).stdout
    return int(re.search(r"<__stack_chk_guard>\n([0-9a-f]+):", code)[1], 16)


def guard_of(boot) -> tuple[sabotage.Debugger, int, object]:
    """A machine stopped when it has entered a function with a protected stack, and the guard's place."""
    machine = boot(disk=None, memory="64M", debugger=True)
    machine.serial[0].expect(READY, SECONDS)
    debugger = sabotage.Debugger(machine)
    debugger.run_to(after_taking_the_guard("arch_user_trap"))
    return debugger, symbol("__stack_chk_guard") - IMAGE, machine


def test_a_function_that_writes_beyond_its_stack_is_found(boot):
    values = set()
    for _ in range(2):
        debugger, place, machine = guard_of(boot)
        value = debugger.read(place, 8)
        values.add(value)
        debugger.write(place, bytes(8))  # as if the copies on the stack had been overwritten
        debugger.leave()
        machine.serial[0].expect("KERNEL PANIC: a function wrote beyond its part of the stack", SECONDS)
    # Another one each time, and not to be written by a text.
    assert len(values) == 2
    assert all(value[0] == 0 and len(set(value)) > 3 for value in values)


def stopped(machine) -> list[str]:
    """For each CPU that stands in the code of a panic, the name of the function."""
    listed = subprocess.run(["llvm-nm-19", "-n", paths.KERNEL], capture_output=True, text=True, check=True).stdout
    functions = [(int(address, 16), name) for address, name in re.findall(r"^([0-9a-f]+) [tT] (\S+)", listed, re.MULTILINE)]
    text = machine.qmp("human-monitor-command", **{"command-line": "info registers -a"})
    halted = re.findall(r"RIP=([0-9a-f]+) .*HLT=1", text)
    names = [max(f for f in functions if f[0] < int(rip, 16))[1] for rip in halted if int(rip, 16) > IMAGE]
    return [name for name in names if "kernel_panic" in name or "stop" in name]


def test_of_several_cpus_in_a_panic_one_reports(boot):
    """All CPUs go on at an illegal instruction in the kernel; in user mode that is a page fault, whose handler it is too."""
    cpus = 3
    machine = boot(cpus=cpus, debugger=True)
    line = machine.serial[0]
    for answer_to, text in (("login: ", "admin"), ("assword:", "admin"),
                            (r"\$ ", "for i in 1 2 3 4 5 6 7 8; do (while :; do :; done) & done")):
        line.expect(answer_to, SECONDS)
        line.send(text + "\r")
    line.expect(r"\$ ", SECONDS)
    debugger = sabotage.Debugger(machine)
    broken = symbol("arch_user_trap")
    debugger.write(broken - IMAGE, b"\x0f\x0b")
    for cpu in range(cpus):
        debugger.set_instruction_pointer(cpu, broken)
    debugger.leave()
    line.expect("The kernel has stopped", SECONDS)
    deadline = time.monotonic() + SECONDS
    while len(where := stopped(machine)) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(where) >= 2 and ["begin" in name for name in where].count(False) == 1, where
    report = line.text()
    assert report.count("KERNEL PANIC") == 1
    assert "panic within a panic" not in report
    # Nothing comes between its lines.
    assert re.search(r"KERNEL PANIC: [^\n]*bad opcode[^\n]*\n", report), report
    assert report.rstrip().endswith("The kernel has stopped.")
