# SPDX-License-Identifier: MIT
"""Each script of corpus/ does the same in our shell and in dash: output and status."""

import subprocess
from pathlib import Path

import pytest

SHELL = Path(__file__).resolve().parents[2] / "build/release/hosted/shell"
SCRIPTS = sorted((Path(__file__).parent / "corpus").glob("*.sh"))


def run(shell, script, folder):
    folder.mkdir()
    done = subprocess.run([shell, script], cwd=folder, capture_output=True, timeout=60, stdin=subprocess.DEVNULL,
                          env={"PATH": "/usr/bin:/bin", "HOME": "/home/somebody", "LC_ALL": "C"})
    return done.stdout.decode(), done.returncode, done.stderr.decode()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_like_dash(script, tmp_path):
    expected, expected_status, _ = run("/bin/dash", script, tmp_path / "dash")
    output, status, errors = run(SHELL, script, tmp_path / "ours")
    # The name of the script shows in `$0` only.
    assert output.splitlines() == expected.splitlines(), errors
    assert status == expected_status
