# SPDX-License-Identifier: MIT
"""The machines that system tests use, each booted once for all tests of a file that ask for it.

When a test fails, what its machine had said and shown until then is kept in build/<preset>/test-results/<test>/.
"""

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from cluu import disk, execute, paths, port, qemu, tree  # noqa: E402
from cluu.machine import Machine  # noqa: E402
from cluu.say import Problem  # noqa: E402

RESULTS = paths.OUT / "test-results"
STARTED = time.monotonic()
SUITE_SECONDS = 1800  # twice what the suite may take; a system that is broken everywhere is known to be so by then


def pytest_configure(config):
    config.addinivalue_line("markers", "nightly: takes long; `./cluu test nightly`")
    config.addinivalue_line("markers", "ports: needs the ports that are not on the disk; `./cluu test ports`")


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    """A CLUU that runs one command after another."""
    session = execute.Session(execute.Request(["true"]), logs=tmp_path_factory.mktemp("guest"))
    yield session
    session.close()


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Linux, running commands from the same disk."""
    session = execute.Session(execute.Request(["true"], reference=True), logs=tmp_path_factory.mktemp("reference"))
    yield session
    session.close()


@pytest.fixture
def disk_copy(tmp_path) -> Path:
    """A disk that a test may write to and look at."""
    image = tmp_path / "disk.img"
    subprocess.run(["cp", "--sparse=always", paths.DISK, image], check=True)
    return image


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    """A CLUU started as `./cluu run` starts it, but straight by -kernel: prompts on serial[0] and on the screen."""
    work = tmp_path_factory.mktemp("console")
    image = work / "disk.img"
    subprocess.run(["cp", "--sparse=always", paths.DISK, image], check=True)
    options = qemu.Options(kernel=paths.KERNEL, initrd=paths.INITRD, disk=image, accelerator=qemu.accelerator())
    with Machine(options, serials=2, logs=work / "logs") as machine:
        yield machine


@pytest.fixture(scope="module")
def console_with_ports(tmp_path_factory):
    """The same with a disk that has all ports."""
    work = tmp_path_factory.mktemp("ports")
    image = work / "disk.img"
    images = [name for name in port.names() if port.read(name).image]
    for name in images:
        port.make(name)
    disk.build(tree.read(paths.ROOT / "tools/images/disk.toml", paths.OUT, images)[0], image)
    options = qemu.Options(kernel=paths.KERNEL, initrd=paths.INITRD, disk=image, accelerator=qemu.accelerator())
    with Machine(options, serials=2, logs=work / "logs") as machine:
        yield machine


@pytest.fixture
def boot(tmp_path):
    """A function that boots a machine of its own for one test: boot(memory="64M") -> Machine."""
    machines = []

    def start(disk: Path | None = paths.DISK, serials: int = 1, debugger: bool = False, **options) -> Machine:
        image = None
        if disk:
            image = tmp_path / f"disk{len(machines)}.img"
            subprocess.run(["cp", "--sparse=always", disk, image], check=True)
        if "iso" not in options:
            options = {"kernel": paths.KERNEL, "initrd": paths.INITRD, **options}
        accelerator = "tcg" if options.get("icount") else qemu.accelerator()
        machine = Machine(qemu.Options(disk=image, accelerator=accelerator, **options), serials=serials,
                          logs=tmp_path / f"logs{len(machines)}", debugger=debugger)
        machine.image = image
        machines.append(machine)
        return machine

    start.machines = machines
    yield start
    for machine in machines:
        machine.stop()


def pytest_runtest_setup(item):
    if time.monotonic() - STARTED > SUITE_SECONDS:
        item.session.shouldfail = f"the tests have taken over {SUITE_SECONDS} s"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if outcome.get_result().failed and call.when in ("setup", "call"):
        machines = [machine for thing in item.funcargs.values() for machine in _machines(thing)]
        for number, machine in enumerate(machines):
            _keep(machine, RESULTS / re.sub(r"[^A-Za-z0-9_.-]+", "_", item.nodeid) / (str(number) if number else ""))


def _machines(thing) -> list[Machine]:
    if isinstance(thing, Machine):
        return [thing]
    if isinstance(thing, execute.Session):
        return [thing.machine]
    return getattr(thing, "machines", [])  # those of `boot`


def _keep(machine: Machine, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for log in machine.logs.glob("*.log"):
        shutil.copy(log, folder)
    if machine.process.poll() is None:
        try:
            machine.screenshot().save_png(folder / "screen.png")
        except (Problem, OSError) as problem:
            (folder / "screen.txt").write_text(f"no picture: {problem}\n")
