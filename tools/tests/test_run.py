# SPDX-License-Identifier: MIT
"""The disk of `./cluu run`: what a person wrote stays, also when the system's files are built anew."""

import os
from pathlib import Path

import pytest

from cluu import disk, run
from cluu.tree import Entry


def build(image: Path, version: bytes, time: int) -> None:
    disk.build([Entry("/", "directory", 0o755), Entry("/home", "directory", 0o755),
                Entry("/home/admin", "directory", 0o750, 1000, 1000),
                Entry("/version", "file", 0o644, content=version)], image)
    os.utime(image, (time, time))


def read(image: Path, path: str, work: Path) -> bytes | None:
    return (work / "read").read_bytes() if disk.Editor(image).get(path, work / "read") else None


@pytest.fixture
def system(tmp_path, monkeypatch):
    monkeypatch.setattr(run.paths, "BUILD", tmp_path)
    monkeypatch.setattr(run.paths, "DISK", tmp_path / "system.img")
    build(tmp_path / "system.img", b"one", 1000)
    return tmp_path


def test_files_in_home_outlive_a_new_system(system):
    own = run.own_disk(fresh=False)
    disk.Editor(own).put_bytes(b"mine", "/home/admin/notes", owner_like="/home/admin")
    assert read(run.own_disk(fresh=False), "/home/admin/notes", system) == b"mine"

    build(system / "system.img", b"two", 2000)
    own = run.own_disk(fresh=False)
    assert read(own, "/version", system) == b"two"
    assert read(own, "/home/admin/notes", system) == b"mine"
    assert disk.Editor(own)._owner("/home/admin/notes") == (1000, 1000)
    assert disk.check(own) == ""


def test_fresh_forgets_what_was_written(system):
    disk.Editor(run.own_disk(fresh=False)).put_bytes(b"mine", "/home/admin/notes")
    assert read(run.own_disk(fresh=True), "/home/admin/notes", system) is None
