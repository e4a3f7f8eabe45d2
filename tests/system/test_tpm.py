# SPDX-License-Identifier: MIT
"""The TPM: its driver, and passwords that need it."""

import re
import socket
import struct
import subprocess
from pathlib import Path

import pytest
from cluu import disk, execute, paths, tpm
from person import SECONDS, Person

# TPM2_GetCapability(TPM_CAP_TPM_PROPERTIES, TPM_PT_MANUFACTURER, 1)
WHO_MADE_IT = struct.pack(">HIIIII", 0x8001, 22, 0x17A, 6, 0x105, 1)
MAKER = b"IBM\0"  # swtpm's


OWNER = b"somebody"
FEW = 4  # guesses that the second chip allows: its owner has said so
SUCCESS = bytes(4)


def octal(data: bytes) -> str:
    return "".join(f"\\{byte:03o}" for byte in data)


def ask(guest, command: bytes, how: str = "") -> bytes:
    """What /dev/tpm0 answers."""
    result = guest.shell(f"exec 3<>/dev/tpm0 || exit; printf '{octal(command)}' >&3 && {how or 'cat <&3'}")
    assert result.status == 0, result.errors
    return result.output


def own_value(value: bytes = b"") -> bytes:
    """The authorisation of a command by a value."""
    return struct.pack(">IIHBH", 9 + len(value), 0x40000009, 0, 0, len(value)) + value


def command(code: int, body: bytes, tag: int = 0x8002) -> bytes:
    return struct.pack(">HII", tag, 10 + len(body), code) + body


def give_owner(state: Path) -> None:
    """Somebody owns the chip: few guesses, and a value for whoever wants to change that."""
    state.mkdir()
    lockout = struct.pack(">I", 0x4000000A) + own_value()
    here, there = socket.socketpair()
    with here, there, subprocess.Popen([*tpm.command(state), "--fd", str(there.fileno()), "--flags",
                                        "not-need-init,startup-clear"], pass_fds=[there.fileno()]) as emulator:
        for one in (command(0x13A, lockout + struct.pack(">III", FEW, 1000, 1000)),
                    command(0x129, lockout + struct.pack(">H", len(OWNER)) + OWNER)):
            here.sendall(one)
            assert here.recv(4096)[6:10] == SUCCESS
        emulator.terminate()


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A guest whose TPM nobody has used before."""
    work = tmp_path_factory.mktemp("fresh")
    session = execute.Session(execute.Request(["true"], tpm="tis", tpm_state=work / "chip"), logs=work)
    yield session
    session.close()


@pytest.fixture(scope="module")
def owned(tmp_path_factory):
    """A guest whose TPM is somebody's."""
    work = tmp_path_factory.mktemp("owned")
    give_owner(work / "chip")
    session = execute.Session(execute.Request(["true"], tpm="crb", tpm_state=work / "chip"), logs=work)
    yield session
    session.close()


@pytest.fixture(scope="module", params=["fresh", "owned"])
def chip(request):
    return request.getfixturevalue(request.param)


def test_the_system_says_that_there_is_a_tpm(chip, request):
    name = {"fresh": "TIS", "owned": "CRB"}[request.node.callspec.params["chip"]]
    assert f"tpm: a TPM 2.0 ({name}) keeps a part of every password's secret\n" in chip.run("true").log.replace("\r", "")


def test_commands_are_answered(chip):
    answer = ask(chip, WHO_MADE_IT)
    assert len(answer) == 27 and answer[6:10] == bytes(4) and answer[-4:] == MAKER
    in_parts = ask(chip, WHO_MADE_IT, "dd bs=10 count=1 <&3 2>/dev/null; dd bs=9 count=1 <&3 2>/dev/null; cat <&3")
    assert in_parts == answer
    for _ in range(20):
        assert ask(chip, WHO_MADE_IT) == answer
    # A long one, which does not fit one burst.
    long = struct.pack(">HII", 0x8001, 1500, 0x17B) + bytes(1490)
    assert ask(chip, long) == struct.pack(">HII", 0x8001, 10, 0x95)  # TPM_RC_SIZE


@pytest.mark.parametrize("bad", [b"short", WHO_MADE_IT[:-1], WHO_MADE_IT + b"x", bytes(10), b"\xff" * 64],
                         ids=["short", "cut", "long", "zero", "ones"])
def test_what_is_no_command_is_refused(chip, bad):
    result = chip.shell(f"exec 3<>/dev/tpm0; printf '{octal(bad)}' | cat >&3")
    assert b"nvalid argument" in result.errors
    assert ask(chip, WHO_MADE_IT)[-4:] == MAKER


def test_one_at_a_time_has_it_and_only_the_user_0(chip):
    second = chip.shell("exec 3<>/dev/tpm0; cat </dev/tpm0")
    assert second.status != 0 and b"busy" in second.errors
    other = chip.run("su", "admin", "-c", "cat /dev/tpm0")
    assert other.status != 0 and b"ermission denied" in other.errors
    assert chip.run("stat", "-c", "%a %U %t:%T", "/dev/tpm0").output == b"600 root a:e0\n"


def test_who_does_not_wait_for_the_answer_leaves_the_next_one_his_own(chip):
    for _ in range(20):
        unread = chip.shell(f"exec 3<>/dev/tpm0; printf '{octal(WHO_MADE_IT)}' >&3")
        assert unread.status == 0, unread.errors
        assert ask(chip, WHO_MADE_IT)[-4:] == MAKER
    twice = chip.shell(f"exec 3<>/dev/tpm0; printf '{octal(WHO_MADE_IT)}' >&3; printf '{octal(WHO_MADE_IT)}' | cat >&3")
    assert b"busy" in twice.errors


def test_without_a_tpm_the_system_says_so_and_the_device_is_not_there(guest):
    result = guest.run("cat", "/dev/tpm0")
    assert result.status != 0 and b"No such device or address" in result.errors
    assert "tpm: there is no TPM: passwords are kept without it\n" in result.log.replace("\r", "")


# ---- passwords


def number(guest, which: int) -> int:
    """A property of the TPM."""
    answer = ask(guest, struct.pack(">HIIIII", 0x8001, 22, 0x17A, 6, which, 1))
    assert answer[6:10] == SUCCESS
    return int.from_bytes(answer[-4:], "big")


def guesses(guest) -> int:
    return number(guest, 0x20E)


def admin_types(guest, word: str):
    return guest.run("su", "admin", "-c", f"sudo -k; echo {word} | sudo id -u", timeout=60)


def hash_of_admin(guest) -> str:
    return re.search(r'password = "(.*)"', guest.run("cat", "/etc/users.toml").output.decode())[1]


@pytest.fixture(scope="module")
def person(chip):
    """Has logged in with the password that the image came with."""
    assert hash_of_admin(chip).startswith("$argon2id$")
    return Person(chip.machine.serial[0])


def test_the_first_right_password_is_bound_to_the_tpm(chip, person):
    assert "the password of admin needs this machine's TPM from now on" in chip.run("true").log
    assert hash_of_admin(chip).startswith("$tpm2$")
    first = hash_of_admin(chip)
    again = admin_types(chip, "admin")
    assert again.output == b"0\n", again.errors
    assert hash_of_admin(chip) == first and again.log.count("from now on") == 1


def test_guesses_are_counted_by_the_tpm_as_its_owner_wants(chip, request):
    has_owner = number(chip, 0x200) & 4
    most, seconds = number(chip, 0x20F), number(chip, 0x210)
    is_fresh = request.node.callspec.params["chip"] == "fresh"
    assert has_owner and (most, seconds) == ((32, 600) if is_fresh else (FEW, 1000))
    before = guesses(chip)
    wrong = admin_types(chip, "guess")
    assert wrong.status == 1 and b"the password is wrong" in wrong.errors
    assert guesses(chip) == before + 1
    assert admin_types(chip, "admin").output == b"0\n" and guesses(chip) == before + 1
    # Nobody learns which users there are, by the TPM neither.
    other = chip.run("su", "admin", "-c", "echo guess | su nobody -c id", timeout=60)
    assert b"the password is wrong" in other.errors and guesses(chip) == before + 2


def test_a_new_password_typed_by_a_person_is_nowhere_in_memory(chip, person, tmp_path):
    word = "Seldom-Seen-7391"
    line = person.line
    line.send("passwd\r")
    for question, said in (("Your password now: ", "admin"), ("New password: ", word), ("The same again: ", word)):
        line.expect(question, SECONDS)
        line.send(said + "\r")
    person.prompt()
    line.send("exit\r")
    line.expect("login: ", SECONDS)
    line.send("admin\r")
    line.expect("Password: ", SECONDS)
    line.send(word + "\r")
    person.prompt()
    person.enter("echo Often-Seen-1937")
    chip.machine.qmp("pmemsave", val=0, size=512 << 20, filename=str(tmp_path / "memory"))
    memory = (tmp_path / "memory").read_bytes()
    (tmp_path / "memory").unlink()
    assert b"Often-Seen-1937" in memory, "the search finds what is there"
    for part in (word, word[4:], word[8:]):
        assert memory.count(part.encode()) == 0, part
    assert hash_of_admin(chip).startswith("$tpm2$")
    back = chip.run("/bin/shell", "-c", "printf 'admin\\nadmin\\n' | passwd admin")
    assert back.output == b"The password of admin has been changed.\n", back.errors


@pytest.fixture(scope="module")
def moved(fresh, tmp_path_factory):
    """The disk of a machine with a TPM, out of it."""
    image = tmp_path_factory.mktemp("moved") / "disk.img"
    assert admin_types(fresh, "admin").output == b"0\n"
    assert fresh.run("sync").status == 0
    subprocess.run(["cp", "--sparse=always", fresh.image, image], check=True)
    return image


def test_a_disk_in_another_machine_needs_a_new_password(moved, tmp_path):
    session = execute.Session(execute.Request(["true"], disk=moved, tpm="tis", tpm_state=tmp_path / "chip"), logs=tmp_path)
    try:
        right = admin_types(session, "admin")
        assert right.status == 1, right.output
        assert b"the password needs the TPM of another machine, or this machine's TPM has been cleared" in right.errors
        assert "accounts: no password is taken at no terminal: the password needs the TPM of another" in right.log
        changed = session.run("/bin/shell", "-c", "printf 'other\\nother\\n' | passwd admin")
        assert changed.status == 0, changed.errors
        assert admin_types(session, "other").output == b"0\n"
    finally:
        session.close()


def test_a_disk_in_a_machine_without_a_tpm_and_the_way_back(moved, tmp_path):
    session = execute.Session(execute.Request(["true"], disk=moved), logs=tmp_path / "first")
    try:
        right = admin_types(session, "admin")
        assert right.status == 1 and b"this machine has none; an administrator can set a new one" in right.errors
    finally:
        session.close()
    # As docs/servers/accounts.md says: from outside, a hash of the password alone.
    editor = disk.Editor(moved)
    assert editor.get("/etc/users.toml", tmp_path / "users.toml")
    listed = (tmp_path / "users.toml").read_text()
    plain = re.search(r'password = ".*"', (paths.ROOT / "rootfs/etc/users.toml").read_text())[0]
    subprocess.run(["debugfs", "-w", "-R", "rm /etc/users.toml", moved], check=True, capture_output=True)
    editor.put_bytes(re.sub(r'password = "\$tpm2\$.*"', lambda _: plain, listed).encode(), "/etc/users.toml")
    session = execute.Session(execute.Request(["true"], disk=moved), logs=tmp_path / "second")
    try:
        assert admin_types(session, "admin").output == b"0\n"
        assert hash_of_admin(session).startswith("$argon2id$")
    finally:
        session.close()


def test_after_too_many_guesses_the_tpm_tries_none(owned):
    while guesses(owned) < FEW:
        before = guesses(owned)
        wrong = admin_types(owned, "guess")
        assert wrong.status == 1
        assert guesses(owned) == before + (b"the password is wrong" in wrong.errors)
    right = admin_types(owned, "admin")
    assert right.status == 1 and b"after too many wrong passwords the TPM tries none for 17 minutes" in right.errors
    # A person is told, too.
    line = owned.machine.serial[0]
    line.send("exit\r")
    for question in ("login: ", "Password: "):
        line.expect(question, SECONDS)
        line.send("admin\r")
    line.expect("login: after too many wrong passwords the TPM tries none for 17 minutes", SECONDS)
