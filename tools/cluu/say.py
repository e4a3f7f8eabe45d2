# SPDX-License-Identifier: MIT
"""What the tools tell the person: progress on standard error, and errors as one clear sentence."""

import sys
import time


class Problem(Exception):
    """Something the person can understand and mend. Its text is the whole message: what is wrong, and what to do."""


_start = time.monotonic()


def progress(text: str) -> None:
    """One line about what is being done now, with the seconds since the command began."""
    print(f"cluu: [{time.monotonic() - _start:5.1f} s] {text}", file=sys.stderr, flush=True)


def note(text: str) -> None:
    print(f"cluu: {text}", file=sys.stderr, flush=True)
