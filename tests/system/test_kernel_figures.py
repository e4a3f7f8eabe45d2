# SPDX-License-Identifier: MIT
"""What the kernel's operations, and Linux programs' calls, cost in instructions, and what the system takes of the memory: they repeat
nearly to the digit, so they can be held to."""

from cluu import bench

SECONDS = 30


def test_the_kernel_keeps_its_budgets():
    figures, skipped = bench.kernel_figures()
    assert skipped == {}
    assert bench.missed_budgets(figures, "kernel") == []


def test_programs_keep_their_budgets():
    figures, _ = bench.posix_figures(batches=3)
    assert bench.missed_budgets(figures, "posix") == []


def test_the_system_keeps_its_budget_of_memory(boot):
    machine = boot(memory=bench.MEMORY)
    machine.serial[0].expect(bench.PROMPT, SECONDS)
    assert bench.missed_budgets(bench.memory_in_use(machine), "memory") == []
