# SPDX-License-Identifier: MIT
"""The C programs that check what Linux promises, on Linux: what fails here is the test's own fault."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from cluu import paths  # noqa: E402

PROGRAMS = sorted(path.stem for path in Path(__file__).parent.glob("*.c"))


@pytest.mark.parametrize("program", PROGRAMS)
def test_on_linux(program):
    # Whoever began the tests may ignore signals (a shell does so for what it starts in the background), and programs inherit that.
    command = ["env", "--default-signal", paths.OUT / "linux" / program]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
