# SPDX-License-Identifier: MIT
"""The images: manifests, the initial archive, the disk."""

import struct
import subprocess

import pytest

from cluu import disk, execute, initrd, tree
from cluu.say import Problem

MANIFEST = """
[files]
"/sbin/init" = "build:native/init"
"/etc/hostname" = "text:cluu\\n"
"/etc/all" = "tree:folder"
[directories]
"/tmp" = "1777"
"/home/admin" = "750"
[links]
"/bin/sh" = "busybox"
[owners]
"/home/admin" = "1000:1000"
[modes]
"/etc/hostname" = "600"
"""


@pytest.fixture
def entries(tmp_path, monkeypatch):
    (tmp_path / "native").mkdir()
    (tmp_path / "native" / "init").write_bytes(b"x" * 5000)
    (tmp_path / "folder" / "below").mkdir(parents=True)
    (tmp_path / "folder" / "below" / "file").write_text("text")
    (tmp_path / "folder" / "README.md").write_text("not for the image")
    monkeypatch.setattr(tree.paths, "ROOT", tmp_path)
    manifest = tmp_path / "m.toml"
    manifest.write_text(MANIFEST)
    return tree.read(manifest, tmp_path)[0]


def by_path(entries):
    return {entry.path: entry for entry in entries}


def test_a_manifest_makes_parents_modes_owners_and_links(entries):
    found = by_path(entries)
    assert found["/etc"].kind == "directory"
    assert found["/tmp"].mode == 0o1777
    assert (found["/etc/hostname"].mode, found["/etc/hostname"].content) == (0o600, b"cluu\n")
    assert (found["/home/admin"].uid, found["/home"].uid) == (1000, 0)
    assert (found["/bin/sh"].kind, found["/bin/sh"].content) == ("link", b"busybox")


def test_a_tree_comes_without_its_readme(entries):
    found = by_path(entries)
    assert found["/etc/all/below/file"].content == b"text"
    assert "/etc/all/README.md" not in found


def test_a_missing_file_is_named(tmp_path):
    manifest = tmp_path / "m.toml"
    manifest.write_text('[files]\n"/init" = "build:native/init"\n')
    with pytest.raises(Problem, match="/init .from .*native/init"):
        tree.read(manifest, tmp_path)


def test_an_unknown_table_is_refused(tmp_path):
    manifest = tmp_path / "m.toml"
    manifest.write_text("[fils]\n")
    with pytest.raises(Problem, match="fils"):
        tree.read(manifest, tmp_path)


def test_the_archive_is_a_cpio_with_large_files_on_pages(entries, tmp_path):
    data = initrd.archive(entries)
    assert data.index(b"x" * 5000) % initrd.PAGE == 0
    # An independent reader agrees about names and contents.
    subprocess.run(["busybox", "cpio", "-id", "--quiet"], input=data, cwd=_made(tmp_path / "out"), check=True)
    assert (tmp_path / "out" / "sbin" / "init").read_bytes() == b"x" * 5000
    assert (tmp_path / "out" / "etc/all/below/file").read_text() == "text"
    assert (tmp_path / "out" / "bin/sh").readlink().name == "busybox"


def elf(*segments: tuple[int, int, bytes, int]) -> bytes:
    """A program with these segments: flags, address, contents, bytes in memory."""
    headers, contents = b"", b""
    for flags, address, content, in_memory in segments:
        offset = 0x1000 + len(contents)
        headers += struct.pack("<IIQQQQQQ", 1, flags, offset, address, address, len(content), in_memory, 4096)
        contents += content.ljust(4096, b"\xee")  # what lies behind a segment in the file is not the program's
    head = struct.pack("<4sBBB9xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 2, 62, 1, 0x401000, 64, 0, 0, 64, 56, len(segments), 0, 0, 0)
    return (head + headers).ljust(0x1000, b"\0") + contents


def test_init_comes_first_and_in_pages():
    program = elf((5, 0x400000, b"code", 4), (6, 0x402010, b"data", 0x3000), (6, 0x700000, b"", 10), (4, 0x800000, b"", 0))
    entries = [tree.Entry("/", "directory", 0o755), tree.Entry("/a", "file", 0o644, content=b"a" * 5000),
               tree.Entry("/init", "file", 0o755, content=program)]
    data = initrd.archive(entries)
    magic, entry = struct.unpack_from("<8sQ", data, 4096)
    assert (magic, entry) == (b"CLUUBOOT", 0x401000)
    parts = [struct.unpack_from("<QQQQQ", data, 4096 + 16 + 40 * i) for i in range(8)]
    read_execute, read_write = 5, 3
    assert parts == [(0x400000, 1, 2, 1, read_execute), (0x402000, 4, 3, 1, read_write), (0x700000, 1, 4, 0, read_write)
                     ] + [(0, 0, 0, 0, 0)] * 5
    assert data[2 * 4096:3 * 4096] == b"code".ljust(4096, b"\0")
    assert data[3 * 4096:4 * 4096] == (bytes(16) + b"data").ljust(4096, b"\0")


def test_init_must_be_a_program():
    with pytest.raises(Problem, match="/init is not a program"):
        initrd.archive([tree.Entry("/init", "file", 0o755, content=b"x" * 5000)])
    with pytest.raises(Problem, match="9 parts"):
        initrd.boot_image(elf(*[(4, i << 20, b"x", 1) for i in range(9)]))


def _made(folder):
    folder.mkdir()
    return folder


def test_the_same_entries_give_the_same_disk(entries, tmp_path):
    disk.build(entries, tmp_path / "a.img")
    disk.build(entries, tmp_path / "b.img")
    assert (tmp_path / "a.img").read_bytes() == (tmp_path / "b.img").read_bytes()
    assert disk.check(tmp_path / "a.img") == ""


def test_files_go_into_a_disk_and_come_out(entries, tmp_path):
    image = tmp_path / "disk.img"
    disk.build(entries, image)
    editor = disk.Editor(image)
    editor.put(tmp_path / "folder", "/home/admin/a b/c")
    editor.put_bytes(bytes(range(256)), "/tmp/bytes")
    assert editor.get("/home/admin/a b", tmp_path / "got")
    assert (tmp_path / "got" / "c" / "below" / "file").read_text() == "text"
    assert editor.get("/tmp/bytes", tmp_path / "bytes")
    assert (tmp_path / "bytes").read_bytes() == bytes(range(256))
    assert not editor.get("/nothing", tmp_path / "nothing")
    assert disk.check(image) == ""


def test_a_disk_grows_for_what_is_put(entries, tmp_path):
    image = tmp_path / "disk.img"
    disk.build(entries, image)
    size = 100 << 20
    disk.make_room(image, size)
    with open(tmp_path / "big", "wb") as file:
        file.truncate(size)
    disk.Editor(image).put(tmp_path / "big", "/tmp/big")
    assert disk.check(image) == ""


def test_a_request_is_a_list_of_records():
    request = execute.Request(["echo", "a b"], directory="/tmp", environment=["X=1"])
    records = execute.records(request).split(b"\0")
    assert records[-4:] == [b"D/tmp", b"Aecho", b"Aa b", b""]
    assert b"EX=1" in records
