# SPDX-License-Identifier: MIT
"""Debian's programs, unmodified: its static bash; and dynamically linked ones with their loader and their libraries put where they
look for them: bash, and programs in Go (age) and in Rust (ripgrep)."""

import re
import subprocess
from pathlib import Path

import pytest

from cluu import debian, execute

BASH = "/bin/bash"
PROGRAMS = {"/usr/bin/bash": BASH, **{path: path for path in ("/usr/bin/age", "/usr/bin/age-keygen", "/usr/bin/rg")}}

STATIC_BASH = "/usr/bin/bash-static"

SCRIPTS = [
    "echo $((6 * 7)) ${BASH_VERSINFO[0]}",
    "for i in 1 2 3; do echo $i; done | sort -r | head -n 2",
    "read word < <(echo substituted); echo $word",
    "declare -A map; map[key]=value; echo ${!map[@]} ${map[key]}",
    "[[ abc =~ b(.) ]] && echo ${BASH_REMATCH[1]}",
    "trap 'echo bye' EXIT; (exit 3) & wait $!; echo $?",
    "coproc cat; echo through >&${COPROC[1]}; read -u ${COPROC[0]} line; echo $line",
    "trap 'echo caught' USR1; kill -USR1 $$; echo after",
    "/no/such/program 2> /dev/null; echo $?",
    "cat <<< here; printf '%s\\n' {a..c}; shopt -s extglob; echo /etc/@(hostname)",
]


def needed(program: str) -> list[str]:
    """The files that ldd names."""
    output = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return re.findall(r"(/\S+) \(0x", output)


def static_bash() -> Path:
    return debian.unpacked("bash-static") / "bin/bash-static"


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    libraries = {name for program in PROGRAMS.values() for name in needed(program)}
    put = [(static_bash(), STATIC_BASH)] + [(Path(here), there) for there, here in PROGRAMS.items()]
    put += [(Path(name).resolve(), name) for name in sorted(libraries)]
    session = execute.Session(execute.Request(["true"], put=put), logs=tmp_path_factory.mktemp("machine"))
    yield session
    session.close()


@pytest.mark.parametrize("bash", ["/usr/bin/bash", STATIC_BASH])
@pytest.mark.parametrize("script", SCRIPTS)
def test_as_on_linux(machine, script, bash):
    here = subprocess.run([static_bash() if bash == STATIC_BASH else BASH, "-c", script], capture_output=True, text=True, check=False)
    there = machine.run(bash, "-c", script, timeout=60)
    assert there.output.decode().replace("\r\n", "\n") == here.stdout
    assert there.status == here.returncode


def test_a_program_in_go(machine):
    """Many threads, timers, files; what one run has encrypted, another decrypts."""
    result = machine.run("/usr/bin/bash", "-c", """
        set -e; cd /tmp
        age-keygen -o key 2> told; sed -n 's/^Public key: //p' told > recipient
        seq 1 100000 > plain
        age -r "$(cat recipient)" < plain > secret
        age -d -i key secret | cmp - plain && echo same
        head -c 1000 secret | age -d -i key > part || echo refused
    """, timeout=120)
    assert result.output.decode() == "same\nrefused\n", result.errors


def test_a_program_in_rust(machine):
    result = machine.run("/usr/bin/bash", "-c", """
        mkdir -p /tmp/words/{a,b,c}; for d in a b c; do seq 1 3000 > /tmp/words/$d/numbers; done
        cd /tmp/words; rg --threads 4 -c '7{3}' | sort; rg -N --no-filename '^29(9.)$' -r 'x$1' a | tail -n 1; rg nowhere; echo $?
    """, timeout=120)
    assert result.output.decode() == "a/numbers:3\nb/numbers:3\nc/numbers:3\nx99\n1\n", result.errors
