# SPDX-License-Identifier: MIT
"""Builds an image from a manifest, and says in a dependency file (as compilers do) what it was made from."""

import argparse
import sys
from pathlib import Path

from . import disk, initrd, tree
from .say import Problem

BUILDERS = {"disk": disk.build, "initrd": initrd.build, "bench_initrd": initrd.build, "kernel_test_initrd": initrd.build,
            "kernel_rounds_initrd": initrd.build, "kernel_nightly_initrd": initrd.build}


def main() -> None:
    parser = argparse.ArgumentParser(description="Build an image from a manifest.")
    parser.add_argument("kind", choices=BUILDERS)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--build", type=Path, required=True, help="the build folder")
    parser.add_argument("--depfile", type=Path)
    arguments = parser.parse_args()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    entries, used = tree.read(arguments.manifest, arguments.build)
    BUILDERS[arguments.kind](entries, arguments.output)
    if arguments.depfile:
        names = " ".join(str(path).replace(" ", "\\ ") for path in used)
        arguments.depfile.write_text(f"{arguments.output}: {names}\n")


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        sys.exit(f"cluu: {problem}")
