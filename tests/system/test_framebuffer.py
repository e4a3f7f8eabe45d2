# SPDX-License-Identifier: MIT
"""Programs that draw on the screen itself: who may, for how long, and that nobody can keep it."""

import time

import pytest

from cluu import disk, paths, qemu, tree
from cluu.machine import Machine
from test_console import log_in_on_screen

SECONDS = 20
# Of apps/fbprobe/picture.hpp: the upper three quarters, from left to right.
BARS = ["ffffff", "ffff00", "00ffff", "00ff00", "ff00ff", "ff0000", "0000ff", "000000"]
RED = bytes.fromhex("ff0000")
# One that draws whatever happens, one that sees the device and has no profile, and one that has the profile and does not see it.
IMAGES = {
    "hold_screen": "PROFILE vfs framebuffer\nMOUNT / inherit\nENTRYPOINT /bin/hold_screen\n",
    "unprofiled": "PROFILE vfs\nMOUNT / inherit\nENTRYPOINT /bin/fbprobe\n",
    "unmounted": "PROFILE vfs framebuffer\nMOUNT /tmp private\nENTRYPOINT /bin/fbprobe\n",
}


@pytest.fixture(scope="module")
def screen(tmp_path_factory):
    """A machine whose disk has these images, too, with somebody logged in at the screen."""
    work = tmp_path_factory.mktemp("framebuffer")
    entries = tree.read(paths.ROOT / "tools/images/disk.toml", paths.OUT)[0]
    for name, text in IMAGES.items():
        entries.append(tree.Entry(f"/var/images/{name}", "directory", 0o755))
        entries.append(tree.Entry(f"/var/images/{name}/Cluufile", "file", 0o644, content=text.encode()))
    entries.append(tree.Entry("/bin/hold_screen", "file", 0o755, content=(paths.OUT / "linux/hold_screen").read_bytes()))
    for name in ("unprofiled", "unmounted"):
        entries.append(tree.Entry(f"/bin/{name}", "link", 0o777, content=b"fbprobe"))
    disk.build(sorted(entries, key=lambda entry: entry.path), work / "disk.img")
    options = qemu.Options(kernel=paths.KERNEL, initrd=paths.INITRD, disk=work / "disk.img", accelerator=qemu.accelerator())
    with Machine(options, serials=1, logs=work / "logs") as machine:
        log_in_on_screen(machine)
        yield machine


def pixel(shot, x: int, y: int) -> bytes:
    at = (y * shot.width + x) * 3
    return shot.pixels[at:at + 3]


def shows_picture(shot) -> bool:
    return all(pixel(shot, shot.width * (2 * i + 1) // (2 * len(BARS)), 10) == bytes.fromhex(bar)
               for i, bar in enumerate(BARS))


def shows_red(shot) -> bool:
    return any(pixel(shot, x, y) == RED for x in range(0, shot.width, 7) for y in range(0, shot.height, 7))


def wait_for(machine, holds):
    """Until this holds of what the screen shows."""
    deadline = time.monotonic() + SECONDS
    while not holds(shot := machine.screenshot()):
        assert time.monotonic() < deadline, "the screen does not show it"
        time.sleep(0.1)
    return shot


def start(machine) -> None:
    machine.type("clear; echo text $((1 + 1)); fbprobe\n")
    wait_for(machine, shows_picture)


def test_it_says_the_mode(screen):
    screen.type("clear; fbprobe --info\n")
    shot = screen.expect_on_screen("32 bits a pixel: red 8@16, green 8@8, blue 8@0\n", SECONDS)
    assert f"{shot.width}x{shot.height}, {shot.width * 4} bytes a row" in shot.text()


def test_the_picture_is_there_and_moves_until_a_key(screen):
    start(screen)
    first = screen.screenshot()
    wait_for(screen, lambda shot: shot.pixels != first.pixels)
    screen.press("spc")
    wait_for(screen, lambda shot: shot.pixels == screen.screenshot().pixels)
    screen.type("q")
    shot = screen.expect_on_screen("fbprobe: shown 1 times, lost 0 times, 2 keys\n", SECONDS)
    assert shot.text().startswith("text 2\n") and "a row" in shot.text()  # what was written meanwhile, too
    assert pixel(shot, shot.width // 2, shot.height // 2) == b"\0\0\0"


def test_the_picture_goes_with_a_program_that_is_killed(screen):
    # In the background it may not change the terminal's settings: it stops, until it is in the foreground.
    screen.type("clear; fbprobe & (sleep 3; kill -9 $!) & fg %1; echo killed $((1 + 1))\n")
    wait_for(screen, shows_picture)
    assert "$" in screen.expect_on_screen("killed 2\n", SECONDS).text()
    screen.type("stty sane\n")


def test_another_terminal_takes_the_screen_and_gives_it_back(screen):
    start(screen)
    screen.press("alt", "f2")
    screen.expect_on_screen("login:", SECONDS)
    screen.press("alt", "f1")
    wait_for(screen, shows_picture)
    screen.press("alt", "f6")
    screen.expect_on_screen("virtio-blk:", SECONDS)
    screen.press("alt", "f1")
    wait_for(screen, shows_picture)
    screen.type("q")
    screen.expect_on_screen("fbprobe: shown 3 times, lost 2 times, 1 keys\n", SECONDS)


def test_who_draws_unseen_harms_nobody(screen):
    screen.type("clear; hold_screen & sleep 1; echo; echo over $((1 + 1))\n")
    wait_for(screen, lambda shot: pixel(shot, 5, 5) == RED and pixel(shot, shot.width - 5, shot.height - 5) == RED)
    screen.press("alt", "f2")
    screen.expect_on_screen("login:", SECONDS)
    for _ in range(5):
        assert not shows_red(screen.screenshot())
    log_in_on_screen(screen)
    screen.type("clear; ps | grep hold\n")
    screen.expect_on_screen("hold_screen", SECONDS)
    screen.type("kill -9 $(pidof hold_screen); exit\n")
    screen.expect_on_screen("login:", SECONDS)
    screen.press("alt", "f1")
    screen.expect_on_screen("\nover 2\n", SECONDS)


def test_without_the_grant_there_is_a_clear_error(screen):
    screen.type("clear; unprofiled; unmounted\n")
    text = screen.expect_on_screen("no MOUNT of its Cluufile shows /dev/fb0", SECONDS).text()
    assert "fbprobe: /dev/fb0: Permission denied\nfbprobe: its Cluufile has no PROFILE framebuffer\n" in text
    assert "fbprobe: /dev/fb0: No such file or directory\n" in text
    screen.type("clear; cat /dev/fb0; sh -c fbprobe; container run fbprobe; container explain fbprobe\n")
    text = screen.expect_on_screen("draw on the screen, over its terminal's text, while that is looked at", SECONDS).text()
    assert "cat: can't open '/dev/fb0': Permission denied" in text
    assert text.count("fbprobe: only who has this profile may start a container that has it") == 2


def test_a_terminal_without_a_screen_has_none_to_lend(screen):
    line = screen.serial[0]
    line.expect("login: ", SECONDS)
    line.send("admin\r")
    line.expect("assword:", SECONDS)
    line.send("admin\r")
    line.expect(r"\$ ", SECONDS)
    line.send("fbprobe\r")
    line.expect("fbprobe: its terminal is on no screen", SECONDS)


def test_who_stays_behind_does_not_draw_over_the_next_login(screen):
    screen.type("clear; (trap '' HUP; hold_screen) & sleep 1; exit\n")
    wait_for(screen, lambda shot: pixel(shot, 5, 5) == RED)
    screen.expect_on_screen("login:", SECONDS)
    log_in_on_screen(screen)
    assert not shows_red(screen.screenshot())
    screen.type("kill -9 $(pidof hold_screen); clear; echo mine $((1 + 1))\n")
    screen.expect_on_screen("mine 2\n", SECONDS)
