# SPDX-License-Identifier: MIT
"""A TPM 2.0 for a machine: swtpm, whose state is a folder, which a machine has as others have a chip."""

import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from .say import Problem

PROGRAM = "swtpm"
INTERFACES = ("tis", "crb")


class Emulator:
    """Use it as a context manager, around the machine. It listens at `path` from the first moment on."""

    def __init__(self, state: Path):
        if shutil.which(PROGRAM) is None:
            raise Problem("the TPM's emulator is missing: install Debian's package swtpm.")
        state.mkdir(parents=True, exist_ok=True)
        self._work = Path(tempfile.mkdtemp(prefix="cluu-tpm-"))
        self.path = self._work / "socket"
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(str(self.path))
            listener.listen(1)
            self.process = subprocess.Popen(
                [*command(state), "--ctrl", f"type=unixio,fd={listener.fileno()}", "--terminate"],
                pass_fds=[listener.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)

    def __enter__(self) -> "Emulator":
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def stop(self) -> None:
        """Its state is complete at any time: it is written before a command is answered."""
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self._work, ignore_errors=True)


def command(state: Path) -> list[str]:
    return [PROGRAM, "socket", "--tpm2", "--tpmstate", f"dir={state}"]
