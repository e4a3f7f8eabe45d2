# SPDX-License-Identifier: MIT
"""docs/linux-abi.md says what the dispatch table says."""

import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).resolve().parents[2] / "tools/linux_abi.py"


def test_document_is_up_to_date():
    subprocess.run([sys.executable, TOOL, "--check"], check=True)
