# SPDX-License-Identifier: MIT
"""`./cluu port NAME`: builds a foreign program from Debian's source package, as ports/NAME/port.toml says:

    package, version, suite     the source package, the version that it must have, and the suite of Debian that has it
    needs = ["NAME"]            ports that are built before; what they install for it is below $PORTS/NAME/prefix
    [packages]                  "binary package" = "its version": what the build needs of the same suite, and nobody else;
                                unpacked below $PACKAGES, with what this machine lacks of what they depend on
    build = "..."               lines for bash, which run in the unpacked source
    [sources]                   "file of the source package" = "its SHA-256"
    [image]                     "/path/in/image" = "file or folder below the unpacked source"

The lines find in their environment: CC (musl-gcc, with Linux's headers, behind ccache), JOBS (how many processes make may
start), PORT (the port's folder in the repository), PORTS (where all are built), PACKAGES, PREFIX (where to install what
other ports need).

All is made below build/ports/NAME: `source`, `packages`, `build.log`, `prefix`, and `image`, the files as they stand in CLUU, with the
Cluufile beside port.toml as /var/images/NAME/Cluufile. `built` says what it was built from; it is built again when that
has changed.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from . import debian, paths, tree
from .say import Problem, note, progress

LOG_LINES, LOG_COLUMNS = 30, 200  # of a failed build that are shown
# A build's first line: when nothing can come any more from its standard input, all processes of its group are ended.
GUARD = "exec 3<&0 0</dev/null; { read -r -u 3 || kill -KILL 0; } & disown; exec 3<&-\n"


@dataclass
class Port:
    name: str
    package: str
    version: str
    suite: str
    build: str
    sources: dict[str, str]
    image: dict[str, str] = field(default_factory=dict)
    needs: list[str] = field(default_factory=list)
    packages: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return paths.ROOT / "ports" / self.name

    @property
    def work(self) -> Path:
        return paths.PORTS / self.name


def names() -> list[str]:
    return sorted(file.parent.name for file in (paths.ROOT / "ports").glob("*/port.toml"))


def read(name: str) -> Port:
    file = paths.ROOT / "ports" / name / "port.toml"
    if name not in names():
        raise Problem(f"there is no port '{name}'; there are: {', '.join(names())}.")
    try:
        values = tomllib.loads(file.read_text())
        return Port(name, **values)
    except tomllib.TOMLDecodeError as error:
        raise Problem(f"ports/{name}/port.toml: {error}") from None
    except TypeError as error:  # a key that is unknown or missing
        raise Problem(f"ports/{name}/port.toml: {str(error).replace('Port.__init__() ', '')}") from None


def make(name: str) -> Path:
    """Builds the port, and first those that it needs, if it is not built yet or has changed; returns its image's folder."""
    port = read(name)
    for other in port.needs:
        make(other)
    with _lock(port):
        stamp = port.work / "built"
        wanted = _key(port)
        if not stamp.exists() or stamp.read_text() != wanted:
            stamp.unlink(missing_ok=True)
            _unpack(port)
            _build(port)
            _stage(port)
        if (port.folder / "Cluufile").exists():
            target = port.work / "image/var/images" / name / "Cluufile"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(port.folder / "Cluufile", target)
        stamp.write_text(wanted)
    return port.work / "image"


@contextmanager
def _lock(port: Port):
    port.work.mkdir(parents=True, exist_ok=True)
    with open(port.work / ".lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _key(port: Port) -> str:
    """Names all that the build depends on, but the Cluufile, which is only copied."""
    text = hashlib.sha256()
    for file in sorted(port.folder.rglob("*")):
        if file.is_file() and file.name not in ("Cluufile", "README.md"):
            content = file.read_bytes()
            text.update(f"{file.relative_to(port.folder)} {len(content)}\n".encode() + content)
    for other in port.needs:
        text.update(_key(read(other)).encode())
    return text.hexdigest()


def _unpack(port: Port) -> None:
    files = debian.source(port.package, port.version, port.suite, port.sources)
    for name in ("source", "packages", "prefix", "image"):
        shutil.rmtree(port.work / name, ignore_errors=True)
    if port.packages:
        debian.binaries(port.packages, port.suite, port.work / "packages")
    description = next(files.glob("*.dsc"), None)
    if description is None:
        raise Problem(f"ports/{port.name}/port.toml: [sources] names no .dsc file")
    # The files' hashes have been compared: signatures of people who are not in a keyring say no more.
    result = subprocess.run(["dpkg-source", "--no-check", "-x", description, port.work / "source"], capture_output=True,
                            text=True)
    if result.returncode != 0:
        raise Problem(f"the source package {port.package} {port.version} cannot be unpacked:\n{result.stderr.strip()}")
    # A patch that touches what `configure` was made from does not mean that it must be made anew.
    for file in (port.work / "source").rglob("*"):
        os.utime(file, (tree.TIME, tree.TIME), follow_symlinks=False)


def _build(port: Port) -> None:
    progress(f"building the port {port.name} ({port.package} {port.version})")
    log = port.work / "build.log"
    compiler = f"musl-gcc -idirafter {_linux_headers()}"
    if shutil.which("ccache"):  # which shall not see in which folder all this stands
        compiler = f"ccache {compiler}"
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME") or name.startswith("CCACHE_")}
    environment = {**kept, "LC_ALL": "C", "TERM": "dumb", "SOURCE_DATE_EPOCH": str(tree.TIME), "CC": compiler,
                   "CCACHE_BASEDIR": str(paths.ROOT), "CCACHE_NOHASHDIR": "1", "JOBS": str(os.cpu_count() or 1),
                   "PORT": str(port.folder), "PORTS": str(paths.PORTS), "PACKAGES": str(port.work / "packages"),
                   "PREFIX": str(port.work / "prefix")}
    with open(log, "wb") as output:
        status = _run_guarded(port.build, cwd=port.work / "source", env=environment, stdout=output)
    if status != 0:
        raise Problem(f"the port {port.name} could not be built. From {log.relative_to(paths.ROOT)}:\n{_reason(log)}")


def _run_guarded(lines: str, **options) -> int:
    """Runs the lines by bash in a process group of their own, of which nothing is left when this process ends, be it killed."""
    process = subprocess.Popen(["bash", "-euo", "pipefail", "-c", GUARD + lines], stdin=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True, **options)
    try:
        return process.wait()
    finally:
        process.stdin.close()


def _linux_headers() -> Path:
    """A folder with the headers of Linux itself, which musl's do not include, and none of another C library."""
    folder = paths.PORTS / ".linux"
    folder.mkdir(parents=True, exist_ok=True)
    for name, place in (("linux", "linux"), ("asm", "x86_64-linux-gnu/asm"), ("asm-generic", "asm-generic")):
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(Path("/usr/include") / place)
    return folder


def _reason(log: Path) -> str:
    """The log's last lines, or those around its first error: other processes of make may have gone on for long."""
    lines = log.read_text(errors="replace").splitlines()
    errors = [index for index, line in enumerate(lines) if re.search(r":\d+:.* error: |: \*\*\* |undefined reference", line)]
    end = min([index + LOG_LINES // 2 for index in errors[:1]] + [len(lines)])
    return "\n".join("    " + line[:LOG_COLUMNS] for line in lines[max(0, end - LOG_LINES):end])


def _stage(port: Port) -> None:
    for path, source in port.image.items():
        made, target = port.work / "source" / source, port.work / "image" / path.lstrip("/")
        if not made.exists():
            raise Problem(f"ports/{port.name}/port.toml: the build did not make '{source}'")
        target.parent.mkdir(parents=True, exist_ok=True)
        if made.is_dir():
            shutil.copytree(made, target)
        elif made.read_bytes()[:4] == b"\x7fELF":
            _check_static(made, port)
            subprocess.run(["llvm-strip-19", "--strip-all", "-o", target, made], check=True)
        else:
            shutil.copy(made, target)


def _check_static(program: Path, port: Port) -> None:
    headers = subprocess.run(["llvm-readelf-19", "--program-headers", program], capture_output=True, text=True,
                             check=True).stdout
    if " INTERP " in headers:
        raise Problem(f"the port {port.name}: '{program.name}' is not linked statically")


def main(arguments) -> int:
    for name in arguments.ports or names():
        folder = make(name)
        note(f"{name}: {folder.relative_to(paths.ROOT)}")
    return 0


if __name__ == "__main__":  # the build's own way
    try:
        make(sys.argv[1])
    except Problem as problem:
        sys.exit(f"cluu: {problem}")
