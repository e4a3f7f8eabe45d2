# SPDX-License-Identifier: MIT
"""A running QEMU: its serial lines, its keyboard and its screen. `exec`, `bench` and the system tests drive it by this."""

import json
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from . import qemu, screen, tpm
from .line import Line
from .say import Problem

QMP_SECONDS = 30
QEMU_ENDED_SECONDS = 0.2  # between two looks whether QEMU still runs, while it has not connected to us
PICTURE_SECONDS = 0.1  # between two looks at the screen, which tells nobody when it changes

# Characters that need another name, or the shift key, on QEMU's keyboard (US layout).
NAMES = {" ": "spc", "\n": "ret", "\t": "tab", "-": "minus", "=": "equal", "[": "bracket_left", "]": "bracket_right",
         ";": "semicolon", "'": "apostrophe", "`": "grave_accent", "\\": "backslash", ",": "comma", ".": "dot",
         "/": "slash"}
SHIFTED = dict(zip('~!@#$%^&*()_+{}|:"<>?', "`1234567890-=[]\\;',./"))


class Machine:
    """Use it as a context manager: leaving it ends QEMU, whatever happened. `serial[0]` is the guest's COM1."""

    def __init__(self, options: qemu.Options, serials: int = 1, logs: Path | None = None,
                 debugger: bool = False):
        self.work = Path(tempfile.mkdtemp(prefix="cluu-"))
        self.logs = logs or self.work
        self.logs.mkdir(parents=True, exist_ok=True)
        self.serial = [Line(self.work / f"serial{i}", self.logs / f"serial{i}.log") for i in range(serials)]
        options.serials = [f"unix:{self.work}/serial{i}" for i in range(serials)]
        options.qmp = self.work / "qmp"
        if debugger:
            options.gdb = self.work / "gdb"
        self.tpm = tpm.Emulator(options.tpm_state) if options.tpm else None
        if self.tpm:
            options.tpm_socket = self.tpm.path
        self.options = options
        self.errors = open(self.work / "qemu.err", "w+")
        # As with the serial lines, QEMU connects to us.
        self._control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._control.bind(str(options.qmp))
        self._control.listen(1)
        self._qmp = None
        self.started = time.monotonic()
        self.process = subprocess.Popen(qemu.command(options), stdin=subprocess.DEVNULL, stdout=self.errors,
                                        stderr=self.errors)

    def __enter__(self) -> "Machine":
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.tpm:
            self.tpm.stop()
        for line in self.serial:
            line.close()
        self._control.close()
        self.errors.close()
        shutil.rmtree(self.work, ignore_errors=True)

    def wait(self, timeout: float) -> int | None:
        """QEMU's exit status, or None if it still runs after `timeout` seconds."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def check_started(self) -> None:
        """Raises a Problem with a clear sentence if QEMU itself did not start."""
        if self.process.poll() in (None, 0):
            return
        self.errors.seek(0)
        raise startup_problem(self.errors.read())

    # The control connection.

    def qmp(self, name: str, **arguments) -> object:
        if self._qmp is None:
            self._qmp = self._connect()
            self.qmp("qmp_capabilities")
        stream = self._qmp
        stream.write(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")
        stream.flush()
        while line := stream.readline():
            answer = json.loads(line)
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise Problem(f"QEMU refused '{name}': {answer['error']['desc']}")
        raise Problem("QEMU has ended")

    def _connect(self):
        deadline = time.monotonic() + QMP_SECONDS
        self._control.settimeout(QEMU_ENDED_SECONDS)
        while True:
            try:
                connection, _ = self._control.accept()
                break
            except TimeoutError:
                self.check_started()
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise Problem("QEMU does not answer on its control connection") from None
        connection.settimeout(QMP_SECONDS)
        stream = connection.makefile("rwb")
        stream.readline()  # the greeting
        return stream

    # Keyboard and screen.

    def type(self, text: str) -> None:
        for character in text:
            self.press(*keys_for(character))

    def press(self, *keys: str) -> None:
        """Presses keys together, by QEMU's names: press("ctrl", "c")."""
        self.qmp("send-key", keys=[{"type": "qcode", "data": key} for key in keys], **{"hold-time": 20})

    def screenshot(self) -> screen.Screen:
        path = self.work / "screen.ppm"
        self.qmp("screendump", filename=str(path))
        return screen.Screen.from_ppm(path.read_bytes())

    def expect_on_screen(self, text: str, timeout: float) -> screen.Screen:
        """Waits until the text can be read on the screen; returns that screen."""
        deadline = time.monotonic() + timeout
        while True:
            shot = self.screenshot()
            if text in shot.text():
                return shot
            if time.monotonic() > deadline:
                raise TimeoutError(f"{text!r} is not on the screen after {timeout:g} s. It shows:\n{shot.text()}")
            time.sleep(PICTURE_SECONDS)


def keys_for(character: str) -> list[str]:
    if character in SHIFTED:
        return ["shift", *keys_for(SHIFTED[character])]
    if character.isupper():
        return ["shift", character.lower()]
    return [NAMES.get(character, character)]


def no_window(text: str) -> bool:
    """Is it for want of a display, or of QEMU's part for it, that QEMU did not start?"""
    return any(sign in text for sign in ("gtk initialization failed", "annot open display", "is not available"))


def startup_problem(text: str) -> Problem:
    """QEMU's own words, made into a sentence that says what to do."""
    lines = [line for line in text.splitlines() if line.strip()]
    last = lines[-1] if lines else "no reason given"
    if 'Failed to get "write" lock' in text or "Failed to get shared" in text:
        return Problem("the disk image is in use: another CLUU runs on it. End that one first (or use `./cluu exec`, "
                       "which works on a copy).")
    if "No space left" in text:
        return Problem("there is no space left on this machine's disk.")
    if no_window(text):
        return Problem("there is no display to open a window on: use `./cluu run --serial`.")
    if "cannot set up guest memory" in text:
        return Problem("this machine has not that much memory to give: use a smaller `--memory`.")
    return Problem(f"QEMU did not start: {last}")
