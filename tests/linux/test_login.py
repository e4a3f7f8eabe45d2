# SPDX-License-Identifier: MIT
"""The built login program on Linux, over a pseudo-terminal."""

import os
import subprocess
from pathlib import Path

import pexpect
import pexpect.fdpexpect
import pytest

BUILD = Path(__file__).resolve().parents[2] / "build/release/hosted"
SEED = Path(__file__).resolve().parents[2] / "rootfs/etc/users.toml"


class Seat:
    """A terminal with login on it."""

    def __init__(self, users):
        master, slave = os.openpty()
        self.slave = slave
        self.process = subprocess.Popen([BUILD / "login", "--users", users, os.ttyname(slave)], env={"TERM": "dumb"},
                                        stdin=subprocess.DEVNULL)
        self.line = pexpect.fdpexpect.fdspawn(master, timeout=20, encoding="utf-8")

    def log_in(self, name, password):
        self.line.expect("login: ")
        self.line.send(name + "\n")
        self.line.expect("Password: ")
        self.line.send(password + "\n")

    def close(self):
        self.process.kill()
        self.process.wait()
        self.line.close()
        os.close(self.slave)


@pytest.fixture
def users(tmp_path):
    # The seeded password, for whoever runs the test.
    text = SEED.read_text().replace("id = 1000", f"id = {os.getuid()}\ngroup = {os.getgid()}")
    text = text.replace("/home/admin", str(tmp_path)).replace("/bin/admin-shell", str(BUILD / "shell"))
    path = tmp_path / "users.toml"
    path.write_text(text)
    return path


@pytest.fixture
def seat(users):
    somebody = Seat(users)
    yield somebody
    somebody.close()


def test_login_and_logout(seat, tmp_path):
    for _ in range(2):
        seat.log_in("admin", "admin")
        seat.line.expect(r"admin@.*\$ ")
        seat.line.send("echo $HOME $USER $SHELL $PATH $TERM; tty; pwd\n")
        seat.line.expect(rf"{tmp_path} admin {BUILD}/shell \S+ dumb\r\n/dev/pts/\d+\r\n{tmp_path}\r\n")
        seat.line.expect(r"\$ ")
        seat.line.send("exit\n")


def test_the_shell_has_the_terminal(seat):
    seat.log_in("admin", "admin")
    seat.line.expect(r"\$ ")
    seat.line.send("sleep 100\n")
    seat.line.expect("sleep 100\r\n")
    seat.line.send("\x03")
    seat.line.expect(r"\$ ")
    seat.line.send("echo $?\n")
    seat.line.expect("130\r\n")


def test_wrong_passwords_and_names(seat):
    for name, password in (("admin", "wrong"), ("nobody", "admin"), ("admin", ""), ("admin", "x" * 1000)):
        seat.log_in(name, password)
        seat.line.expect("Login incorrect")
        assert seat.line.before.strip() == "", "nothing tells an unknown name from a wrong password"
    seat.line.expect("login: ")
    seat.line.send("\n")
    seat.log_in("admin", "admin")
    seat.line.expect(r"\$ ")


def test_the_password_is_not_shown(seat):
    seat.log_in("admin", "secret-word")
    seat.line.expect("Login incorrect")
    assert "secret-word" not in seat.line.before


def test_mistake_in_the_list(users):
    good = users.read_text()
    users.write_text("[[user]]\nname = \"admin\nid = 0\n")
    seat = Seat(users)
    try:
        seat.line.expect(r"users.toml:2:\d+: ")
        seat.log_in("admin", "admin")
        seat.line.expect("Nobody can log in until this file is mended")
        users.write_text(good)
        seat.log_in("admin", "admin")
        seat.line.expect(r"\$ ")
        seat.line.send("exit\n")
        seat.line.expect("login: ")
        users.write_text(good + "\nunknown = 1\n")
        seat.line.send("\n")
        seat.line.expect(r"users.toml:\d+:1: `unknown` is unknown")
        seat.line.expect("the users of before stay in force")
        seat.log_in("admin", "admin")
        seat.line.expect(r"\$ ")
    finally:
        seat.close()


def test_missing_shell_and_home(users):
    users.write_text(users.read_text().replace(str(BUILD / "shell"), "/nonexistent/shell"))
    seat = Seat(users)
    try:
        seat.log_in("admin", "admin")
        seat.line.expect("login: /nonexistent/shell: No such file or directory")
        seat.line.expect("login: ")
    finally:
        seat.close()


def test_hash():
    child = pexpect.spawn(str(BUILD / "login"), ["--hash"], encoding="utf-8", timeout=20)
    child.expect("Password: ")
    child.sendline("secret")
    child.expect("again: ")
    child.sendline("secret")
    child.expect(r'password = "\$argon2id\$v=19\$m=4096,t=2,p=1\$[^"]*"')
    child.expect(pexpect.EOF)
