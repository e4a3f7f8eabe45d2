# SPDX-License-Identifier: MIT
"""The benchmark runner's own arithmetic, and the lint's."""

from pathlib import Path

from cluu import bench, lint, machine

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
