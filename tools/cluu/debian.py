# SPDX-License-Identifier: MIT
"""Files out of Debian packages that are not to be installed: the console's font, the Linux kernel for benchmarks, and
the sources of the ports and what they are built with.

A package is downloaded with apt and unpacked below build/packages. What the ports need is downloaded by an apt with a root
of its own for each suite, below build/apt: its archive is the one that the machine is configured for, how it is reached
(a proxy) too; the suite need not be. The machine itself is not changed.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import paths
from .say import Problem, progress

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def unpacked(package: str) -> Path:
    """The folder with the package's files; downloads it the first time."""
    folder = paths.PACKAGES / package
    if folder.is_dir():
        return folder
    progress(f"downloading Debian's package {package}")
    paths.PACKAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=paths.PACKAGES, prefix=".new-") as work:
        deb = _download(package, Path(work))
        subprocess.run(["dpkg-deb", "-x", deb, Path(work) / "files"], check=True)
        try:
            os.rename(Path(work) / "files", folder)
        except OSError:  # another process was faster
            if not folder.is_dir():
                raise
    return folder


def _download(package: str, folder: Path) -> Path:
    # apt's download user may not be able to write here; it then says so and goes on as the caller.
    result = subprocess.run(["apt-get", "download", package], cwd=folder, capture_output=True, text=True)
    debs = list(folder.glob("*.deb"))
    if result.returncode != 0 or not debs:
        raise Problem(f"Debian's package '{package}' could not be downloaded. Run 'sudo apt-get update' and try "
                      f"again.\n{result.stderr.strip()}")
    return debs[0]


def source(package: str, version: str, suite: str, files: dict[str, str]) -> Path:
    """The folder with the files of a source package in just this version, which have these SHA-256 hashes; downloads them
    if they are not there."""
    folder = paths.BUILD / "sources" / f"{package}_{version.replace(':', '%')}"
    folder.mkdir(parents=True, exist_ok=True)
    if not files or not all((folder / name).is_file() for name in files):
        with open(paths.BUILD / "sources" / ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _download_source(package, version, suite, folder)
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}
    if found != files:
        shutil.rmtree(folder)
        lines = "".join(f'\n    "{name}" = "{value}"' for name, value in found.items())
        raise Problem(f"the source package {package} {version} is not the one that was asked for. What came is:{lines}")
    return folder


def _download_source(package: str, version: str, suite: str, folder: Path) -> None:
    root = paths.BUILD / "apt" / suite
    if version not in _versions(root, package):
        _ask_archive(root, suite)
    if version not in (known := _versions(root, package)):
        raise Problem(f"Debian's suite '{suite}' has no source package '{package}' in version {version}; it has "
                      f"{', '.join(known) or 'none of that name'}.")
    progress(f"downloading Debian's source package {package} {version}")
    result = _apt(root, "apt-get", "source", "-q", "--download-only", f"{package}={version}", cwd=folder)
    if result.returncode != 0:
        raise Problem(f"the source package {package} {version} could not be downloaded:\n{result.stderr.strip()}")


def binaries(wanted: dict[str, str], suite: str, folder: Path) -> None:
    """Unpacks binary packages in just these versions (or patterns of them, as apt has it) into the folder, and what they depend
    on and this machine lacks."""
    root = paths.BUILD / "apt" / suite
    command = ["apt-get", "install", "-q", "--yes", "--download-only", "--reinstall", "--allow-downgrades",
               "--no-install-recommends"]
    named = [f"{name}={version}" for name, version in wanted.items()]
    (paths.BUILD / "sources").mkdir(parents=True, exist_ok=True)
    with open(paths.BUILD / "sources" / ".lock", "w") as lock, tempfile.TemporaryDirectory(prefix="cluu-debs-") as work:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "status").exists() or any(_apt(root, "apt-cache", "show", name).returncode for name in named):
            _ask_archive(root, suite)
        # A copy: apt locks the file that it reads what is installed from.
        shutil.copy("/var/lib/dpkg/status", root / "status")
        (Path(work) / "partial").mkdir()
        progress(f"downloading {len(named)} of Debian's packages and what they need")
        result = _apt(root, *command, "-o", f"Dir::Cache::Archives={work}", *named)
        if result.returncode != 0:
            raise Problem(f"not all of these packages could be had from Debian's suite '{suite}': {', '.join(named)}\n"
                          f"{result.stderr.strip()}")
        folder.mkdir(parents=True)
        for package in sorted(Path(work).glob("*.deb")):
            subprocess.run(["dpkg-deb", "-x", package, folder], check=True)


def _ask_archive(root: Path, suite: str) -> None:
    progress(f"asking Debian's archive for the packages of {suite}")
    _make_root(root, suite)
    result = _apt(root, "apt-get", "update", "-q", "--error-on=any")
    if result.returncode != 0:
        raise Problem(f"Debian's archive cannot be reached, or has no suite '{suite}':\n{result.stderr.strip()}")


def _apt(root: Path, *command: str, cwd: Path | None = None) -> subprocess.CompletedProcess:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          env={**os.environ, "APT_CONFIG": str(root / "apt.conf"), "LC_ALL": "C"})


def _versions(root: Path, package: str) -> list[str]:
    if not (root / "apt.conf").exists():
        return []
    text = _apt(root, "apt-cache", "showsrc", "--only-source", package).stdout
    return [line.split()[1] for line in text.splitlines() if line.startswith("Version:")]


def _make_root(root: Path, suite: str) -> None:
    for name in ("lists/partial", "cache/archives/partial"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "sources.list").write_text(_source_lines(suite))
    (root / "status").touch()
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    reached = [line for line in dump.splitlines() if line.startswith("Acquire::")]
    # What apt reads first can tell it not to read what the machine's own apt is told besides.
    own = {"Dir::Etc::Main": "/dev/null", "Dir::Etc::Parts": "/dev/null", "Dir::Etc::SourceParts": "/dev/null",
           "Dir::Etc::Preferences": "/dev/null", "Dir::Etc::PreferencesParts": "/dev/null",
           "Dir::Etc::SourceList": root / "sources.list", "Dir::State": root, "Dir::State::Lists": root / "lists",
           "Dir::State::Status": root / "status", "Dir::Cache": root / "cache", "APT::Sandbox::User": "root"}
    (root / "apt.conf").write_text("\n".join(reached + [f'{key} "{value}";' for key, value in own.items()]) + "\n")


def _source_lines(suite: str) -> str:
    """Sources of the suite: from where the machine has it from, or else from where it has its own release from."""
    fields = "$(RELEASE) $(CODENAME) $(REPO_URI)"
    text = subprocess.run(["apt-get", "indextargets", "--format", fields, "Created-By: Packages", "Component: main"],
                          capture_output=True, text=True, check=True).stdout
    targets = [line.split() for line in text.splitlines() if len(line.split()) == 3]
    release = platform.freedesktop_os_release().get("VERSION_CODENAME")
    for wanted in (suite, release):
        places = sorted({place for name, codename, place in targets if wanted in (name, codename)})
        if places:
            return "".join(f"{kind} [signed-by={KEYRING}] {place} {suite} main\n" for place in places
                           for kind in ("deb", "deb-src"))
    raise Problem("apt is not configured for Debian's archive (/etc/apt/sources.list), where the ports' sources are.")


def dependency(package: str, prefix: str) -> str:
    """The first package that `package` depends on whose name begins with `prefix` (for meta packages)."""
    text = subprocess.run(["apt-cache", "depends", package], capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        word = line.split()[-1] if line.split() else ""
        if "Depends:" in line and word.startswith(prefix):
            return word
    raise Problem(f"Debian's package '{package}' depends on no '{prefix}...'. Run 'sudo apt-get update'.")


def missing_commands(commands: list[str]) -> list[str]:
    return [c for c in commands if shutil.which(c, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None]
