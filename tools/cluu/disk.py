# SPDX-License-Identifier: MIT
"""The ext2 disk image, made and edited with e2fsprogs alone: no root, no mounting.

`build` makes the image from a manifest; `Editor` puts files into an image and takes files out of it. Both write scripts
for debugfs, which works on the image file directly.
"""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import tree
from .say import Problem

SIZE_MIB = 64
UUID = "c1000000-0000-4000-8000-000000000001"
# What libext2fs writes back without a journal or an index to keep: plain ext2.
FORMAT = ["-t", "ext2", "-b", "4096", "-I", "256", "-m", "0", "-L", "cluu", "-U", UUID,
          "-O", "none,filetype,sparse_super,large_file,ext_attr",
          "-E", f"hash_seed={UUID},lazy_itable_init=0,root_owner=0:0,nodiscard"]
ENVIRONMENT = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "LC_ALL": "C",
               "E2FSPROGS_FAKE_TIME": str(tree.TIME), "MKE2FS_CONFIG": "/dev/null"}


def build(entries: list[tree.Entry], output: Path) -> None:
    partial = output.with_suffix(".new")
    partial.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".staging-") as work:
        staging = Path(work) / "tree"
        _stage(entries, staging)
        _run(["mke2fs", "-q", "-F", *FORMAT, "-d", staging, partial, f"{SIZE_MIB}M"])
        # mke2fs copies owners and times from the staging tree, which are whoever's and whenever's.
        script = "".join(_attributes(e) for e in entries)
        _debugfs(partial, script + f"set_super_value mkfs_time @{tree.TIME}\nset_super_value wtime @{tree.TIME}\n"
                 f"set_super_value lastcheck @{tree.TIME}\n")
    partial.rename(output)


def _stage(entries: list[tree.Entry], staging: Path) -> None:
    for entry in entries:
        target = staging / entry.path.lstrip("/")
        if entry.kind == "directory":
            target.mkdir(exist_ok=True)
        elif entry.kind == "link":
            target.symlink_to(entry.content.decode())
        else:
            target.write_bytes(entry.content)


def _attributes(entry: tree.Entry) -> str:
    kind = {"directory": 0o040000, "file": 0o100000, "link": 0o120000}[entry.kind]
    lines = [("mode", f"0{kind | entry.mode:o}"), ("uid", entry.uid), ("gid", entry.gid)]
    lines += [(field, f"@{tree.TIME}") for field in ("atime", "ctime", "mtime", "crtime")]
    return "".join(f"set_inode_field {_quoted(entry.path)} {field} {value}\n" for field, value in lines)


class Editor:
    """Puts files into an image that nobody else uses, and takes files out of it."""

    def __init__(self, image: Path):
        self.image = image

    def put(self, source: Path, path: str, owner_like: str | None = None) -> None:
        """Copies a file or folder to `path` (which must not exist); folders on the way are made.

        It belongs to root, or to whom `owner_like`, a path in the image, belongs.
        """
        owner = self._owner(owner_like) if owner_like else (0, 0)
        lines: list[str] = []
        parts = path.strip("/").split("/")
        for depth in range(1, len(parts)):
            lines.append(f"mkdir {_quoted('/' + '/'.join(parts[:depth]))}")
        self._put(source, "/" + "/".join(parts), owner, lines)
        _debugfs(self.image, "\n".join(lines) + "\n", may_exist=True)
        kind = "Type: directory" if source.is_dir() else "Type: "
        if kind not in self._command(f"stat {_quoted(path)}"):
            raise Problem(f"'{source}' could not be written to the disk image (is it full?)")

    def put_bytes(self, content: bytes, path: str, owner_like: str | None = None) -> None:
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            self.put(Path(file.name), path, owner_like)

    def _put(self, source: Path, path: str, owner: tuple[int, int], lines: list[str]) -> None:
        if source.is_symlink():
            lines.append(f"symlink {_quoted(path)} {_quoted(os.readlink(source))}")
        elif source.is_dir():
            lines.append(f"mkdir {_quoted(path)}")
            for child in sorted(source.iterdir()):
                self._put(child, f"{path}/{child.name}", owner, lines)
        elif source.is_file():
            lines.append(f"write {_quoted(str(source.resolve()))} {_quoted(path)}")
        else:
            raise Problem(f"'{source}' does not exist or is neither a file nor a folder")
        if not source.is_symlink():
            kind = 0o040000 if source.is_dir() else 0o100000
            mode = kind | (source.stat().st_mode & 0o777)
            lines += [f"set_inode_field {_quoted(path)} {f} {v}" for f, v in
                      (("mode", f"0{mode:o}"), ("uid", owner[0]), ("gid", owner[1]))]

    def _owner(self, path: str) -> tuple[int, int]:
        found = re.search(r"User:\s+(\d+)\s+Group:\s+(\d+)", self._command(f"stat {_quoted(path)}"))
        return (int(found[1]), int(found[2])) if found else (0, 0)

    def get(self, path: str, target: Path) -> bool:
        """Copies a file or folder of the image to `target`; False if the image has no such path."""
        text = self._command(f"stat {_quoted(path)}")
        if "Type: directory" in text:
            with tempfile.TemporaryDirectory(dir=target.parent) as work:
                self._command(f"rdump {_quoted(path)} {_quoted(work)}")
                if target.exists():
                    shutil.copytree(Path(work) / path.rsplit("/", 1)[1], target, symlinks=True, dirs_exist_ok=True)
                else:
                    shutil.move(Path(work) / path.rsplit("/", 1)[1], target)
            return True
        if "Type: regular" in text:
            self._command(f"dump -p {_quoted(path)} {_quoted(str(target))}")
            return True
        return False

    def _command(self, command: str) -> str:
        result = subprocess.run(["debugfs", "-R", command, self.image], capture_output=True, env=ENVIRONMENT)
        return result.stdout.decode("utf-8", "replace")


def make_room(image: Path, size: int) -> None:
    """Enlarges the image, if it must be, so that `size` more bytes fit easily."""
    header = _run(["dumpe2fs", "-h", image]).stdout
    free = int(re.search(r"^Free blocks:\s+(\d+)", header, re.MULTILINE)[1]) * 4096
    wanted = size * 11 // 10 + (8 << 20)
    if free < wanted:
        os.truncate(image, image.stat().st_size + (wanted - free + 4095) // 4096 * 4096)
        _run(["resize2fs", "-f", image])


def check(image: Path) -> str:
    """e2fsck's verdict without changing anything: empty if the file system is clean."""
    result = subprocess.run(["e2fsck", "-fn", image], capture_output=True, text=True, env=ENVIRONMENT)
    return "" if result.returncode == 0 else result.stdout + result.stderr


def _quoted(text: str) -> str:
    if "\n" in text or "\0" in text:
        raise Problem(f"a path with a line break cannot be put into an image: {text!r}")
    return '"' + text.replace('"', '""') + '"'


def _debugfs(image: Path, script: str, may_exist: bool = False) -> None:
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(script)
        file.flush()
        result = _run(["debugfs", "-w", "-f", file.name, image])
    for line in result.stderr.splitlines():
        harmless = line.startswith("debugfs 1.") or (may_exist and "already exists" in line)
        if line.strip() and not harmless:
            raise Problem(f"the disk image {image.name} could not be written: {line}")


def _run(command: list) -> subprocess.CompletedProcess:
    result = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    if result.returncode != 0:
        raise Problem(f"{command[0]} failed: {(result.stderr or result.stdout).strip()}")
    return result
