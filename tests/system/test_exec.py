# SPDX-License-Identifier: MIT
"""The path that scripts and most other tests use: one command in a machine, by `./cluu exec` and by a session."""

import subprocess

import pytest

from cluu import disk, execute, paths, qemu
from cluu.machine import Machine


def cluu_exec(*words: str, options: list[str] | None = None, timeout: float = 90) -> subprocess.CompletedProcess:
    return subprocess.run([paths.ROOT / "cluu", "exec", *(options or []), "--", *words], capture_output=True,
                          timeout=timeout, stdin=subprocess.DEVNULL)


def test_output_and_status_come_back(guest):
    result = guest.shell("echo out; echo err >&2; exit 7")
    assert (result.status, result.output, result.errors) == (7, b"out\n", b"err\n")


def test_output_passes_every_byte_unchanged(guest):
    result = guest.shell(r"for i in 0 1 2 3; do for j in 0 1 2 3 4 5 6 7; do for k in 0 1 2 3 4 5 6 7; do "
                         r"printf '\'$i$j$k; done; done; done")
    assert result.output == bytes(range(256))


def test_long_output_arrives_whole(guest):
    assert guest.run("seq", "1", "20000").output == b"".join(b"%d\n" % i for i in range(1, 20001))


def test_a_command_that_does_not_exist_is_127(guest):
    result = guest.run("no-such-command")
    assert result.status == 127
    assert b"not found" in result.errors


def test_a_signal_shows_in_the_status(guest):
    assert guest.shell("kill -KILL $$").status == 128 + 9


def test_environment_and_directory(guest):
    result = guest.shell("pwd; echo $HOME $GREETING", environment=["GREETING=hello"], directory="/tmp")
    assert result.output == b"/tmp\n/home/admin hello\n"


def test_a_missing_system_call_is_named_in_the_log_once(guest):
    for _ in range(2):
        assert b"Function not implemented" in guest.run("/bin/busybox", "adjtimex").errors
    log = guest.run("true").log
    assert log.count("busybox: system call clock_adjtime/305 is not supported") == 1


@pytest.mark.parametrize("place", ["/home/admin", "/tmp"])
def test_files_and_folders_go_in_and_come_out(tmp_path, place):
    folder = tmp_path / "in" / "below"
    folder.mkdir(parents=True)
    (folder / "numbers").write_bytes(bytes(range(256)) * 100)
    (tmp_path / "in" / "script").write_text("#!/bin/sh\necho ran\n")
    (tmp_path / "in" / "script").chmod(0o755)
    result = cluu_exec("sh", "-c", f"{place}/files/script && cp -r {place}/files {place}/copy",
                       options=["--put", f"{tmp_path}/in:{place}/files", "--get", f"{place}/copy:{tmp_path}/out"])
    assert (result.returncode, result.stdout) == (0, b"ran\n"), result.stderr.decode()
    assert (tmp_path / "out" / "below" / "numbers").read_bytes() == bytes(range(256)) * 100
    assert (tmp_path / "out" / "script").stat().st_mode & 0o111


def test_a_pipeline_as_the_readme_has_it():
    result = cluu_exec("sh", "-c", "ls -l / | grep bin | wc -l")
    assert result.returncode == 0, result.stderr.decode()
    assert int(result.stdout) >= 1


def test_a_command_without_end_is_stopped():
    result = cluu_exec("sleep", "1000", options=["--timeout", "8"])
    assert result.returncode == execute.TIMED_OUT
    assert b"did not finish within 8 s" in result.stderr


def test_a_machine_too_small_ends_at_once_with_the_kernels_sentence():
    result = cluu_exec("true", options=["--memory", "16M", "--timeout", "600"])
    assert result.returncode == execute.NO_ANSWER
    assert b"CLUU could not start" in result.stderr
    assert b"CLUU needs at least" in result.stderr


def test_without_a_disk_of_cluus_it_ends_at_once(tmp_path):
    image = tmp_path / "foreign.img"
    image.write_bytes(bytes(8 << 20))
    with Machine(qemu.Options(kernel=paths.KERNEL, initrd=paths.INITRD, words="exec", disk=image,
                              accelerator=qemu.accelerator()), serials=2) as machine:
        frames = execute.Frames(machine.serial[1], live=False)
        assert execute.follow(machine, frames, 60, 60) == "CLUU could not start"


def test_a_kernel_panic_ends_at_once():
    with Machine(qemu.Options(kernel=paths.KERNEL, words="exec", accelerator=qemu.accelerator()), serials=2) as machine:
        frames = execute.Frames(machine.serial[1], live=False)
        assert execute.follow(machine, frames, 60, 60) == "CLUU could not start"
        assert "KERNEL PANIC" in machine.serial[0].text()


def test_the_disk_is_clean_after_power_off():
    session = execute.Session(execute.Request(["true"]))
    try:
        assert session.shell("mkdir d && echo kept > d/f && rm -r /var/log").status == 0
        session.power_off()
        assert disk.check(session.image) == ""
    finally:
        session.close()


@pytest.mark.parametrize("option, sentence", [
    (["--put", "/no/such/file:/tmp/x"], b"there is no '/no/such/file'"),
    (["--put", "x"], b"--put wants HOST:GUEST"),
    (["--get", "relative:x"], b"--get wants GUEST:HOST"),
])
def test_a_wrong_option_gets_a_clear_sentence(option, sentence):
    result = cluu_exec("true", options=option)
    assert result.returncode == 1
    assert sentence in result.stderr
