# SPDX-License-Identifier: MIT
"""`./cluu debug`: QEMU stopped before its first instruction, and gdb connected to it with the kernel's symbols."""

import subprocess
import tempfile
from pathlib import Path

from . import build, paths, qemu
from .machine import Machine
from .say import note


def main(arguments) -> int:
    build.targets("image")
    with tempfile.TemporaryDirectory(prefix="cluu-debug-") as work:
        image = Path(work) / "disk.img"
        subprocess.run(["cp", "--sparse=always", paths.DISK, image], check=True)
        options = qemu.Options(kernel=paths.KERNEL, initrd=paths.INITRD, words=arguments.words, disk=image,
                               memory=arguments.memory, cpus=arguments.cpus, stopped=True)
        logs = paths.BUILD / "debug"
        with Machine(options, logs=logs, debugger=True) as machine:
            machine.qmp("query-status")  # QEMU runs, or has said why not
            note(f"the guest's serial line goes to {logs}/serial0.log; `continue` starts it.")
            # Debug information has paths relative to the repository; gdb puts the build folder's before them.
            here = f"set substitute-path ./build/{paths.PRESET}/. {paths.ROOT}"
            return subprocess.run(["gdb", "-q", paths.KERNEL, "-ex", "set architecture i386:x86-64", "-ex", here,
                                   "-ex", f"target remote {options.gdb}"]).returncode
