# SPDX-License-Identifier: MIT
"""Containers that start again, that tell how they are, and that need each other."""

import re

import pytest

import images
from cluu import execute

SHELL = "PROFILE vfs\nMOUNT / inherit\nENTRYPOINT /bin/busybox sh -c\n"
# Ends at SIGTERM, and notes then that it did.
SERVE = """CMD 'trap "echo {0} >> /home/admin/order; exit 0" TERM; while :; do sleep 0.1; done'\n"""
LOOK = "HEALTHCHECK interval 100ms retries 2 /bin/busybox test -e /home/admin/{}\n"
CLUUFILES = {
    "boss": "PROFILE vfs supervisor\nMOUNT / inherit\nENTRYPOINT /bin/busybox sh -c\n",
    "eternal": f"{SHELL}RESTART always\n",
    "watched": SHELL + SERVE.format("watched") + LOOK.format("well"),
    "mended": SHELL + SERVE.format("mended") + LOOK.format("good") + "RESTART on-failure 1\n",
    "hung": f"{SHELL}HEALTHCHECK interval 200ms retries 2 /bin/busybox sleep 1000\n",
    "db": SHELL + SERVE.format("db") + LOOK.format("db-ready").replace("retries 2", "retries 1000"),
    "web": SHELL + SERVE.format("web") + "DEPENDS db\n",
    "front": SHELL + SERVE.format("front") + "DEPENDS web\n",
    "ring": f"{SHELL}DEPENDS gnir\n",
    "gnir": f"{SHELL}DEPENDS ring\n",
}
WAIT = "until {}; do sleep 0.1; done; "


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    put = images.to_put(folder, CLUUFILES)
    session = execute.Session(execute.Request(["true"], put=put), logs=tmp_path_factory.mktemp("guest"))
    yield session
    session.close()


def boss(guest, script: str, timeout: int = 60):
    return guest.run("container", "run", "boss", script, timeout=timeout)


def text(result) -> str:
    return (result.output + result.errors).decode(errors="replace")


def test_each_new_start_comes_later_than_the_one_before(guest):
    shown = boss(guest, "container run -d --name often eternal 'read up idle < /proc/uptime; echo $up >> /home/admin/starts; exit 1'"
                        " > /dev/null;" + WAIT.format("[ $(cat /home/admin/starts | wc -l) -ge 6 ] 2> /dev/null") +
                        "container ls | grep -c often; container stop often > /dev/null; container rm often > /dev/null; cat /home/admin/starts")
    starts = [float(line) for line in shown.output.decode().split()[1:7]]
    pauses = [b - a for a, b in zip(starts, starts[1:])]
    for pause, least in zip(pauses, (0.1, 0.2, 0.4, 0.8, 1.6), strict=True):
        assert pause > least - 0.02, (pauses, text(shown))  # the clock has hundredths
    assert shown.output.startswith(b"1\n"), "one that waits to start again is listed"


def test_health_is_shown(guest):
    script = "container run -d --name look watched > /dev/null; container inspect --format text look | grep health:; touch /home/admin/well; "
    script += WAIT.format("container inspect --format text look | grep -q 'health: healthy'") + "container ls | grep look; rm /home/admin/well; "
    script += WAIT.format("container inspect --format text look | grep -q 'health: unhealthy'") + "container ls | grep look; "
    script += "container stop look > /dev/null; container inspect --format text look | grep -E '^(end|restarts)'; container rm look > /dev/null"
    shown = text(boss(guest, script))
    assert re.match(r"health: (starting|unhealthy)\n.* \(healthy\) .*\n.* \(unhealthy\) .*\n", shown), shown
    assert "restarts: 0\n" in shown and "end: stopped" in shown, shown


def test_who_is_unhealthy_is_started_again_if_its_policy_says_so(guest):
    script = "container run -d --name mend mended > /dev/null; "
    script += WAIT.format("container inspect --format text mend | grep -q 'state: exited'") + "container inspect --format text mend; container rm mend > /dev/null"
    shown = text(boss(guest, script))
    assert "end: ended: unhealthy, its HEALTHCHECK failed 2 times in a row; given up after 2 failures in a row\n" in shown and "restarts: 1\n" in shown, shown


def test_a_check_that_takes_too_long_is_not_good(guest):
    script = "container run -d --name slow hung 'sleep 1000' > /dev/null; "
    script += WAIT.format("container inspect --format text slow | grep -q 'health: unhealthy'")
    script += "container inspect --format text slow | grep ^processes; container stop -t 0 slow > /dev/null; container rm slow > /dev/null"
    assert re.match(r"processes: [12] of", text(boss(guest, script))), "one check at a time, and none that stays"


def test_what_an_image_needs_is_started_before_it_and_stopped_after_it(guest):
    script = "rm -f /home/admin/order /home/admin/db-ready; (container run -d --name site front > /dev/null; echo up > /home/admin/up) & "
    script += WAIT.format("container ls | grep -q ' db '") + "sleep 1; container ls | grep -c -E ' (web|front) '; "
    script += "touch /home/admin/db-ready; " + WAIT.format("[ -e /home/admin/up ]")
    script += "container ls | grep -c -E ' (db|web|front) '; "
    script += "container stop $(container ls | grep ' db ' | cut -d ' ' -f 1) > /dev/null; cat /home/admin/order; container ls | grep -c -E ' (db|web|front) '; "
    script += "container rm site > /dev/null; rm /home/admin/db-ready /home/admin/up"
    assert boss(guest, script).output == b"0\n3\nfront\nweb\ndb\n0\n"


def test_a_restart_ends_nobody_else(guest):
    script = "rm -f /home/admin/order; touch /home/admin/db-ready; container run -d --name keeps web > /dev/null; "
    script += "db=$(container ls | grep ' db ' | cut -d ' ' -f 1); container restart $db > /dev/null; "
    script += WAIT.format("container inspect --format text $db | grep -q 'restarts: 1'") + "cat /home/admin/order; container ls | grep -c ' web '; "
    script += "container stop $db > /dev/null; cat /home/admin/order; container rm keeps > /dev/null; container rm $db > /dev/null; rm /home/admin/db-ready"
    assert boss(guest, script).output == b"db\n1\ndb\nweb\ndb\n"


def test_a_stop_after_a_restart_holds(guest):
    script = "container run -d --name torn eternal 'trap \"sleep 1; exit 0\" TERM; while :; do sleep 0.1; done' > /dev/null; "
    script += "container restart torn > /dev/null & sleep 0.3; container stop torn > /dev/null; wait; container inspect --format text torn | grep -E '^(state|restarts)'; container rm torn > /dev/null"
    assert boss(guest, script).output == b"state: exited\nrestarts: 0\n"


def test_nothing_starts_without_what_it_needs(guest):
    refused = guest.run("/var/images/web/Cluufile")
    assert refused.status != 0 and "web: DEPENDS db: no container of it runs" in text(refused)
    script = "container run -d --name base db > /dev/null; /var/images/web/Cluufile true; container stop base > /dev/null; container rm base > /dev/null"
    assert "web: DEPENDS db: it is not healthy" in text(boss(guest, script))


def test_circles_are_mistakes(guest):
    for command in ("check", "run"):
        result = boss(guest, f"container {command} ring")
        assert result.status != 0 and "a circle of DEPENDS: ring needs gnir needs ring" in text(result), text(result)
