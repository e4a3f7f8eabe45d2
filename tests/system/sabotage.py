# SPDX-License-Identifier: MIT
"""Ends a server of a running machine from outside, as a fault of the memory would: its code, as it was loaded, becomes
instructions that no user program may execute, so that it faults when it runs next. The archive's copy stays whole.
"""

import socket

from cluu import paths
from cluu.machine import Machine

PAGE = 4096
HALT = b"\xf4"
PIECE = 1024  # bytes that a packet to the debugger's end in QEMU may write
SECONDS = 10


class Debugger:
    """As much of gdb's remote protocol as the tests need. The machine stands still meanwhile."""

    def __init__(self, machine: Machine):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(SECONDS)
        self._socket.connect(str(machine.options.gdb))
        self._stream = self._socket.makefile("rwb")
        assert self.ask("Qqemu.PhyMemMode:1") == "OK"

    def _send(self, text: str) -> None:
        self._stream.write(b"$%s#%02x" % (text.encode(), sum(text.encode()) % 256))
        self._stream.flush()

    def ask(self, text: str) -> str:
        self._send(text)
        while (answer := self._packet()).startswith("T"):
            pass  # the news that the machine has stopped
        return answer

    def _packet(self) -> str:
        while self._stream.read(1) != b"$":
            pass  # acknowledgements
        text = bytearray()
        while (byte := self._stream.read(1)) != b"#":
            text += byte
        self._stream.read(2)
        self._stream.write(b"+")
        self._stream.flush()
        return text.decode()

    def fill(self, address: int, length: int, byte: bytes) -> None:
        for at in range(address, address + length, PIECE):
            assert self.ask(f"M{at:x},{PIECE:x}:{(byte * PIECE).hex()}") == "OK"

    def run_to(self, address: int) -> None:
        assert self.ask(f"Z1,{address:x},1") == "OK"
        self._send("c")
        while not self._packet().startswith("T"):
            pass
        assert self.ask(f"z1,{address:x},1") == "OK"

    def set_stack_pointer(self, value: int) -> None:
        self._set_register(7, value)

    def set_instruction_pointer(self, cpu: int, value: int) -> None:
        assert self.ask(f"Hg{cpu + 1:x}") == "OK"
        self._set_register(16, value)

    def _set_register(self, index: int, value: int) -> None:
        registers = bytearray.fromhex(self.ask("g"))
        registers[index * 8:(index + 1) * 8] = value.to_bytes(8, "little")
        assert self.ask("G" + registers.hex()) == "OK"

    def read(self, address: int, length: int) -> bytes:
        return bytes.fromhex(self.ask(f"m{address:x},{length:x}"))

    def write(self, address: int, content: bytes) -> None:
        assert self.ask(f"M{address:x},{len(content):x}:{content.hex()}") == "OK"

    def leave(self) -> None:
        self.ask("D")
        self._socket.close()


def break_servers(machine: Machine, *names: str) -> None:
    dump = machine.work / "memory"
    debugger = Debugger(machine)
    machine.qmp("pmemsave", val=0, size=memory_size(machine), filename=str(dump))
    memory = dump.read_bytes()
    archive = paths.INITRD.read_bytes()
    start = memory.find(archive[:PAGE])
    assert start >= 0, "the initial archive is not in memory"
    for name in names:
        pages = [at for at in loaded_pages(memory, name) if not start <= at < start + len(archive)]
        assert pages, f"{name} is not in memory"
        for at in pages:
            debugger.fill(at, PAGE, HALT)
    dump.unlink()
    debugger.leave()


def memory_size(machine: Machine) -> int:
    assert machine.options.memory.endswith("M")
    return int(machine.options.memory[:-1]) << 20


def loaded_pages(memory: bytes, name: str) -> list[int]:
    """Where in memory the pages of the program's code are."""
    program = (paths.OUT / "images/stripped" / name).read_bytes()
    offset, size = code_segment(program)
    found = []
    for at in range(offset + -offset % PAGE, offset + size, PAGE):
        page = program[at:min(at + PAGE, offset + size)]
        place = memory.find(page)
        while place >= 0:
            if place % PAGE == 0:
                found.append(place)
            place = memory.find(page, place + 1)
    return found


def code_segment(program: bytes) -> tuple[int, int]:
    headers = int.from_bytes(program[32:40], "little")
    for index in range(int.from_bytes(program[56:58], "little")):
        header = program[headers + 56 * index:headers + 56 * (index + 1)]
        executable = header[4] & 1
        if int.from_bytes(header[:4], "little") == 1 and executable:
            return int.from_bytes(header[8:16], "little"), int.from_bytes(header[32:40], "little")
    raise AssertionError("no code in this program")
