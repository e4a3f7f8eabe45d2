# SPDX-License-Identifier: MIT
"""How what a suite said on Linux and in CLUU is compared."""

from cluu import suites

LINUX = {"a": "0 17 4", "b": "PASS", "c": "FAIL", "d": "skipped", "e": "PASS", "f": "PASS"}


def test_what_passes_on_linux_only_is_wrong_unless_there_is_a_reason():
    cluu = {"a": "0 18 4", "b": "PASS", "c": "PASS", "d": "1 2 3", "e": "FAIL"}
    table, wrong = suites.compare(LINUX, cluu, {"e": "no such call"})
    assert wrong == ["a: '0 17 4' on Linux, '0 18 4' in CLUU", "f: 'PASS' on Linux, 'nothing' in CLUU"]
    assert table.splitlines()[-1] == "1 same, 1 known, 2 differ, 2 not passed by Linux"
    assert any(line.startswith("known") and line.endswith("e no such call") for line in table.splitlines())


def test_a_reason_for_what_passes_must_go():
    _, wrong = suites.compare({"b": "PASS"}, {"b": "PASS"}, {"b": "was broken"})
    assert wrong == ["b passes, but known.toml says: was broken"]


def test_a_reason_may_stand_for_several_tests_and_must_go_when_all_pass():
    linux = {"x/1": "PASS", "x/2": "PASS", "y/1": "PASS", "y/2": "FAIL"}
    cluu = {"x/1": "FAIL", "x/2": "PASS", "y/1": "PASS", "y/2": "FAIL"}
    table, wrong = suites.compare(linux, cluu, {"x/*": "no x", "y/*": "no y"})
    assert wrong == ["y/* passes, but known.toml says: no y"]
    assert table.splitlines()[-1] == "2 same, 1 known, 0 differ, 1 not passed by Linux"


def test_names_may_hold_colons():
    assert suites.verdicts("cp: a: b: PASS\nnoise\nx.py: 0 1 2\n") == {"cp: a: b": "PASS", "x.py": "0 1 2"}
