# SPDX-License-Identifier: MIT
"""The test suites of foreign programs (tests/suites), run on Linux and in CLUU and compared: on this machine's Linux, or,
where tests change the system's time or reach for the machine's limits, in one of its own (linux.py).

A suite's folder, made below build/<preset>/suites, is copied into the machine. It holds the program's own tests, out of the
source package of a port, the list of those to run, and the script that runs them, which writes `NAME: VERDICT` for each.
"""

import fnmatch
import resource
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from . import build, execute, paths, port, qemu
from .say import Problem, note, progress

SOURCES = paths.ROOT / "tests" / "suites"
SECONDS = 3000  # for all of one suite, in a machine
MEMORY = 1 << 30  # bytes of address space, the most for a test on this machine's Linux, which has more than a guest


@dataclass
class Suite:
    port: str
    files: dict[str, str]  # in the suite's folder -> in the port's source
    names: Callable[[Path], set[str]]  # of all tests that there are in the suite's folder
    here: str = ""  # the program on this machine, if the tests are not programs themselves
    there: str = ""  # the same in CLUU
    left_out: tuple[str, ...] = ()
    own_linux: bool = False  # Linux is a guest too
    single: str = ""  # the tests are programs of their own, files of these names: others need not be copied


def _micropython_names(folder: Path) -> set[str]:
    return {str(file.relative_to(folder / "tests")) for file in folder.glob("tests/*/*.py")}


def _busybox_names(folder: Path) -> set[str]:
    return {file.name.removesuffix(".tests") for file in folder.glob("testsuite/*")
            if file.is_dir() or file.suffix == ".tests"}


def _posix_names(folder: Path) -> set[str]:
    tests = folder / "tests"
    found = {str(file.relative_to(tests)).removeprefix("conformance/interfaces/") for file in tests.rglob("*.*")}
    return {name.removesuffix(".test") for name in found if "buildonly" not in name}


# speedtest1's sets of tests, and its main one with other journals and memories (tests/suites/sqlite.sh).
SQLITE_SPEED = ("cte", "fp", "main", "orm", "rtree", "memory", "memory-map", "threads", "truncate", "wal")
SQLITE_FUZZ = tuple(f"fuzzdata{number}" for number in range(1, 9))


def _sqlite_names(folder: Path) -> set[str]:
    scripts = {file.stem for file in folder.glob("mptest/*.test")}
    return ({f"speedtest1/{name}" for name in SQLITE_SPEED} | {f"fuzzcheck/{name}" for name in SQLITE_FUZZ} |
            {f"mptest/{script}-{journal}" for script in scripts for journal in ("delete", "wal")})


SUITES = {
    "micropython": Suite(
        "micropython", {"tests": "tests"}, _micropython_names,
        str(paths.PORTS / "micropython/image/usr/bin/micropython"), "/usr/bin/micropython",
        # For other machines, measurements, two machines; the last ones ask how fast this one is, or write what is chance: where they lie.
        ("cmdline/*", "cpydiff/*", "extmod_hardware/*", "feature_check/*", "frozen/*", "inlineasm/*", "internal_bench/*",
         "jni/*", "multi_*", "net_*", "perf_bench/*", "ports/*", "extmod/asyncio_fair.py", "import/import_file.py", "micropython/meminfo.py",
         "thread/stress_schedule.py", "thread/thread_exc2.py")),
    "busybox": Suite(
        "busybox", {"testsuite": "testsuite", ".config": "debian/config/pkg/static"}, _busybox_names, "/bin/busybox",
        "/bin/busybox"),
    "sqlite": Suite(
        "sqlite3", {"programs": "programs", "mptest": "mptest"} | {f"fuzz/{name}.db": f"test/{name}.db" for name in SQLITE_FUZZ},
        _sqlite_names, "programs", "programs",
        # They need many minutes on Linux, where they wait for each other.
        ("mptest/config01-wal", "mptest/config02-*")),
    "posix": Suite(
        "posixtestsuite", {"tests": "built"}, _posix_names, own_linux=True, single="*.test",
        # It starts a thousand processes, more than a container may have: those that fail are others.
        left_out=("shm_open/23-1",)),
}


def prepare(name: str, wanted: list[str] | None = None) -> Path:
    """Makes the suite's folder; `wanted` are patterns of tests' names."""
    suite = SUITES[name]
    port.make(suite.port)
    folder = paths.OUT / "suites" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for target, source in suite.files.items():
        made = paths.PORTS / suite.port / "source" / source
        (folder / target).parent.mkdir(exist_ok=True)
        (shutil.copytree if made.is_dir() else shutil.copy)(made, folder / target)
    shutil.copy(SOURCES / f"{name}.sh", folder / "run.sh")
    names = [test for test in sorted(suite.names(folder)) if not _matches(test, suite.left_out)
             and (wanted is None or _matches(test, wanted))]
    if not names:
        raise Problem(f"the suite {name} has no test whose name matches {' or '.join(wanted or [])}")
    for file in folder.rglob(suite.single) if suite.single and wanted else ():
        if not any(str(file.with_suffix("")).endswith(f"/{test}") for test in names):
            file.unlink()
    (folder / "names").write_text("".join(f"{test}\n" for test in names))
    return folder


def _matches(test: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatch(test, pattern) for pattern in patterns)


def verdicts(text: str) -> dict[str, str]:
    return dict(line.rsplit(": ", 1) for line in text.splitlines() if ": " in line)


def on_linux(name: str, folder: Path) -> dict[str, str]:
    if SUITES[name].own_linux:
        # As admin, who is all that CLUU has: root may do much more.
        return _in_guest(name, folder, ["/bin/busybox", "su", "-s", "/bin/dash", "admin"], reference=True)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    result = subprocess.run(["/bin/dash", folder / "run.sh", SUITES[name].here], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, env={"PATH": "/usr/bin:/bin", "HOME": "/tmp", "USER": "root"},
                            preexec_fn=limit, timeout=SECONDS, check=True)
    return verdicts(result.stdout.decode("utf-8", "replace"))


def in_cluu(name: str, folder: Path, logs: Path | None = None) -> dict[str, str]:
    return _in_guest(name, folder, ["/bin/dash"], logs)


def _in_guest(name: str, folder: Path, shell: list[str], logs: Path | None = None, reference: bool = False) -> dict[str, str]:
    request = execute.Request([*shell, "/tmp/suite/run.sh", SUITES[name].there], put=[(folder, "/tmp/suite")],
                              timeout=SECONDS, reference=reference)
    result = execute.run(request, logs=logs)
    if result.status != 0:
        system = "on Linux" if reference else "in CLUU"
        note(f"the suite {name} ended with status {result.status} {system}: {result.errors.decode('utf-8', 'replace')}")
    return verdicts(result.output.decode("utf-8", "replace"))


def passed(verdict: str) -> bool:
    return verdict.split(" ")[0] in ("PASS", "0")


def known(name: str) -> dict[str, str]:
    return tomllib.loads((SOURCES / "known.toml").read_text()).get(name, {})


def compare(linux: dict[str, str], cluu: dict[str, str], reasons: dict[str, str]) -> tuple[str, list[str]]:
    """The table of all tests with what both said, and what is wrong: tests that pass on Linux only, without a reason;
    reasons (their names are patterns) for tests that all pass."""
    counts = {"same": 0, "known": 0, "differ": 0, "not passed by Linux": 0}
    lines, wrong = [], []
    used, unused = set(), set()
    for test, wanted in linux.items():
        got = cluu.get(test, "nothing")
        pattern = next((pattern for pattern in reasons if fnmatch.fnmatch(test, pattern)), None)
        reason = ""
        if not passed(wanted):
            kind = "not passed by Linux"
        elif got == wanted:
            kind = "same"
            unused.add(pattern)
        elif pattern:
            kind, reason = "known", reasons[pattern]
            used.add(pattern)
        else:
            kind = "differ"
            wrong.append(f"{test}: '{wanted}' on Linux, '{got}' in CLUU")
        counts[kind] += 1
        lines.append(f"{kind:20} {wanted:36} {got:36} {test} {reason}".rstrip())
    for pattern in sorted(unused - used - {None}):
        wrong.append(f"{pattern} passes, but known.toml says: {reasons[pattern]}")
    lines.append(", ".join(f"{count} {kind}" for kind, count in counts.items()))
    return "\n".join(lines) + "\n", wrong


def check(name: str, wanted: list[str] | None = None, logs: Path | None = None) -> list[str]:
    """Runs the suite on both; writes the table. Gives what is wrong. The images must have been built."""
    folder = prepare(name, wanted)
    linux, cluu = on_linux(name, folder), in_cluu(name, folder, logs)
    if not any(passed(verdict) for verdict in linux.values()):
        return [f"the suite {name} passes no test on Linux: it does not run"]
    table, wrong = compare(linux, cluu, known(name))
    (paths.OUT / "suites" / (f"{name}.txt" if wanted is None else f"{name}-part.txt")).write_text(table)
    note(f"suite {name}: {table.splitlines()[-1]}")
    return wrong


def main(word: str | None) -> int:
    qemu.check_version()
    build.targets("image")
    wrong = []
    for name in SUITES:
        if not word or word in name:
            progress(f"running the suite {name}")
            wrong += check(name)
    for line in wrong:
        print(line)
    return 1 if wrong else 0
