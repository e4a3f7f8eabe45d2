# SPDX-License-Identifier: MIT
"""The commands of `./cluu`. Each is a function of its own module; this one only knows their options."""

import argparse
import os
import re
import subprocess
import sys

from .say import Problem, note

MOST_CPUS = 255  # of QEMU's machine
HELP = "CLUU: a capability operating system, built and run in QEMU."


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="./cluu", description=HELP)
    commands = top.add_subparsers(dest="name", metavar="COMMAND", required=True)

    run = commands.add_parser("run", help="build what changed and boot it, in a window or on this terminal")
    run.add_argument("--serial", action="store_true", help="the login on this terminal; Ctrl-A X ends the machine")
    run.add_argument("--uefi", action="store_true", help="boot through UEFI instead of the BIOS")
    run.add_argument("--tpm", nargs="?", const="tis", choices=["tis", "crb"],
                     help="with a TPM 2.0, which keeps its secrets from run to run (build/run/tpm)")
    run.add_argument("--fresh", action="store_true", help="forget what was written to the disk in earlier runs")
    _size(run)

    execute = commands.add_parser("exec", help="run one command in a fresh machine and exit with its status")
    execute.add_argument("--put", action="append", default=[], metavar="HOST:GUEST", help="copy a file or folder in")
    execute.add_argument("--get", action="append", default=[], metavar="GUEST:HOST", help="copy a file or folder out")
    execute.add_argument("--timeout", type=_seconds, default=60, metavar="SECONDS")
    execute.add_argument("--icount", action="store_true", help="the time-stamp counter counts instructions")
    execute.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    execute.add_argument("--directory", default="/home/admin", help="where the command starts")
    execute.add_argument("--stdin", metavar="FILE", help="the command's standard input; - for this command's own")
    execute.add_argument("--log", action="store_true", help="show the system's log afterwards")
    execute.add_argument("--reference", action="store_true", help="run it on Linux instead, for comparison")
    execute.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND...")
    _size(execute)

    test = commands.add_parser("test", help="run the tests: unit, system, or both; or ports, suites or nightly")
    test.add_argument("which", nargs="?", choices=["unit", "system", "ports", "suites", "nightly"])
    test.add_argument("-k", metavar="WORD", help="only tests whose name contains WORD")
    test.add_argument("--coverage", action="store_true", help="with unit: which lines of the kernel its tests run")
    test.add_argument("--cpus", type=_cpus, metavar="N", help="of each system test's machine, if the test does not say")
    test.add_argument("-x", action="store_true", help="stop at the first failure")

    bench = commands.add_parser("bench", help="measure CLUU and Linux side by side")
    bench.add_argument("--json", metavar="FILE", help="write the figures to FILE as well")
    bench.add_argument("--only", choices=["cluu", "linux"], help="measure only one of the two")
    bench.add_argument("--profile", metavar="NAME", help="count one benchmark's instructions by function instead")

    debug = commands.add_parser("debug", help="boot under gdb, stopped before the first instruction")
    debug.add_argument("--words", default="", help="the kernel's command line")
    _size(debug)

    commands.add_parser("build", help="build everything")
    ports = commands.add_parser("port", help="build foreign programs from Debian's sources (ports/)")
    ports.add_argument("ports", nargs="*", metavar="NAME", help="default: all")
    lint = commands.add_parser("lint", help="check layout, includes and format of the sources")
    lint.add_argument("--fix", action="store_true", help="format the sources instead")
    lint.add_argument("--tidy", action="store_true", help="run clang-tidy instead (takes minutes)")
    commands.add_parser("doctor", help="say what is missing on this machine, and how to mend it")
    commands.add_parser("help", help="this text")
    return top


def _size(command: argparse.ArgumentParser) -> None:
    command.add_argument("--memory", type=_memory, default="512M", metavar="SIZE",
                         help="for example 64M (default: %(default)s)")
    command.add_argument("--cpus", type=_cpus, metavar="N",
                         help="default: what CLUU_CPUS says in the environment, else 1")


def _memory(text: str) -> str:
    if not re.fullmatch(r"0*[1-9]\d*[KMG]?", text):
        raise argparse.ArgumentTypeError(f"'{text}' is not an amount of memory; say for example 64M or 2G")
    return text


def _cpus(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_CPUS:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of CPUs from 1 to {MOST_CPUS}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is not a time in seconds")
    return seconds


def main() -> int:
    top = parser()
    arguments = top.parse_args()
    if arguments.name == "help":
        top.print_help()
        return 0
    # Imported late: `./cluu help` must work however little is installed.
    from . import bench, build, debug, doctor, execute, lint, port, run, testing
    commands = {"run": run.main, "exec": execute.main, "test": testing.main, "bench": bench.main, "debug": debug.main,
                "doctor": doctor.main, "lint": lint.main, "port": port.main, "build": lambda _: build.targets("all", "image") or 0}
    return commands[arguments.name](arguments)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Problem as problem:
        note(str(problem))
        sys.exit(1)
    except BrokenPipeError:  # whoever read our output has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:
        if error.errno == 28:
            note("there is no space left on this machine's disk.")
            sys.exit(1)
        if error.filename is None:
            raise
        note(f"'{error.filename}': {error.strerror}.")
        sys.exit(1)
    except subprocess.CalledProcessError as error:
        note(f"'{error.cmd[0]}' failed: {(error.stderr or b'').strip() or error}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
