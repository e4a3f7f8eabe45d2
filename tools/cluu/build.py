# SPDX-License-Identifier: MIT
"""Builds with CMake and Ninja, one build at a time, and shows the progress of a long one."""

import fcntl
import os
import subprocess
import sys
import time
from contextlib import contextmanager

from . import paths
from .say import Problem, progress

QUIET_SECONDS = 3  # a build that takes no longer says nothing
# For the compiler's cache, where there is one: it takes the list of headers from the compiler instead of running the preprocessor once
# more, and it keeps what was compiled with precompiled headers, too. What a person has set himself is left.
CACHE = {"CCACHE_DEPEND": "1", "CCACHE_SLOPPINESS": "pch_defines,time_macros"}


@contextmanager
def lock():
    paths.BUILD.mkdir(exist_ok=True)
    with open(paths.BUILD / ".lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("waiting for another build in this folder")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def targets(*names: str) -> None:
    """Builds these targets of the chosen preset, configuring first if that has not happened yet."""
    with lock():
        if not (paths.OUT / "build.ninja").exists():
            progress(f"configuring the {paths.PRESET} build")
            result = subprocess.run(["cmake", "--preset", paths.PRESET], cwd=paths.ROOT, capture_output=True, text=True)
            if result.returncode != 0:
                raise Problem(f"cmake failed:\n{result.stdout}{result.stderr}")
        _ninja(list(names))


def _ninja(names: list[str]) -> None:
    process = subprocess.Popen(["ninja", "-C", str(paths.OUT), *names], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, env=CACHE | os.environ)
    assert process.stdout
    started = shown = time.monotonic()
    lines = []
    for line in process.stdout:
        lines.append(line)
        now = time.monotonic()
        if line.startswith("[") and now - started > QUIET_SECONDS and now - shown > 1:
            progress("building " + line.strip())
            shown = now
    if process.wait() != 0:
        sys.stderr.write("".join(lines[_first_failure(lines):]))
        text = "".join(lines)
        if "No space left on device" in text:
            raise Problem("there is no space left on this machine's disk: make room (about 3 GB) and try again.")
        raise Problem("the build failed; the compiler's words are above.")


def _first_failure(lines: list[str]) -> int:
    for index, line in enumerate(lines):
        if line.startswith(("FAILED:", "ninja: error")):
            return index
    return 0
