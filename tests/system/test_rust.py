# SPDX-License-Identifier: MIT
"""Programs in Rust, linked with musl (ports/rust): one that tries what Rust's standard library asks of the system, and ripgrep.
They are put into CLUU as they are; what they do on Linux they must do there."""

import os
import subprocess

import pytest

from cluu import execute, paths, port

pytestmark = pytest.mark.ports
SECONDS = 120

# In a directory where nothing is yet.
SCRIPTS = [
    "mkdir a b; for d in a b; do seq 1 3000 > $d/numbers; done; rg --threads 4 -c '7{3}' | sort",
    "seq 1 3000 | rg '^29(9.)$' -r 'x$1' | tail -n 1",
    "echo nothing > here; rg something; echo $?; rg '(' here 2> /dev/null; echo $?; rg x nowhere 2> /dev/null; echo $?",
    "mkdir .git; echo '*.o' > .gitignore; echo word > a.o; echo word > a.c; rg word; rg -uu word | sort; rg --files | sort",
    "seq 1 100 | gzip > n.gz; rg -z -c 9 n.gz",
    "printf '#!/bin/sh\\ntr a-z A-Z\\n' > upper; chmod +x upper; echo shout > low; rg --pre ./upper SHOUT low",
    "seq 1 50000 > many; rg --mmap -c 99 many; rg --no-mmap -c 99 many; rg --json '^777$' many | grep -o '\"lines\":[^}]*}'",
    "printf 'a\\0b\\n' > binary; rg b binary; rg -a -c b binary; printf 'w\\303\\266rter\\n' | rg -o '\\w+'",
]


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    port.make("rust")
    made = tmp_path_factory.mktemp("rust") / "rust_std"
    subprocess.run([paths.PORTS / "rust/prefix/bin/rustc", "--edition", "2021", "-O", "-o", made,
                    paths.ROOT / "tests/linux/rust_std.rs"], check=True)
    return {"rust_std": made, "rg": port.make("rg") / "usr/bin/rg"}


@pytest.fixture(scope="module")
def machine(programs, tmp_path_factory):
    put = [(file, f"/usr/bin/{name}") for name, file in programs.items()]
    session = execute.Session(execute.Request(["true"], put=put), logs=tmp_path_factory.mktemp("machine"))
    yield session
    session.close()


def test_the_standard_library_on_linux(programs, tmp_path):
    result = subprocess.run(["env", "--default-signal", programs["rust_std"]], env={**os.environ, "TMPDIR": str(tmp_path)},
                            capture_output=True, text=True, timeout=SECONDS)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("place", ["/dev/shm", "/home/admin"])
def test_the_standard_library(machine, place):
    result = machine.run("rust_std", timeout=SECONDS, environment=[f"TMPDIR={place}"])
    assert result.status == 0, (result.output + result.errors).decode()


@pytest.mark.parametrize("script", SCRIPTS)
def test_ripgrep(machine, programs, script, tmp_path):
    path = f"{programs['rg'].parent}:{os.environ['PATH']}"
    here = subprocess.run(["sh", "-c", script], cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True,
                          timeout=SECONDS)
    there = machine.shell(f"cd $(mktemp -d); {script}", timeout=SECONDS)
    assert here.stdout
    assert there.output.decode() == here.stdout, there.errors
