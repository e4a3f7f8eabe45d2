# SPDX-License-Identifier: MIT
"""Images from elsewhere: archives as `docker save` and OCI layouts have them, made here, imported, run, and exported."""

import gzip
import hashlib
import io
import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from cluu import debian, execute, paths

BOSS = "PROFILE vfs supervisor\nMOUNT / inherit\nENTRYPOINT /bin/busybox sh -c\n"
SECONDS = 120


def tar(*entries) -> bytes:
    """Each is a path with content, a path that ends in / with nothing, a path and where it links to, or a TarInfo."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                archive.addfile(entry)
                continue
            path, content = entry
            info = tarfile.TarInfo(path)
            info.mode = 0o755
            if path.endswith("/"):
                info.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
            else:
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content) if isinstance(content, bytes) else None)
    return out.getvalue()


def special(path: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(path)
    info.type, info.linkname, info.devmajor, info.devminor = kind, target, 1, 3
    return info


def zstd(content: bytes) -> bytes:
    return subprocess.run(["zstd", "-q", "-c"], input=content, stdout=subprocess.PIPE, check=True).stdout


def digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def config(layers: list[bytes], run: dict) -> bytes:
    return json.dumps({"architecture": "amd64", "os": "linux", "config": run,
                       "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in layers]}}).encode()


def saved(name: str, layers: list[bytes], run: dict) -> bytes:
    names = [f"{i}/layer.tar" for i in range(len(layers))]
    manifest = [{"Config": "config.json", "RepoTags": [f"somebody/{name}:1.0"], "Layers": names}]
    return tar(*zip(names, layers), ("config.json", config(layers, run)), ("manifest.json", json.dumps(manifest).encode()))


def layout(layers: list[bytes], run: dict, pack=gzip.compress) -> bytes:
    packed = [pack(layer) for layer in layers]
    described = config(layers, run)
    manifest = json.dumps({"schemaVersion": 2, "config": {"digest": digest(described), "size": len(described)},
                           "layers": [{"digest": digest(layer), "size": len(layer)} for layer in packed]}).encode()
    index = {"schemaVersion": 2, "manifests": [{"digest": digest(manifest), "size": len(manifest)}]}
    blobs = [("blobs/sha256/" + digest(blob)[7:], blob) for blob in (manifest, described, *packed)]
    return tar(("oci-layout", b'{"imageLayoutVersion": "1.0.0"}'), ("index.json", json.dumps(index).encode()), *blobs)


def good_archives() -> dict[str, bytes]:
    busybox = open("/bin/busybox", "rb").read()
    program = (paths.OUT / "linux/memory_limit").read_bytes()
    low = tar(("bin/", None), ("bin/busybox", busybox), ("bin/sh", "busybox"), ("bin/cat", "/bin/busybox"), ("tmp/", None),
              ("etc/passwd", b"root:x:0:0::/:/bin/sh\nguest:x:405:100::/:/bin/sh\n"), ("etc/old", b"old\n"), ("srv/", None),
              ("opt/low", b"low\n"))
    high = tar(("etc/.wh.old", b""), ("etc/motd", b"welcome\n"), ("opt/high", b"high\n"), ("opt/.wh..wh..opq", b""))
    run = {"Cmd": ["sh", "-c", "cat /etc/motd /opt/*; pwd; id -u; echo $KIND; ls /etc /opt"],
           "Env": ["PATH=/bin", "KIND=imported one"], "WorkingDir": "/srv", "User": "guest"}
    return {
        "little.tar.gz": gzip.compress(saved("little", [low, high], run)),
        "layered.tar.zst": zstd(layout([low, high], run, zstd)),
        "shell.tar": saved("shellish", [low], {"Entrypoint": ["/bin/sh", "-c"]}),
        "scratch.tar": layout([tar(("program", program))], {"Entrypoint": ["/program"], "Cmd": ["sparse"]}),
    }


def hostile_archives() -> dict[str, tuple[bytes, str]]:
    """Each with what its refusal must say."""
    run = {"Cmd": ["/x"]}
    file = ("x", b"x")

    def of(*entries) -> bytes:
        return saved("hostile", [tar(file, *entries)], run)

    whole = of()
    lying = tar(file)[:1024]
    lie = tarfile.TarInfo("long")
    lie.size = 1 << 39
    return {
        "climbing": (of(("../../../../home/admin/out", b"out")), "'../../../../home/admin/out' leads out of the image"),
        "absolute": (of(("/home/admin/out", b"out")), "'/home/admin/out' is an absolute path"),
        "link-out": (of(("l", "../../home/admin")), "'l' is a link that leads out of the image"),
        "through-link": (of(("l", "/home/admin"), ("l/out", b"out")), "'l' leads through a link"),
        "hard-link": (of(special("h", tarfile.LNKTYPE, "../../../../etc/users.toml")), "leads out of the image"),
        "hard-link-by-link": (of(("l", "/etc"), special("h", tarfile.LNKTYPE, "l/users.toml")), "leads through a link"),
        "device": (of(special("null", tarfile.CHRTYPE)), "'null' is a device or a pipe"),
        "pipe": (of(special("p", tarfile.FIFOTYPE)), "'p' is a device or a pipe"),
        "lying": (saved("hostile", [lying + lie.tobuf()], run), "layer 1: it ends too early"),
        "bomb": (gzip.compress(gzip.compress(b"\0" * (64 << 20)) * 40), "it is damaged, or no tar archive"),
        "bomb-layer": (layout([tar(file, ("zeros", b"\0" * (96 << 20)))], run), "No space left on device"),
        "cut": (gzip.compress(whole)[:-20], "cut off"),
        "changed": (whole.replace(b"x" + bytes(511), b"y" + bytes(511), 1), "not what the configuration says"),
        "nothing": (b"no archive at all", "it ends too early"),
        "directive": (saved("hostile", [tar(file)], {"Cmd": ["/x", "a\nPROFILE", "admin"]}), "control characters"),
        "two": (tar(("manifest.json", b"[{},{}]")), "it holds 2 images"),
        "arm": (whole.replace(b"amd64", b"arm64", 1), "an image for linux on arm64"),
    }


def alpine(folder) -> bytes:
    """As Alpine has it: one busybox with links for its tools, an /etc of its own, and programs on musl's loader."""
    program = folder / "greet"
    subprocess.run(["musl-gcc", "-x", "c", "-o", program, "-"], check=True, input=b'''
#include <pwd.h>
#include <stdio.h>
int main(void) { printf("%s of ", getpwuid(405)->pw_name); printf("%s\\n", getpwuid(0)->pw_dir); return 7; }
''')
    assert b"/lib/ld-musl-x86_64.so.1" in program.read_bytes(), "it is not linked dynamically"
    tools = [(f"bin/{name}", "/bin/busybox") for name in ("sh", "ls", "cat", "echo", "id", "grep", "sed", "mkdir", "rm")]
    low = tar(("bin/", None), ("bin/busybox", open("/bin/busybox", "rb").read()), *tools, ("lib/", None),
              ("lib/ld-musl-x86_64.so.1", open("/lib/ld-musl-x86_64.so.1", "rb").read()), ("lib/libc.musl-x86_64.so.1", "ld-musl-x86_64.so.1"),
              ("usr/", None), ("usr/bin/", None), ("usr/bin/env", "../../bin/busybox"), ("usr/bin/greet", program.read_bytes()),
              ("etc/passwd", b"root:x:0:0:root:/root:/bin/ash\nguest:x:405:100:guest:/dev/null:/sbin/nologin\n"),
              ("etc/group", b"root:x:0:root\nusers:x:100:\n"), ("etc/os-release", b'NAME="Alpine-like"\n'), ("etc/mtab", "/proc/mounts"),
              ("proc/", None), ("dev/", None), ("sys/", None), ("tmp/", None), ("run/", None), ("var/run", "../run"), ("root/", None))
    run = {"Cmd": ["/bin/sh"], "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}
    return gzip.compress(saved("alpine", [low], run))


def formatter() -> Path:
    """A static program in Go."""
    return debian.unpacked("shfmt") / "usr/bin/shfmt"


HOSTILE = hostile_archives()


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archives")
    put = []
    (folder / "Cluufile").write_text(BOSS)
    put.append((folder / "Cluufile", "/var/images/boss/Cluufile"))
    go = saved("formatter", [tar(("formatter", formatter().read_bytes()))], {"Entrypoint": ["/formatter"], "Cmd": ["-i", "2"]})
    archives = good_archives() | {"alpine.tar.gz": alpine(folder), "go.tar.gz": gzip.compress(go)} | {name: archive for name, (archive, _) in HOSTILE.items()}
    for name, content in archives.items():
        (folder / name).write_bytes(content)
        put.append((folder / name, f"/home/admin/{name}"))
    session = execute.Session(execute.Request(["true"], put=put), logs=tmp_path_factory.mktemp("guest"))
    yield session
    session.close()


def boss(guest, script: str, timeout: float = SECONDS):
    return guest.run("container", "run", "boss", script, timeout=timeout)


def text(result) -> str:
    return (result.output + result.errors).decode(errors="replace")


SAYS = b"welcome\nhigh\n/srv\n405\nimported one\n/etc:\nmotd\npasswd\n\n/opt:\nhigh\n"


@pytest.mark.parametrize(("archive", "name"), [("little.tar.gz", "little"), ("layered.tar.zst", "layered")])
def test_an_image_of_layers_runs_as_it_says(guest, archive, name):
    result = boss(guest, f"container import /home/admin/{archive} && container run {name}")
    assert result.output == name.encode() + b"\n" + SAYS, text(result)


def test_an_imported_image_has_its_own_files_and_no_others(guest):
    assert boss(guest, "container import /home/admin/shell.tar").output == b"shellish\n"
    shown = boss(guest, "container run shellish 'echo /* /etc/* /dev/*; cat /etc/old; echo x > /tmp/x; cat /tmp/x'")
    assert shown.output == b"/bin /etc /opt /srv /tmp /etc/old /etc/passwd /dev/*\nold\nx\n", text(shown)
    for change in ("echo x > /etc/old", "busybox rm /etc/old", "busybox mkdir /new", "cat /../../../etc/users.toml", "cat /proc/1/comm"):
        refused = boss(guest, f"container run shellish '{change}'")
        assert refused.status != 0, text(refused)
    assert b"old\n" == guest.run("cat", "/var/images/shellish/root/etc/old").output
    explained = text(boss(guest, "container explain shellish"))
    assert "read its image's own files" in explained and "see any other file" in explained


def test_a_further_program_is_the_images_own(guest):
    # The system has an `ls`, and the image has none.
    result = boss(guest, "container run -d --name open shellish 'busybox sleep 1000' > /dev/null; container exec open sh -c 'echo /etc/*'; "
                         "container exec open ls /; container stop -t 0 open; container rm open")
    assert result.output == b"/etc/old /etc/passwd\nopen\nopen\n" and "open: ls: No such file" in text(result), text(result)


def test_an_image_like_alpines_runs(guest):
    result = boss(guest, "container import /home/admin/alpine.tar.gz && container run alpine -c '"
                         "greet; echo $?; grep NAME /etc/os-release; ls /; mkdir /run/lock && ls /var/run; echo x > /etc/x; env | grep ^PATH'")
    assert result.output == (b"alpine\nguest of /root\n7\nNAME=\"Alpine-like\"\nbin\ndev\netc\nlib\nproc\nroot\nrun\nsys\ntmp\nusr\nvar\nlock\n"
                             b"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"), text(result)
    assert b"can't create /etc/x: Read-only file system" in result.errors, text(result)


def test_a_program_from_scratch_runs(guest):
    result = boss(guest, "container import /home/admin/scratch.tar tiny && container run tiny")
    assert result.output == b"tiny\nsparse, then Out of memory\n", text(result)


def test_a_program_in_go_from_scratch_runs(guest):
    script = "if [ -e x ];then for i in 1 2;do echo $i|cat;done;fi\n"
    here = subprocess.run([formatter(), "-i", "2"], input=script.encode(), stdout=subprocess.PIPE, check=True).stdout
    result = boss(guest, "container import /home/admin/go.tar.gz && printf '%s' \"" + script.replace("$", "\\$") + "\" | container run formatter")
    assert result.output == b"formatter\n" + here, text(result)
    assert here != script.encode()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_bad_archive_is_refused_and_leaves_nothing_behind(guest, name):
    before = guest.shell("ls -a / /var/images /home/admin; cat /etc/users.toml").output
    result = boss(guest, f"container import /home/admin/{name} bad")
    assert result.status == 1 and text(result).startswith(f"container: /home/admin/{name}: "), text(result)
    assert HOSTILE[name][1] in text(result), text(result)
    assert guest.shell("ls -a / /var/images /home/admin; cat /etc/users.toml").output == before


def test_an_image_that_was_imported_is_replaced(guest):
    result = boss(guest, "for i in 1 2; do container import /home/admin/scratch.tar once; done; container run once; container import /home/admin/scratch.tar cat; container rmi once")
    assert result.output.startswith(b"once\nonce\n") and result.output.endswith(b"Deleted: once\n"), text(result)
    assert b"there is an image 'cat' already, which is not one that was built or imported" in result.errors, text(result)


def test_what_is_exported_can_be_imported_and_runs_the_same(guest):
    result = boss(guest, "cd /home/admin && container import little.tar.gz first && container export first first.tar && "
                         "container import first.tar second && container run second && container export second second.tar && "
                         "container import second.tar third && diff -r /var/images/second /var/images/third && rm *[dt].tar")
    assert result.output == b"first\nsecond\n" + SAYS + b"third\n", text(result)


@pytest.mark.parametrize(("words", "why"), [("cat out.tar", "no files of its own"), ("none out.tar", "No such file"),
                                            ("shellish shell.tar", "File exists")])
def test_what_cannot_be_exported_leaves_nothing_behind(guest, words, why):
    before = guest.shell("ls -l /home/admin").output
    result = boss(guest, f"cd /home/admin; container export {words}")
    assert result.status == 1 and why in text(result), text(result)
    assert guest.shell("ls -l /home/admin").output == before


def test_whoever_reads_archives_can_do_nothing_else(guest):
    shown = text(guest.run("container", "images", "oci"))
    assert "/var/images inherit, 128.0 MiB, 1 processes" in shown and "supervisor" not in shown
