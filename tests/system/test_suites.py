# SPDX-License-Identifier: MIT
"""A quick selection of foreign programs' own test suites; `./cluu test suites` runs all of them."""

import pytest

from cluu import suites

# Beside what this machine's Linux says to the same programs.
BESIDE_LINUX = {
    "busybox": ["cut", "uniq"],
    "micropython": ["basics/list_*.py", "thread/thread_lock*.py"],
    "sqlite": ["speedtest1/cte", "speedtest1/orm"],
}
# They say themselves whether they pass; these do on Linux.
POSIX = ["fork/[1-4]-1", "fork/1[2389]-1", "mq_notify/[1-4]-1", "mq_open/1[1-8]-1", "mq_send/[1-9]-1", "sched_rr_get_interval/*"]


@pytest.mark.parametrize("name", BESIDE_LINUX)
def test_as_on_linux(name, tmp_path):
    assert suites.check(name, BESIDE_LINUX[name], tmp_path) == []


def test_posix(tmp_path):
    folder = suites.prepare("posix", POSIX)
    verdicts = suites.in_cluu("posix", folder, tmp_path)
    assert set(verdicts) == set((folder / "names").read_text().split())
    # Some are for other systems, or say that this one leaves them nothing to test.
    assert {test: verdict for test, verdict in verdicts.items()
            if not suites.passed(verdict) and verdict not in ("unsupported", "untested")} == {}
