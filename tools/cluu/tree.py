# SPDX-License-Identifier: MIT
"""What goes into an image: reads a manifest (tools/images/*.toml) into a sorted list of entries.

    ports = ["NAME", ...]   on one line: all that these ports have staged (tools/cluu/port.py)
    [files]        "/path/in/image" = "KIND:REST"
                   build:  a file of build/<preset>, stripped of symbols        "build:native/init"
                   repo:   a file of the repository                             "repo:containers/base"
                   host:   a file of the build machine, from a Debian package   "host:/bin/busybox"
                   text:   the text itself                                      "text:cluu\\n"
                   tree:   a folder of the repository with all below it         "tree:containers"
    [directories]  "/path" = "mode in octal"; parents of files need not be named
    [links]        "/path" = "target of the symbolic link"
    [applets]      "/bin/busybox" = "/bin": a link in that folder for every name the program's `--list` prints
    [usages]       "/path" = "/bin/busybox": a file in that folder for every such name, with what the program says on its use
    [keyboards]    "/path" = ["us", ...]: these keyboard layouts (tools/cluu/keyboard.py), a file each in that folder
    [owners]       "/path" = "uid:gid", for it and all below; otherwise 0:0
    [modes]        "/path" = "mode in octal", where 0755 for programs and 0644 for other files is wrong

Every entry has the same fixed time, so that the same sources give the same image.
"""

import subprocess
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import keyboard, paths
from .say import Problem

TIME = 1767225600  # 2026-01-01T00:00:00Z


@dataclass
class Entry:
    path: str
    kind: str  # "directory", "file" or "link"
    mode: int
    uid: int = 0
    gid: int = 0
    content: bytes = b""


def read(manifest: Path, out: Path, more_ports: Iterable[str] = ()) -> tuple[list[Entry], list[Path]]:
    """The entries, sorted by path, and the files that they were made from; with those of more ports than it names."""
    tables = tomllib.loads(manifest.read_text())
    unknown = set(tables) - {"files", "directories", "links", "applets", "usages", "keyboards", "owners", "modes", "ports"}
    if unknown:
        raise Problem(f"{manifest}: unknown table [{sorted(unknown)[0]}]")
    entries: dict[str, Entry] = {"/": Entry("/", "directory", 0o755)}

    def add(entry: Entry) -> None:
        parent = entry.path.rsplit("/", 1)[0] or "/"
        if parent not in entries:
            add(Entry(parent, "directory", 0o755))
        entries[entry.path] = entry

    for path, mode in tables.get("directories", {}).items():
        add(Entry(path, "directory", int(mode, 8)))
    missing: list[str] = []
    used: list[Path] = [manifest]
    for path, source in tables.get("files", {}).items():
        kind, _, rest = source.partition(":")
        if kind == "tree":
            # A folder's own time changes when a file comes or goes.
            used += [paths.ROOT / rest, *sorted((paths.ROOT / rest).rglob("*"))]
            for entry in _folder(path, paths.ROOT / rest):
                add(entry)
        elif kind == "text":
            add(Entry(path, "file", 0o644, content=rest.encode()))
        else:
            file = {"build": out, "repo": paths.ROOT, "host": Path("/")}[kind] / rest.lstrip("/")
            if not file.is_file():
                missing.append(f"{path} (from {file})")
                continue
            used.append(file)
            add(_file(path, file, strip=kind == "build", out=out))
    for name in {*tables.get("ports", []), *more_ports}:
        image = paths.PORTS / name / "image"
        if not image.is_dir():
            missing.append(f"the port {name} (in {image})")
        used.append(paths.PORTS / name / "built")
        for entry in _folder("/", image):
            if entry.kind == "file" or entry.path not in entries:
                add(entry)
    if missing:
        raise Problem(f"{manifest.name} names files that are not there: " + ", ".join(missing))
    for program, folder in tables.get("applets", {}).items():
        for name in _applets(program):
            if f"{folder}/{name}" not in entries:
                add(Entry(f"{folder}/{name}", "link", 0o777, content=program.rsplit("/", 1)[1].encode()))
    for folder, program in tables.get("usages", {}).items():
        for name in _applets(program):
            if f"{folder}/{name}" not in entries:  # a page of ours says more
                add(Entry(f"{folder}/{name}", "file", 0o644, content=_usage(program, name)))
    for folder, names in tables.get("keyboards", {}).items():
        for name in names:
            add(Entry(f"{folder}/{name}", "file", 0o644, content=keyboard.layout(name)))
    for path, target in tables.get("links", {}).items():
        add(Entry(path, "link", 0o777, content=target.encode()))
    _attributes(entries, tables)
    return [entries[path] for path in sorted(entries)], used


def _attributes(entries: dict[str, Entry], tables: dict) -> None:
    for path, mode in tables.get("modes", {}).items():
        entries[path].mode = int(mode, 8)
    for path, owner in tables.get("owners", {}).items():
        for entry in entries.values():
            if entry.path == path or entry.path.startswith(path.rstrip("/") + "/"):
                entry.uid, entry.gid = (int(x) for x in owner.split(":"))


def _folder(path: str, folder: Path) -> list[Entry]:
    result = []
    for file in sorted(folder.rglob("*")):
        below = f"{path.rstrip('/')}/{file.relative_to(folder)}"
        if file.is_dir():
            result.append(Entry(below, "directory", 0o755))
        elif file.name not in ("README.md", "CMakeLists.txt"):
            result.append(_file(below, file))
    return result


def _file(path: str, file: Path, strip: bool = False, out: Path | None = None) -> Entry:
    content = file.read_bytes()
    is_elf = content[:4] == b"\x7fELF"
    if strip and is_elf:
        content = _stripped(file, out)
    # A Cluufile is executed to start its container.
    is_program = is_elf or content[:2] == b"#!" or file.name == "Cluufile"
    return Entry(path, "file", 0o755 if is_program else 0o644, content=content)


def _stripped(file: Path, out: Path) -> bytes:
    copy = out / "images" / "stripped" / file.name
    if not copy.exists() or copy.stat().st_mtime < file.stat().st_mtime:
        copy.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["llvm-strip-19", "--strip-all", "-o", copy, file], check=True)
    return copy.read_bytes()


def _applets(program: str) -> list[str]:
    # The program is a Linux program of the build machine too: it knows its own names best.
    return subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout.split()


def _usage(program: str, name: str) -> bytes:
    # A name that does not know --help ignores it, or says it.
    result = subprocess.run([program, name, "--help"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    _banner, found, text = (result.stdout + result.stderr).partition(b"\nUsage: ")
    if not found:
        return f"usage: {name}\n\nNothing more is told about it.\n".encode()
    return b"usage: " + text.rstrip() + b"\n"
