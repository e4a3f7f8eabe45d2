# SPDX-License-Identifier: MIT
"""A dynamically linked program of the host, Debian's bash, with its loader and its libraries put where it looks for them."""

import re
import subprocess
from pathlib import Path

import pytest

from cluu import execute

BASH = "/bin/bash"

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


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    put = [(Path(BASH), "/usr/bin/bash")] + [(Path(name).resolve(), name) for name in needed(BASH)]
    session = execute.Session(execute.Request(["true"], put=put), logs=tmp_path_factory.mktemp("machine"))
    yield session
    session.close()


@pytest.mark.parametrize("script", SCRIPTS)
def test_as_on_linux(machine, script):
    here = subprocess.run([BASH, "-c", script], capture_output=True, text=True, check=False)
    there = machine.run("/usr/bin/bash", "-c", script, timeout=60)
    assert there.output.decode().replace("\r\n", "\n") == here.stdout
    assert there.status == here.returncode
