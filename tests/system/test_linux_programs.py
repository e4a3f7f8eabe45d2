# SPDX-License-Identifier: MIT
"""The C programs of tests/linux in CLUU, in memory and on the disk: the same files that pass on Linux."""

from pathlib import Path

import pytest

from cluu import execute, paths

PROGRAMS = sorted(path.stem for path in (Path(__file__).resolve().parents[1] / "linux").glob("*.c"))


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    put = [(paths.OUT / "linux" / name, f"/tmp/{name}") for name in PROGRAMS]
    session = execute.Session(execute.Request(["true"], put=put), logs=tmp_path_factory.mktemp("machine"))
    yield session
    session.close()


@pytest.mark.parametrize("place", ["/dev/shm", "/home/admin"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_in_cluu(machine, program, place):
    result = machine.run(f"/tmp/{program}", timeout=120, environment=[f"TMPDIR={place}"])
    assert result.status == 0, result.output.decode()
