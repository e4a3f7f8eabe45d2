# SPDX-License-Identifier: MIT
"""How lines are counted from what clang's coverage says."""

from cluu.coverage import line_counts

# Segments: line, column, count, has a count, begins a region, is a gap.


def test_a_line_counts_as_often_as_what_begins_in_it():
    segments = [(1, 12, 5, True, True, False), (2, 9, 5, True, True, False), (2, 20, 1, True, True, False),
                (4, 2, 0, False, False, False)]
    assert line_counts(segments) == {1: 5, 2: 5, 3: 1, 4: 1}


def test_what_follows_a_return_in_the_line_before_is_not_missed():
    # Line 2 is `auto x = TRY(...);`: a gap with the count 0 lasts to the beginning of the next statement.
    segments = [(1, 12, 5, True, True, False), (2, 14, 5, True, True, False), (2, 40, 0, True, False, True),
                (3, 5, 4, True, False, False), (5, 2, 0, False, False, False)]
    assert line_counts(segments) == {1: 5, 2: 5, 3: 4, 4: 4, 5: 4}


def test_what_did_not_run_is_missed():
    segments = [(1, 12, 5, True, True, False), (2, 20, 0, True, False, True), (2, 25, 0, True, True, False),
                (4, 6, 5, True, False, True), (5, 5, 5, True, True, False), (6, 2, 0, False, False, False)]
    assert line_counts(segments) == {1: 5, 2: 5, 3: 0, 4: 0, 5: 5, 6: 5}
