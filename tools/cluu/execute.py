# SPDX-License-Identifier: MIT
"""`./cluu exec`: one command in a fresh machine, on a throw-away copy of the disk.

The files to put and the request are written into the copy before the start; the guest's execd (apps/execd, which
explains the protocol) moves them where they belong, runs the command, and answers in frames over the second serial line.
Files to get are read from the copy after the machine has powered itself off.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import build, disk, iso, linux, paths, qemu
from .machine import Machine
from .line import Line
from .say import Problem, note

ENVIRONMENT = ["PATH=/bin:/usr/bin", "HOME=/home/admin", "USER=admin", "LOGNAME=admin", "SHELL=/bin/sh"]
DIRECTORY = "/home/admin"
TIMED_OUT = 124  # as timeout(1) has it
NO_ANSWER = 125
POWER_OFF_SECONDS = 10
START_SECONDS = 45  # from power-on to execd's first frame; ten times what a busy machine takes
REFERENCE_START_SECONDS = 180
LOG_SECONDS = 0.5  # between two looks at the log
LOG_TAIL = 8192
# What the system says on its log when nothing more is to come.
STOPPED = (b"The kernel has stopped.", b"It stops here.", b"execd cannot be started")


@dataclass
class Request:
    words: list[str]
    put: list[tuple[Path, str]] = field(default_factory=list)
    get: list[tuple[str, Path]] = field(default_factory=list)
    environment: list[str] = field(default_factory=list)
    directory: str = DIRECTORY
    input: bytes | None = None
    timeout: float = 60
    icount: bool = False
    memory: str = "512M"
    cpus: int | None = None  # None: qemu.standard_cpus
    reference: bool = False  # on Linux instead of CLUU
    log: bool = False
    disk: Path | None = None  # another disk image than the build's
    tpm: str | None = None  # one of tpm.INTERFACES; its state then
    tpm_state: Path | None = None
    extra: list[str] = field(default_factory=list)


@dataclass
class Result:
    status: int
    output: bytes
    errors: bytes
    log: str
    seconds: float
    problems: list[str]


def records(request: Request, keep: bool = False) -> bytes:
    lines = [f"P{path}" for _, path in request.put] + [f"G{path}" for path, _ in request.get]
    lines += [f"E{variable}" for variable in ENVIRONMENT + request.environment] + [f"D{request.directory}"]
    if request.input is not None:
        lines.append("I")
    if keep:
        lines.append("K")
    lines += [f"A{word}" for word in request.words]
    return b"".join(os.fsencode(line) + b"\0" for line in lines)


def prepare_disk(request: Request, image: Path, keep: bool = False) -> None:
    source = request.disk or paths.DISK
    # cp keeps the holes; where the file system can, the copy shares the blocks.
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", source, image], check=True)
    for host, _ in request.put:
        if not host.exists():
            raise Problem(f"--put: there is no '{host}'.")
    disk.make_room(image, sum(_size(host) for host, _ in request.put) + len(request.input or b""))
    editor = disk.Editor(image)
    for index, (host, _) in enumerate(request.put):
        editor.put(host, f"/var/exec/put/{index}")
    if request.input is not None:
        editor.put_bytes(request.input, "/var/exec/stdin")
    editor.put_bytes(b"", "/var/exec/get/.keep")
    editor.put_bytes(records(request, keep), "/var/exec/request")


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(f.stat().st_size + 4096 for f in path.rglob("*") if f.is_file())
    return path.stat().st_size


class Frames:
    """Reads the frames from the second serial line as they come."""

    def __init__(self, line: Line, live: bool, at: int = 0):
        self.line = line
        self.live = live
        self.at = at
        self.output = bytearray()
        self.errors = bytearray()
        self.problems: list[str] = []
        self.status: int | None = None
        self.started = False

    def take(self) -> None:
        """Takes all complete frames that have arrived."""
        data = self.line.data
        while self.status is None and len(data) - self.at >= 3:
            kind, size = data[self.at:self.at + 1], int.from_bytes(data[self.at + 1:self.at + 3], "little")
            if len(data) - self.at < 3 + size:
                return
            body = bytes(data[self.at + 3:self.at + 3 + size])
            self.at += 3 + size
            self._frame(kind, body)

    def _frame(self, kind: bytes, body: bytes) -> None:
        if kind == b"s":
            self.status = int(body)
        elif kind == b"b":
            self.started = True
        elif kind == b"p":
            self.problems.append(body.decode("utf-8", "replace"))
        elif kind in (b"o", b"e"):
            (self.output if kind == b"o" else self.errors).extend(body)
            if self.live:
                stream = sys.stdout.buffer if kind == b"o" else sys.stderr.buffer
                stream.write(body)
                stream.flush()
        else:
            raise Problem(f"the second serial line carries something that is not a frame: {kind!r}")


def run(request: Request, live: bool = False, logs: Path | None = None) -> Result:
    """Runs the request; `live` passes the command's output on as it comes. The images must have been built."""
    qemu.check_version()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="cluu-exec-") as work:
        image = Path(work) / "disk.img"
        prepare_disk(request, image)
        with Machine(_options(request, image), serials=2, logs=logs) as machine:
            frames = Frames(machine.serial[1], live)
            failure = follow(machine, frames, request.timeout - (time.monotonic() - started), _start_seconds(request))
            if frames.status is not None and machine.wait(POWER_OFF_SECONDS) is None:
                note(f"the machine did not power itself off within {POWER_OFF_SECONDS} s; it was ended.")
            ended = machine.wait(1 if machine.serial[1].ended else 0) is not None
            machine.check_started()
            log = machine.serial[0]
            log.catch_up()
            status = frames.status
            if status is None:
                status = TIMED_OUT if failure is None and not ended else NO_ANSWER
                what = failure or ("the machine ended without an answer" if ended else
                                   f"the command did not finish within {request.timeout:g} s")
                note(f"{what}. The last lines of the system's log:\n{log.tail()}")
            result = Result(status, bytes(frames.output), bytes(frames.errors), log.text(),
                            time.monotonic() - started, frames.problems)
        for problem in frames.problems:
            note(problem)
        if frames.status is not None:
            _fetch(request, image)
    return result


def _options(request: Request, image: Path) -> qemu.Options:
    options = qemu.Options(disk=image, memory=request.memory, cpus=request.cpus, icount=request.icount,
                           accelerator="tcg" if request.icount else qemu.accelerator(), tpm=request.tpm,
                           tpm_state=request.tpm_state, extra=request.extra)
    if request.reference:
        options.kernel, options.initrd, options.words = linux.kernel(), linux.exec_initramfs(), linux.WORDS
    elif request.tpm:
        # With a TPM the ACPI tables begin lower in memory, and QEMU (7.2) would load the initial archive over them.
        options.iso = image.with_suffix(".iso")
        iso.build(paths.KERNEL, paths.INITRD, options.iso, "exec")
    else:
        options.kernel, options.initrd, options.words = paths.KERNEL, paths.INITRD, "exec"
    return options


def _start_seconds(request: Request) -> float:
    return REFERENCE_START_SECONDS if request.reference else START_SECONDS


def follow(machine: Machine, frames: Frames, timeout: float, start_seconds: float) -> str | None:
    """Takes frames until the status has come, the time is over or the machine has ended. Returns why it is hopeless
    to wait longer, if the system has stopped or did not come up; else None."""
    line, log = machine.serial[1], machine.serial[0]
    began = time.monotonic()
    while True:
        with line.changed:
            seen = len(line.data)
        frames.take()
        if frames.status is not None:
            return None
        passed = time.monotonic() - began
        if _has_stopped(log):
            return "CLUU has stopped" if frames.started else "CLUU could not start"
        if not frames.started and start_seconds < min(passed, timeout):
            return f"the system did not come up within {start_seconds:g} s"
        if passed >= timeout:
            return None
        with line.changed:
            line.changed.wait_for(lambda: len(line.data) > seen or line.ended, min(timeout - passed, LOG_SECONDS))
            if line.ended and len(line.data) == seen:
                return None
        if machine.process.poll() is not None and not line.ended:
            line.wait_for_end(1)


def _has_stopped(log: Line) -> bool:
    with log.changed:
        end = bytes(log.data[-LOG_TAIL:])
    return any(sign in end[:end.rfind(b"\n") + 1] for sign in STOPPED)


class Session:
    """A machine that runs one command after another: a group of tests boots only once.

    Files can be put when it starts; `fetch` takes files from the disk when it has been closed. A machine that has once
    not answered in time is given up: whoever asks it for more is told so at once.
    """

    def __init__(self, request: Request, logs: Path | None = None):
        qemu.check_version()
        self._request = request
        self._work = tempfile.TemporaryDirectory(prefix="cluu-session-")
        self.image = Path(self._work.name) / "disk.img"
        prepare_disk(request, self.image, keep=True)
        self.machine = Machine(_options(request, self.image), serials=2, logs=logs)
        self._frames = Frames(self.machine.serial[1], live=False)
        self._given_up: str | None = None
        try:
            self._answer(request.timeout, "the system did not come up")
        except BaseException:
            self.close()
            raise

    def run(self, *words: str, timeout: float = 30, environment: list[str] | None = None,
            directory: str | None = None) -> Result:
        """Runs a command and waits for its end. Raises TimeoutError with the log's last lines if that does not come."""
        if self._given_up:
            raise TimeoutError(f"this machine was given up before: {self._given_up}")
        request = Request(list(words), environment=environment or [], directory=directory or self._request.directory)
        body = records(request, keep=True)
        self._frames = Frames(self.machine.serial[1], live=False, at=self._frames.at)
        self._frames.started = True
        self.machine.serial[1].send(b"%d\n" % len(body) + body)
        return self._answer(timeout, f"{words[0]} did not finish")

    def shell(self, text: str, **options) -> Result:
        return self.run("/bin/sh", "-c", text, **options)

    def _answer(self, timeout: float, failure: str) -> Result:
        started = time.monotonic()
        frames, log = self._frames, self.machine.serial[0]
        stopped = follow(self.machine, frames, timeout, _start_seconds(self._request))
        self.machine.check_started()
        if frames.status is None:
            self._given_up = stopped or f"{failure} within {timeout:g} s"
            raise TimeoutError(f"{self._given_up}. The last lines of the system's log:\n{log.tail()}")
        log.catch_up()
        return Result(frames.status, bytes(frames.output), bytes(frames.errors), log.text(),
                      time.monotonic() - started, frames.problems)

    def power_off(self) -> None:
        """Ends the machine by its own power-off."""
        self.machine.serial[1].send(b"0\n")
        if self.machine.wait(POWER_OFF_SECONDS) is None:
            raise TimeoutError(f"no power-off within {POWER_OFF_SECONDS} s:\n{self.machine.serial[0].tail()}")

    def close(self) -> None:
        self.machine.stop()
        self._work.cleanup()


def _fetch(request: Request, image: Path) -> None:
    editor = disk.Editor(image)
    for index, (guest, host) in enumerate(request.get):
        target = host / guest.rstrip("/").rsplit("/", 1)[1] if host.is_dir() else host
        if target.is_dir():
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not editor.get(f"/var/exec/get/{index}", target):
            note(f"--get: nothing came back for '{guest}'.")


def parse_put(text: str) -> tuple[Path, str]:
    host, separator, guest = text.rpartition(":/")
    if not separator or not host:
        raise Problem(f"--put wants HOST:GUEST with an absolute path in the guest, not '{text}'.")
    path = "/" + guest
    return Path(host), path + Path(host).name if path.endswith("/") else path


def parse_get(text: str) -> tuple[str, Path]:
    guest, separator, host = text.partition(":")
    if not separator or not guest.startswith("/") or not host:
        raise Problem(f"--get wants GUEST:HOST with an absolute path in the guest, not '{text}'.")
    return guest, Path(host)


def main(arguments) -> int:
    words = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    if not words:
        raise Problem("which command? For example: ./cluu exec -- ls -l /")
    request = Request(words, [parse_put(p) for p in arguments.put], [parse_get(g) for g in arguments.get],
                      arguments.env, arguments.directory, None, arguments.timeout, arguments.icount,
                      arguments.memory, arguments.cpus, arguments.reference, arguments.log)
    if arguments.stdin:
        request.input = sys.stdin.buffer.read() if arguments.stdin == "-" else Path(arguments.stdin).read_bytes()
    qemu.check_version()
    build.targets("disk" if request.reference else "image")
    result = run(request, live=True)
    if request.log:
        sys.stderr.write(result.log)
    return result.status
