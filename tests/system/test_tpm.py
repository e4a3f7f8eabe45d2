# SPDX-License-Identifier: MIT
"""The TPM: its driver."""

import socket
import struct
import subprocess
from pathlib import Path

import pytest
from cluu import execute, tpm

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
    assert result.status != 0 and b"Input/output error" in result.errors
    assert "tpm: there is no TPM: passwords are kept without it\n" in result.log.replace("\r", "")
