# SPDX-License-Identifier: MIT
"""The builder of ports: with a Debian archive of one package, made here; nothing is asked of the network."""

import hashlib
import multiprocessing
import os
import select
import subprocess
import tarfile

import pytest

from cluu import debian, port
from cluu.say import Problem

SECONDS = 60
PROGRAM = "int main(void) { return 42; }\n"
BUILD = "$CC -static -o forty two.c && echo built >> $PORTS/count"


def archive_of_one_package(folder):
    """A flat archive with the source package `forty` in version 4.2; returns the hashes of its files."""
    source = folder / "forty-4.2"
    source.mkdir(parents=True)
    (source / "two.c").write_text(PROGRAM)
    with tarfile.open(folder / "forty_4.2.tar.gz", "w:gz") as tar:
        tar.add(source, "forty-4.2")
    ball = (folder / "forty_4.2.tar.gz").read_bytes()
    entry = f"{hashlib.sha256(ball).hexdigest()} {len(ball)} forty_4.2.tar.gz"
    head = "Format: 1.0\nBinary: forty\nArchitecture: any\nVersion: 4.2\nMaintainer: nobody\n"
    (folder / "forty_4.2.dsc").write_text(f"{head}Source: forty\nChecksums-Sha256:\n {entry}\n"
                                          f"Files:\n {hashlib.md5(ball).hexdigest()} {len(ball)} forty_4.2.tar.gz\n")
    description = (folder / "forty_4.2.dsc").read_bytes()
    hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
              for name in ("forty_4.2.dsc", "forty_4.2.tar.gz")}
    (folder / "Packages").touch()
    (folder / "Sources").write_text(
        f"Package: forty\n{head}Directory: .\nChecksums-Sha256:\n {hashes['forty_4.2.dsc']} {len(description)} "
        f"forty_4.2.dsc\n {entry}\n")
    return hashes


def add_binary_package(folder, name, depends):
    """Adds the package in version 1.0, with the one file /usr/share/NAME, to the archive."""
    tree = folder / name
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "usr/share").mkdir(parents=True)
    (tree / "usr/share" / name).write_text(f"of {name}\n")
    head = f"Package: {name}\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody\nDescription: none\nDepends: {depends}\n"
    (tree / "DEBIAN/control").write_text(head)
    subprocess.run(["dpkg-deb", "--build", tree, folder / f"{name}.deb"], check=True, capture_output=True)
    content = (folder / f"{name}.deb").read_bytes()
    with open(folder / "Packages", "a") as index:
        index.write(f"{head}Filename: {name}.deb\nSize: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}\n\n")


def recipe(root, hashes, version="4.2", build=BUILD, made="forty", more=""):
    folder = root / "ports" / "forty"
    folder.mkdir(parents=True, exist_ok=True)
    sources = "".join(f'"{name}" = "{value}"\n' for name, value in hashes.items())
    (folder / "port.toml").write_text(f'package = "forty"\nversion = "{version}"\nsuite = "./"\n{more}build = """\n{build}\n"""\n'
                                      f'[sources]\n{sources}[image]\n"/usr/bin/forty" = "{made}"\n')
    return folder


@pytest.fixture
def place(tmp_path, monkeypatch):
    for name, path in (("ROOT", tmp_path), ("BUILD", tmp_path / "build"), ("PORTS", tmp_path / "build" / "ports")):
        monkeypatch.setattr(port.paths, name, path)
    here = "".join(f"{kind} [trusted=yes] copy:{tmp_path}/archive ./\n" for kind in ("deb", "deb-src"))
    monkeypatch.setattr(debian, "_source_lines", lambda suite: here)
    return tmp_path


@pytest.fixture
def hashes(place):
    return archive_of_one_package(place / "archive")


def times_built(place) -> int:
    return len((place / "build/ports/count").read_text().splitlines())


def test_a_port_is_built_once_and_again_when_it_changes(place, hashes):
    folder = recipe(place, hashes)
    (folder / "Cluufile").write_text("FROM minimal\n")
    image = port.make("forty")
    assert subprocess.run([image / "usr/bin/forty"], check=False).returncode == 42
    assert (image / "var/images/forty/Cluufile").read_text() == "FROM minimal\n"
    (folder / "Cluufile").write_text("FROM minimal\nPROFILE vfs\n")
    port.make("forty")
    assert "PROFILE" in (image / "var/images/forty/Cluufile").read_text()
    assert times_built(place) == 1
    recipe(place, hashes, build=BUILD + "  # differently")
    port.make("forty")
    assert times_built(place) == 2


def test_what_a_port_needs_is_built_before_and_its_change_builds_both(place, hashes):
    library = place / "ports" / "library"
    recipe(place, hashes).rename(library)
    recipe(place, hashes, build="test -d $PORTS/library/prefix\n" + BUILD, more='needs = ["library"]\n')
    text = (library / "port.toml").read_text().replace("two.c", "two.c && mkdir $PREFIX")
    (library / "port.toml").write_text(text)
    port.make("forty")
    assert times_built(place) == 2
    (library / "port.toml").write_text(text.replace("-static", "-O1 -static"))
    port.make("forty")
    assert times_built(place) == 4


def test_a_build_finds_its_packages_and_what_this_machine_lacks_of_what_they_need(place, hashes):
    add_binary_package(place / "archive", "forty-tool", "forty-data, dpkg")  # this machine has dpkg, the archive does not
    add_binary_package(place / "archive", "forty-data", "dpkg")
    more = """packages = { forty-tool = "1.0" }\n"""
    recipe(place, hashes, build="cat $PACKAGES/usr/share/forty-* > $PORTS/found\n" + BUILD, more=more)
    port.make("forty")
    assert (place / "build/ports/found").read_text() == "of forty-data\nof forty-tool\n"
    recipe(place, hashes, more=more.replace("1.0", "1.1"))
    with pytest.raises(Problem, match="could be had from Debian's suite './': forty-tool=1.1(.|\n)*Version '1.1'"):
        port.make("forty")


def test_a_version_that_is_gone_is_named_with_what_there_is(place, hashes):
    recipe(place, hashes, version="4.1")
    with pytest.raises(Problem, match=r"no source package 'forty' in version 4.1; it has 4.2"):
        port.make("forty")


def test_another_hash_is_refused_and_nothing_is_built(place, hashes):
    recipe(place, {**hashes, "forty_4.2.tar.gz": "0" * 64})
    with pytest.raises(Problem, match=rf"not the one that was asked for(.|\n)*{hashes['forty_4.2.tar.gz']}"):
        port.make("forty")
    assert not (place / "build/ports/count").exists()


def test_an_archive_that_cannot_be_reached_is_said(place, hashes):
    recipe(place, hashes)
    os.rename(place / "archive", place / "elsewhere")
    with pytest.raises(Problem, match="archive cannot be reached"):
        port.make("forty")


def test_a_failed_build_shows_the_error_and_is_tried_again(place, hashes):
    recipe(place, hashes, build="echo 'x.c:1: error: no such thing'; seq 1000; exit 3")
    with pytest.raises(Problem, match="error: no such thing"):
        port.make("forty")
    recipe(place, hashes)
    assert (port.make("forty") / "usr/bin/forty").exists()


def test_nothing_of_a_build_is_left_when_its_builder_is_killed(place, hashes):
    recipe(place, hashes, build="exec 9> $PORTS/alive; sleep 1000 & sleep 1000")
    (place / "build/ports").mkdir(parents=True)
    os.mkfifo(place / "build/ports/alive")
    builder = multiprocessing.get_context("fork").Process(target=port.make, args=["forty"])
    builder.start()
    with open(place / "build/ports/alive", "rb") as alive:  # opened when the build has opened it
        builder.kill()
        ended, _, _ = select.select([alive], [], [], SECONDS)  # when nobody has it open any more
    assert ended
    builder.join()


@pytest.mark.parametrize("change, sentence", [
    ({"made": "fifty"}, "the build did not make 'fifty'"),
    ({"build": "gcc -o forty two.c"}, "'forty' is not linked statically"),
    ({"more": "colour = 1\n"}, "unexpected keyword argument 'colour'"),
])
def test_mistakes_in_a_recipe_are_said(place, hashes, change, sentence):
    recipe(place, hashes, **change)
    with pytest.raises(Problem, match=sentence):
        port.make("forty")


def test_a_port_that_is_not_there_is_answered_with_those_that_are(place, hashes):
    recipe(place, hashes)
    with pytest.raises(Problem, match="no port 'fourty'; there are: forty"):
        port.make("fourty")
