# SPDX-License-Identifier: MIT
"""Images of the tests' own."""

from pathlib import Path


def to_put(folder: Path, cluufiles: dict[str, str]) -> list[tuple[Path, str]]:
    """Writes these Cluufiles below `folder`; gives what execute.Request puts into the guest for them."""
    for name, text in cluufiles.items():
        (folder / name).mkdir()
        (folder / name / "Cluufile").write_text(text)
    return [(folder / name, f"/var/images/{name}") for name in cluufiles]
