# SPDX-License-Identifier: MIT
"""Each server dies, by a fault in its code, and the system goes on: at once, or from a new login, with a word about it."""

import pytest
import sabotage

SECONDS = 30
PROMPT = r"\$ "


def log_in(line) -> None:
    line.expect("login: ", SECONDS)
    line.send("admin\r")
    line.expect("assword:", SECONDS)
    line.send("admin\r")
    line.expect(PROMPT, SECONDS)


def assert_all_works(line) -> None:
    """Processes, the disk, memory's file systems, /proc and the terminal."""
    line.send("ps >/tmp/ps && cat /tmp/ps /etc/passwd | grep -c admin >n; sync; ls /dev/null; echo all-$((40 + 2))-well\r")
    line.expect("/dev/null", SECONDS)
    line.expect("all-42-well", SECONDS)
    line.expect(PROMPT, SECONDS)


@pytest.fixture
def machine(boot):
    machine = boot(memory="64M", debugger=True)
    log_in(machine.serial[0])
    return machine


@pytest.mark.parametrize("server, wake", [
    ("tmpfs", "echo >/tmp/f"),
    ("vfs", "ls"),
    ("tty", ""),
    ("procmgr", "ls"),
])
def test_after_its_end_one_logs_in_again_and_is_told_why(machine, server, wake):
    line = machine.serial[0]
    sabotage.break_servers(machine, server)
    line.send(wake + "\r")
    line.expect(f"The system's server {server} has ended", SECONDS)
    log_in(line)
    assert_all_works(line)
    shot = machine.expect_on_screen("login:", SECONDS)
    assert f"The system's server {server} has ended" in shot.text()


@pytest.mark.parametrize("server, wake", [
    ("ext2fs", "echo x >f"),
    ("virtio_blk", "echo x >f; sync"),
])
def test_after_the_disks_end_one_logs_in_again(machine, server, wake):
    line = machine.serial[0]
    sabotage.break_servers(machine, server)
    line.send(wake + "\r")
    log_in(line)
    assert_all_works(line)


def test_devmgrs_end_takes_the_disk_with_it_and_one_logs_in_again(machine):
    line = machine.serial[0]
    sabotage.break_servers(machine, "devmgr", "console")  # console asks devmgr when it starts
    machine.type("x\n")
    line.expect("starting devmgr again", SECONDS)
    machine.expect_on_screen("The session has ended: login could no longer be read", SECONDS)
    line.send("ls\r")
    log_in(line)
    assert_all_works(line)


def test_devmgrs_end_does_not_keep_the_machine_on(machine):
    sabotage.break_servers(machine, "devmgr")
    machine.serial[0].send("poweroff\r")
    assert machine.wait(SECONDS) == 0


def test_the_session_on_the_serial_line_outlives_the_uarts_server(machine):
    line = machine.serial[0]
    sabotage.break_servers(machine, "uart")
    line.send("x")
    line.expect("starting uart again", SECONDS)
    line.send("\x15")  # away with what is left of the line
    assert_all_works(line)


def test_typing_goes_on_after_the_keyboards_end(machine):
    machine.expect_on_screen("login:", SECONDS)
    sabotage.break_servers(machine, "ps2")
    machine.type("x")
    machine.serial[0].expect("starting ps2 again", SECONDS)
    machine.type("admin\n")
    machine.expect_on_screen("assword:", SECONDS)


def test_the_screen_comes_back_after_the_consoles_end(machine):
    machine.expect_on_screen("login:", SECONDS)
    sabotage.break_servers(machine, "console")
    machine.type("a")
    machine.serial[0].expect("starting console again", SECONDS)
    machine.type("dmin\n")
    machine.expect_on_screen("assword:", SECONDS)
