# SPDX-License-Identifier: MIT
"""Several CPUs: the kernel's own tests, programs of many processes and threads, and what programs are told of the CPUs."""

import re

import pytest

import images
from cluu import execute, paths, qemu
from cluu.machine import Machine

SECONDS = 120
PROGRAMS = ["fd_fifo", "fd_pipes", "process_life", "process_memory", "process_signals", "process_threads"]


# Eight: more than most hosts have, so that the host often puts aside the CPU which holds the kernel's lock.
@pytest.mark.parametrize("cpus", [2, 4, 8])
def test_every_kernel_test_passes(tmp_path, cpus):
    archive = paths.OUT / "images" / "kernel_test.cpio"
    options = qemu.Options(kernel=paths.KERNEL, initrd=archive, accelerator=qemu.accelerator(), cpus=cpus)
    with Machine(options, logs=tmp_path) as machine:
        machine.serial[0].expect(r"^\d+ passed, \d+ failed", SECONDS)
        report = machine.serial[0].text()
    assert re.findall(r"^FAIL .*", report, re.MULTILINE) == []


@pytest.mark.parametrize("cpus", [1, 2, 4])
def test_the_prompt_comes(boot, cpus):
    boot(cpus=cpus).serial[0].expect(r"login: ", SECONDS)


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    put = [(paths.OUT / "linux" / name, f"/tmp/{name}") for name in PROGRAMS]
    session = execute.Session(execute.Request(["true"], put=put, cpus=4), logs=tmp_path_factory.mktemp("machine"))
    yield session
    session.close()


@pytest.mark.parametrize("program", PROGRAMS)
def test_linux_programs_on_four_cpus(machine, program):
    result = machine.run(f"/tmp/{program}", timeout=120, environment=["TMPDIR=/dev/shm"])
    assert result.status == 0, result.output.decode()


def test_programs_are_told_how_many_there_are(machine):
    result = machine.shell("nproc; grep -c ^processor /proc/cpuinfo; grep -c '^cpu[0-9]' /proc/stat", timeout=60)
    assert result.output.decode().split() == ["4", "4", "4"]


def test_fork_bombs_end_alone_again_and_again(tmp_path):
    """What ends on one CPU takes its capabilities along while other threads of the same server, on other CPUs, are given new ones."""
    shell = "ENTRYPOINT /bin/busybox sh -c\n"
    put = images.to_put(tmp_path, {"small": f"PROFILE vfs\nMOUNT / readonly\nLIMIT memory 4M\n{shell}",
                                   "boss": f"PROFILE vfs supervisor\nMOUNT / inherit\n{shell}"})
    # A bomb may end by itself once it was listed: what counts is that none is left.
    stop = "container ls | grep small- | while read id rest; do container stop -t 0 $id; done; ! container ls | grep small-"
    session = execute.Session(execute.Request(["true"], put=put, cpus=4), logs=tmp_path / "logs")
    try:
        for _ in range(20):
            session.run("container", "run", "boss", "container run small 'f() { f | f & }; f'; true", timeout=60)
            assert session.run("container", "run", "boss", stop, timeout=60).status == 0
            assert session.run("echo", "alive").output == b"alive\n"
    finally:
        session.close()
