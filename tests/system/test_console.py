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
