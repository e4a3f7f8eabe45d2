# SPDX-License-Identifier: MIT
"""`./cluu` as a person meets it: run on a terminal, debug, doctor, help, and sentences for what goes wrong."""

import os
import subprocess

import pexpect
import pytest

from cluu import paths

CLUU = str(paths.ROOT / "cluu")
SECONDS = 60


def cluu(*words: str, text: str = "", environment: dict[str, str] | None = None) -> subprocess.CompletedProcess:
    return subprocess.run([CLUU, *words], input=text, capture_output=True, text=True, timeout=SECONDS, env=environment)


def test_run_on_this_terminal_leads_to_a_login_and_control_a_x_ends_it():
    person = pexpect.spawn(CLUU, ["run", "--serial"], timeout=SECONDS, encoding="utf-8")
    person.expect("Ctrl-A X")
    person.expect("login: ")
    second = cluu("run", "--serial")
    assert "the disk image is in use" in second.stderr
    person.send("admin\r")
    person.expect("assword:")
    person.send("admin\r")
    person.expect(r"\$ ")
    person.send("echo $((40 + 2))\r")
    person.expect("\n42")
    person.send("\x01x")
    person.expect(pexpect.EOF)


def test_run_with_a_tpm():
    person = pexpect.spawn(CLUU, ["run", "--serial", "--tpm", "crb"], timeout=SECONDS, encoding="utf-8")
    person.expect(r"tpm: a TPM 2.0 \(CRB\)")
    person.expect("login: ")
    person.send("\x01x")
    person.expect(pexpect.EOF)
    assert list((paths.BUILD / "run" / "tpm").iterdir()), "it is kept"


@pytest.mark.parametrize("display, sentence", [
    (":987", "no window can be opened"),
    ("", "the machine's serial line is this terminal"),
])
def test_run_without_a_window_uses_this_terminal(display, sentence):
    person = pexpect.spawn(CLUU, ["run"], timeout=SECONDS, encoding="utf-8", env={**os.environ, "DISPLAY": display})
    person.expect(sentence)
    person.expect("login: ")
    person.send("\x01x")
    person.expect(pexpect.EOF)


@pytest.mark.parametrize("words, sentence", [
    (["run", "--memory", "12X"], "'12X' is not an amount of memory"),
    (["exec", "--memory", "0", "--", "true"], "'0' is not an amount of memory"),
    (["debug", "--memory=-5"], "'-5' is not an amount of memory"),
    (["run", "--cpus", "0"], "'0' is not a number of CPUs"),
    (["exec", "--cpus", "many", "--", "true"], "'many' is not a number of CPUs"),
    (["exec", "--timeout", "-3", "--", "true"], "'-3' is not a time"),
    (["exec", "--stdin", "/no/such/file", "--", "true"], "'/no/such/file': No such file or directory."),
    (["bench", "--json", "/no/such/folder/file"], "'/no/such/folder/file': No such file or directory."),
    (["run", "--nonsense"], "unrecognized arguments: --nonsense"),
    (["frobnicate"], "invalid choice: 'frobnicate'"),
])
def test_wrong_words_get_a_sentence_at_once(words, sentence):
    result = cluu(*words)
    assert result.returncode in (1, 2)
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_debug_has_the_kernels_symbols_and_sources():
    result = cluu("debug", text="hbreak *&kernel_main\ncontinue\nbacktrace\nlist\nkill\n")
    assert "#0  kernel_main (" in result.stdout
    assert "kernel_main(const BootParameters" in result.stdout


def test_help_names_every_command():
    result = cluu("help")
    assert result.returncode == 0
    for command in ("run", "exec", "test", "bench", "debug", "port", "doctor"):
        assert f"    {command} " in result.stdout


def test_doctor_is_content_where_tests_run():
    result = cluu("doctor")
    assert result.returncode == 0
    assert "Nothing is missing." in result.stdout


def test_an_old_qemu_gets_a_sentence(tmp_path):
    old = tmp_path / "qemu-system-x86_64"
    old.write_text("#!/bin/sh\necho 'QEMU emulator version 5.2.0'\n")
    old.chmod(0o755)
    result = cluu("exec", "--", "true", environment={"PATH": f"{tmp_path}:/usr/bin:/bin:/usr/sbin:/sbin"})
    assert result.returncode == 1
    assert "QEMU is too old" in result.stderr


def test_exec_without_a_command_says_what_it_wants():
    result = cluu("exec")
    assert result.returncode == 1
    assert "which command?" in result.stderr
