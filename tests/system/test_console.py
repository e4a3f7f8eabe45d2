# SPDX-License-Identifier: MIT
"""A person at the screen and keyboard, and another at the serial line."""

import re

SECONDS = 20


def log_in_on_screen(machine) -> None:
    machine.expect_on_screen("login:", 3 * SECONDS)
    machine.type("admin\n")
    machine.expect_on_screen("assword:", SECONDS)
    machine.type("admin\n")
    machine.expect_on_screen("$", SECONDS)


def test_a_wrong_password_is_refused_on_the_screen(console):
    console.expect_on_screen("login:", 3 * SECONDS)
    console.type("admin\n")
    console.expect_on_screen("assword:", SECONDS)
    console.type("wrong\n")
    console.expect_on_screen("incorrect", SECONDS)


def test_a_password_is_not_shown(console):
    assert "wrong" not in console.screenshot().text()


def test_login_and_a_command_on_the_screen(console):
    log_in_on_screen(console)
    console.type("echo $((6 * 7)) 'It works: |~{}'\n")
    shot = console.expect_on_screen("42 It works: |~{}\n", SECONDS)
    assert "\ufffd" not in shot.text()
    console.type("echo caf")
    console.press("shift_r", "e")
    console.type("\n")
    console.expect_on_screen("\ncafE\n", SECONDS)


def test_the_arrow_keys_bring_back_history(console):
    console.type("echo remembered\n")
    console.expect_on_screen("\nremembered", SECONDS)
    console.type("clear\n")
    console.press("up")
    console.press("up")
    console.type("\n")
    console.expect_on_screen("\nremembered", SECONDS)


def test_control_c_ends_a_program(console):
    console.type("sleep 1000\n")
    console.expect_on_screen("sleep 1000", SECONDS)
    console.press("ctrl", "c")
    console.type("echo alive again\n")
    console.expect_on_screen("\nalive again", SECONDS)


def test_the_screen_scrolls(console):
    console.type("clear; seq 1 200\n")
    text = console.expect_on_screen("\n200\n", SECONDS).text()
    assert re.search(r"^199$", text, re.MULTILINE)
    assert not re.search(r"^1$", text, re.MULTILINE)


def test_colours_and_places_on_the_screen(console):
    console.type("clear; printf '\\033[31mred\\033[0;44mblue\\033[0m\\n'\n")
    shot = console.expect_on_screen("redblue\n", SECONDS)
    assert shot.rows()[0] == "redblue"
    assert b"\xcd\x00\x00" in shot.colours(0, 0)
    assert b"\x40\x60\xee" in shot.colours(3, 0) and b"\x40\x60\xee" not in shot.colours(0, 0)


def test_a_full_screen_editor_writes_a_file(console):
    console.type("clear; vi note\n")
    console.expect_on_screen("note", SECONDS)
    console.type("iwritten in vi")
    console.expect_on_screen("written in vi", SECONDS)
    console.press("esc")
    console.type(":wq\n")
    console.type("clear; cat note\n")
    console.expect_on_screen("written in vi\n", SECONDS)


def test_the_serial_line_has_a_session_of_its_own(console):
    line = console.serial[0]
    line.expect("login: ", SECONDS)
    line.send("admin\r")
    line.expect("assword:", SECONDS)
    line.send("admin\r")
    line.expect(r"\$ ", SECONDS)
    line.send("echo serial $((2 + 3))\r")
    line.expect("serial 5", SECONDS)
    assert "serial 5" not in console.screenshot().text()


def test_the_cursor_keys_are_as_a_program_asked_for_them(console):
    console.type("clear; printf '\\033[?1hread\\171\\n'; cat -v\n")
    console.expect_on_screen("ready", SECONDS)
    console.press("up")
    console.press("shift", "tab")
    console.press("ctrl", "right")
    console.type("\n")
    console.expect_on_screen("\n^[OA^[[Z^[[1;5C\n", SECONDS)
    console.press("ctrl", "c")
    console.type("printf '\\033[?1l'\n")


def test_the_terminal_answers_where_its_cursor_is(console):
    console.type("clear; stty raw -echo; printf '\\033[3;7H\\033[6n'; dd bs=6 count=1 2>/dev/null | od -c; stty sane\n")
    console.expect_on_screen("033   [   3   ;   7   R", SECONDS)


def test_line_drawing(console):
    console.type("clear; printf '\\033(0lqk\\033(B lqk\\n'\n")
    console.expect_on_screen("\u250c\u2500\u2510 lqk\n", SECONDS)


def test_another_terminal_has_a_login_when_it_is_looked_at(console):
    console.type("clear; echo first $((1 + 1))\n")
    console.expect_on_screen("first 2\n", SECONDS)
    console.press("alt", "f2")
    log_in_on_screen(console)
    console.type("tty\n")
    console.expect_on_screen("\n/dev/tty2\n", SECONDS)
    console.press("alt", "f1")
    console.expect_on_screen("first 2\n", SECONDS)


def test_the_systems_log_is_on_the_last_terminal(console):
    console.press("alt", "f6")
    console.expect_on_screen("virtio-blk: 64 MiB", SECONDS)
    console.type("ignored\n")
    console.press("alt", "f1")
    console.expect_on_screen("$", SECONDS)


def test_pages_that_have_scrolled_away_can_be_seen(console):
    console.type("clear; seq 1 200\n")
    console.expect_on_screen("\n200\n", SECONDS)
    for _ in range(4):
        console.press("shift", "pgup")
    for line in ("70", "100"):  # the one is on this page only; the other may be drawn later than it
        console.expect_on_screen(f"\n{line}\n", SECONDS)
    console.type("echo back\n")
    console.expect_on_screen("\nback\n", SECONDS)


def test_another_layout_of_the_keyboard(console):
    layouts = "/usr/share/cluu/keyboard"
    console.type(f"clear; sudo cp {layouts}/de /dev/keyboard; echo $((6 * 7)) it is; read line; sudo cp {layouts}/us /dev/keyboard; echo \"<$line>\"\n")
    console.expect_on_screen("Your own password:", SECONDS)
    console.type("admin\n")
    console.expect_on_screen("\n42 it is", SECONDS)
    for keys in (["y"], ["z"], ["minus"], ["semicolon"], ["equal"], ["e"], ["alt_r", "q"]):
        console.press(*keys)
    console.expect_on_screen("zyßöé@", SECONDS)
    console.type("\n")
    console.expect_on_screen("\n<zyßöé@>\n", SECONDS)
    console.type("echo y-z; echo nonsense >/dev/keyboard; sudo sh -c 'echo nonsense >/dev/keyboard'\n")
    shot = console.expect_on_screen("nvalid argument", SECONDS)
    assert "\ny-z\n" in shot.text() and "ermission denied" in shot.text()
