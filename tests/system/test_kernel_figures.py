# SPDX-License-Identifier: MIT
"""What the kernel's operations cost, in instructions: they repeat to the digit, so they can be held to."""

from cluu import bench


def test_the_kernel_keeps_its_budgets():
    figures, skipped = bench.kernel_figures()
    assert skipped == {}
    assert bench.missed_budgets(figures, "kernel") == []
