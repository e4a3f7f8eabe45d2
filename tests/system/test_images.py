# SPDX-License-Identifier: MIT
"""The images: sound, reproducible, and holding what they should."""

import subprocess

from cluu import disk, paths


def test_the_disk_is_a_clean_file_system():
    assert disk.check(paths.DISK) == ""


def test_the_disk_has_the_folders_that_people_expect(tmp_path):
    text = subprocess.run(["debugfs", "-R", "ls -p /", paths.DISK], capture_output=True, text=True,
                          env=disk.ENVIRONMENT).stdout
    names = {line.split("/")[5] for line in text.splitlines() if line.count("/") >= 6}
    assert {"bin", "dev", "etc", "home", "proc", "root", "tmp", "usr", "var"} <= names


def test_images_are_the_same_however_often_they_are_built(tmp_path):
    for kind, manifest, image in (("disk", "disk", paths.DISK), ("initrd", "initrd", paths.INITRD)):
        again = tmp_path / image.name
        subprocess.run(["/usr/bin/python3", "-m", "cluu.images", kind, paths.ROOT / f"tools/images/{manifest}.toml", again,
                        "--build", paths.OUT], check=True, cwd=paths.ROOT / "tools")
        assert again.read_bytes() == image.read_bytes()


def test_the_iso_boots_from_a_hard_disk_too():
    # A hybrid has a boot sector where a disk has one, and a partition table of its own.
    assert paths.ISO.read_bytes()[510:512] == b"\x55\xaa"
