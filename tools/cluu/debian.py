# SPDX-License-Identifier: MIT
"""Files out of Debian packages that are not to be installed: the console's font, the Linux kernel for benchmarks.

A package is downloaded with apt and unpacked below build/packages; the machine itself is not changed.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import paths
from .say import Problem, progress


def unpacked(package: str) -> Path:
    """The folder with the package's files; downloads it the first time."""
    folder = paths.PACKAGES / package
    if folder.is_dir():
        return folder
    progress(f"downloading Debian's package {package}")
    paths.PACKAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=paths.PACKAGES, prefix=".new-") as work:
        deb = _download(package, Path(work))
        subprocess.run(["dpkg-deb", "-x", deb, Path(work) / "files"], check=True)
        try:
            os.rename(Path(work) / "files", folder)
        except OSError:  # another process was faster
            if not folder.is_dir():
                raise
    return folder


def _download(package: str, folder: Path) -> Path:
    # apt's download user may not be able to write here; it then says so and goes on as the caller.
    result = subprocess.run(["apt-get", "download", package], cwd=folder, capture_output=True, text=True)
    debs = list(folder.glob("*.deb"))
    if result.returncode != 0 or not debs:
        raise Problem(f"Debian's package '{package}' could not be downloaded. Run 'sudo apt-get update' and try "
                      f"again.\n{result.stderr.strip()}")
    return debs[0]


def dependency(package: str, prefix: str) -> str:
    """The first package that `package` depends on whose name begins with `prefix` (for meta packages)."""
    text = subprocess.run(["apt-cache", "depends", package], capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        word = line.split()[-1] if line.split() else ""
        if "Depends:" in line and word.startswith(prefix):
            return word
    raise Problem(f"Debian's package '{package}' depends on no '{prefix}...'. Run 'sudo apt-get update'.")


def missing_commands(commands: list[str]) -> list[str]:
    return [c for c in commands if shutil.which(c, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None]
