# SPDX-License-Identifier: MIT
"""The benchmark runner's own arithmetic, and the lint's."""

from pathlib import Path

from cluu import bench, lint, machine, profile

OUTPUT = "\r\n[    0.1] noise\r\ngetpid\t345.4800\tticks/op\r\nread_seq\t3.88\tbytes/tick\r\ntcp\tskip\tNo such device\r\n"


def test_lines_are_parsed_among_noise():
    figures, skipped = bench.parse(OUTPUT)
    assert figures == {"getpid": (345.48, "instructions/op"), "read_seq": (3.88, "bytes/instruction")}
    assert skipped == {"tcp": "No such device"}


def test_the_ratio_says_how_many_times_better():
    text = bench.table({"getpid": (100.0, "instructions/op"), "read_seq": (8.0, "bytes/instruction")},
                       {"getpid": (300.0, "instructions/op"), "read_seq": (4.0, "bytes/instruction")})
    rows = {line.split()[0]: line.split() for line in text.splitlines()}
    assert rows["getpid"][3] == "3.00"
    assert rows["read_seq"][3] == "2.00"


def test_a_missed_or_missing_budget_is_named():
    missed = bench.missed_budgets({"boot_seconds": (2.0, "s"), "ipc_call_0w": (250.0, "instructions")})
    assert any(text.startswith("boot_seconds is 2.00") for text in missed)
    assert "boot_instructions was not measured" in missed
    assert not any("ipc_call_0w" in text for text in missed)


def test_includes_go_only_downwards():
    problems = lint.check_includes(Path("servers/vfs/main.cpp"), ['#include "servers/tty/tty.hpp"'], {})
    assert len(problems) == 1
    problems = lint.check_includes(Path("libs/base/x.hpp"), ['#include "LICENSE"'], {})
    assert problems == ['libs/base/x.hpp:1: libs/base must not include "LICENSE"']


def test_cycles_are_found():
    assert lint.cycles({"a": ["b"], "b": ["c"], "c": []}) == []
    assert lint.cycles({"a": ["b"], "b": ["a"]}) == ["headers include each other: a -> b -> a"]


def test_a_busy_image_gets_a_clear_sentence():
    assert "another CLUU" in str(machine.startup_problem('qemu: Failed to get "write" lock'))


def a_program(name: str, code: bytes, names: dict[int, str]) -> profile.Program:
    program = profile.Program.__new__(profile.Program)
    program.path, program.code = Path(name), [(0x1000, code)]
    program.starts, program.names = sorted(names), [names[start] for start in sorted(names)]
    return program


def test_a_profile_tells_programs_apart_by_their_code():
    one = a_program("one", b"\x90\x90\xc3\x90\xc3", {0x1000: "first", 0x1003: "second"})
    other = a_program("other", b"\x31\xc0\xc3", {0x1000: "first"})
    few = profile.parse_counts("1000 10 3 9090c3\n")
    many = profile.parse_counts("1000 30 3 9090c3\n1001 4 2 90c3\n1003 5 2 90c3\n1000 7 2 31c0c3\n2000 1 1 cc\n")
    many.subtract(few)
    sums = profile.attribute(many, [one, other])
    assert sums == {("one", "first"): [68, 20], ("one", "second"): [10, 5], ("other", "first"): [14, 7], ("?", "?"): [1, 0]}
    rows = [line.split() for line in profile.table(sums, 2).splitlines()]
    assert ["34", "10.00", "first"] in rows and ["39", "one"] in rows and ["46", "all"] in rows


def test_names_of_functions_are_short():
    assert profile._short("kernel::(anonymous namespace)::f<int, g<h>>(kernel::A&, int) const") == "kernel::f"
    assert profile._short("main") == "main"
