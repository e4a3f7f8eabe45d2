# SPDX-License-Identifier: MIT
"""docs/linux-abi.md says what the dispatch table says."""

import ctypes
import errno
import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).resolve().parents[2] / "tools/linux_abi.py"
sys.path.insert(0, str(TOOL.parent))

import linux_abi  # noqa: E402


def test_document_is_up_to_date():
    subprocess.run([sys.executable, TOOL, "--check"], check=True)


def test_linux_has_none_of_what_is_called_absent():
    library = ctypes.CDLL(None, use_errno=True)
    absent = [(number, name) for number, name, support, _ in linux_abi.entries() if support == "absent"]
    assert absent
    for number, name in absent:
        assert library.syscall(number, 0, 0, 0, 0, 0, 0) == -1 and ctypes.get_errno() == errno.ENOSYS, name
