# SPDX-License-Identifier: MIT
"""Switching off and starting again, and who may not; and what a person sees who cannot log in."""

import pytest

from cluu import disk, execute
from test_server_deaths import log_in

SECONDS = 30


@pytest.mark.parametrize("command", ["poweroff", "halt", "shutdown -h now"])
def test_poweroff_at_the_prompt_loses_nothing(boot, command):
    machine = boot()
    log_in(machine.serial[0])
    machine.serial[0].send(f"echo kept >/home/admin/kept; {command}\r")
    assert machine.wait(SECONDS) == 0
    assert disk.check(machine.image) == ""
    again = execute.Session(execute.Request(["true"], disk=machine.image))
    try:
        assert again.shell("cat /home/admin/kept").output == b"kept\n"
    finally:
        again.close()


def test_reboot_leads_to_a_new_login(boot):
    machine = boot(reboots=True)
    log_in(machine.serial[0])
    machine.serial[0].send("echo kept >kept; reboot\r")
    log_in(machine.serial[0])
    machine.serial[0].send("cat kept\r")
    machine.serial[0].expect("kept\r\nkept|\nkept", SECONDS)
    assert machine.serial[0].text().count("MiB of memory") == 2


def test_an_end_that_was_called_off_does_not_come_and_a_later_one_does(boot):
    machine = boot(reboots=True)
    line = machine.serial[0]
    log_in(line)
    line.send("shutdown -x; shutdown +5\r")
    line.expect("usage: shutdown ", SECONDS)
    line.expect(r"The system ends at \d+-\d+-\d+ \d+:\d+ \(UTC\); Ctrl-C calls it off", SECONDS)
    line.send("\x03")
    line.send("echo kept >kept; shutdown -r\r")
    log_in(line)
    line.send("cat kept\r")
    line.expect("kept\r\nkept|\nkept", SECONDS)


def test_only_the_profile_admin_may(boot):
    machine = boot()
    line = machine.serial[0]
    log_in(line)
    line.send("sh -c 'busybox poweroff -f'\r")  # sh has a container of its own, without it
    line.expect("Operation not permitted", SECONDS)
    line.send("sh -c poweroff\r")
    line.expect("only who has this profile may|ermission denied|not permitted", SECONDS)
    line.send("echo still-$((40 + 2))\r")
    line.expect("still-42", SECONDS)


@pytest.mark.parametrize("kind, reason", [
    ("none", "virtio-blk: no disk"),
    ("foreign", "there is no ext2 file system on the disk"),
    ("corrupt", "ext2fs: "),
])
def test_without_a_good_disk_the_screen_says_why_nobody_can_log_in(boot, tmp_path, disk_copy, kind, reason):
    image = {"none": None, "foreign": tmp_path / "foreign.img", "corrupt": disk_copy}[kind]
    if kind == "foreign":
        image.write_bytes(b"\xa5" * (8 << 20))
    elif kind == "corrupt":
        with open(image, "r+b") as file:
            file.seek(1024 + 4)
            file.write(b"\xff" * 200)
    machine = boot(disk=image)
    machine.serial[0].expect("Nobody can log in: login cannot be started, there is no such image", SECONDS)
    for text in ("Nobody can log in", reason, "the root is in memory"):
        machine.expect_on_screen(text, SECONDS)


def words_after_the_power_button(machine, script: str, files: str = "kept") -> list[str]:
    """The words in the files that the script has made in the home directory, as the next run finds them."""
    line = machine.serial[0]
    log_in(line)
    line.send(f"{script}\r")
    line.expect("re-ady", SECONDS)
    machine.qmp("system_powerdown")
    assert machine.wait(SECONDS) == 0
    assert disk.check(machine.image) == ""
    assert "no more are looked at" not in line.text()
    again = execute.Session(execute.Request(["true"], disk=machine.image))
    try:
        return again.shell(f"cd /home/admin; cat {files}").output.decode().split()
    finally:
        again.close()


def test_the_power_button_ends_the_system_in_order(boot):
    machine = boot()
    assert words_after_the_power_button(machine, "echo kept >kept; echo re-$(echo ady)") == ["kept"]


def test_who_does_not_heed_the_power_button_is_ended_within_two_seconds(boot):
    # By the machine's own clock: when the one was told, and when the other one was last alive.
    clock = "read now rest </proc/uptime; echo $now"
    polite = f"sh -c 'trap \"{clock} >kept; exit\" TERM; while :; do :; done' &"
    stubborn = f"sh -c 'trap \"\" TERM HUP; while :; do {clock}; done >>alive' &"
    machine = boot()
    wait = "until test -s alive; do :; done; echo re-$(echo ady)"
    told, *alive = words_after_the_power_button(machine, f"{polite} {stubborn} {wait}", "kept alive")
    assert 0 < float(alive[-1]) - float(told) < 2


def test_control_alt_delete_starts_the_machine_again(boot):
    machine = boot(reboots=True)
    line = machine.serial[0]
    log_in(line)
    line.send("echo kept >kept; echo writ\"\"ten\r")
    line.expect("written", SECONDS)
    machine.press("ctrl", "alt", "delete")
    log_in(line)
    line.send("cat kept\r")
    line.expect("kept\r\nkept|\nkept", SECONDS)
