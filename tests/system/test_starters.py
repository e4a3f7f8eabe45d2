# SPDX-License-Identifier: MIT
"""GRANT argv start: tools that start what their command line names, and see nothing themselves."""

import subprocess

import pytest
from images import to_put

from cluu import execute

CLUUFILES = {
    "box-starter": "PROFILE ipc vfs\nMOUNT /bin readonly\nMOUNT /home private\nENTRYPOINT /bin/busybox ash -c\n",
    "guest-starter": "PROFILE ipc\nUSER 1234\nGRANT argv start\nENTRYPOINT /bin/busybox env\n",
    "boss": "PROFILE ipc vfs supervisor\nMOUNT / inherit\nENTRYPOINT /bin/busybox ash -c\n",
    "probe": "PROFILE ipc\nGRANT argv start\nENTRYPOINT /home/admin/probe\n",
    "again": "PROFILE vfs\nMOUNT / inherit\nRESTART on-failure 1\nENTRYPOINT /bin/busybox ash -c "
             "'if [ -e /home/admin/mark ]; then cat /etc/group; else touch /home/admin/mark; cat /etc/hostname; exit 1; fi'\n",
}

# Tries what is not named, then what is.
PROBE = r"""
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <sys/wait.h>
int main(int count, char **words) {
    (void)count;
    const char *all[] = {"/bin/rm", "/bin/ls", "/bin/../bin/rm", "/home/admin/other", "/var/images/rm/Cluufile", "../bin/rm", words[1], 0};
    printf("%d ", open("/etc/passwd", O_RDONLY) < 0 ? errno : 0);
    for (int i = 0; all[i]; ++i) {
        fflush(stdout);
        if (fork() == 0) {
            char *arguments[] = {"echo", "started", 0};
            execv(all[i], arguments);
            printf("%d ", errno);
            fflush(stdout);
            _exit(1);
        }
        wait(0);
    }
    return 0;
}
"""


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    (folder / "probe.c").write_text(PROBE)
    subprocess.run(["musl-gcc", "-static", "-o", folder / "probe.bin", folder / "probe.c"], check=True)
    put = to_put(folder, CLUUFILES) + [(folder / "probe.bin", "/home/admin/probe")]
    session = execute.Session(execute.Request(["true"], put=put), logs=tmp_path_factory.mktemp("guest"))
    assert session.shell("cd /home/admin && cp /bin/busybox other && printf '#!/bin/sh\\necho ./tool $*\\n' > tool && printf '#!/bin/sh\\ncat notes; echo \"$0 $1\"\\n' > script && chmod 755 script tool && "
                         "echo noted > notes").status == 0
    yield session
    session.close()


def text(result) -> str:
    return (result.output + result.errors).decode(errors="replace")


# By their paths: Debian's busybox sh has the same tools inside, and would not start them.
@pytest.mark.parametrize(("command", "output"), [
    ("/bin/env A=b sh -c 'echo $A; cat notes'", "b\nnoted\n"),
    ("/bin/env cat notes", "noted\n"),
    ("/bin/env /bin/cat notes", "noted\n"),
    ("/bin/env -i ./script x", "noted\n/home/admin/./script x\n"),
    ("/bin/env /home/admin/./script y", "noted\n/home/admin/./script y\n"),
    ("/bin/time -f done cat notes", "noted\ndone\n"),
    ("/bin/timeout 5 cat notes", "noted\n"),
    ("/bin/timeout 5 env time -f done cat notes", "noted\ndone\n"),
    ("/bin/setsid cat notes | /bin/cat", "noted\n"),
    ("echo noted | /bin/xargs ./tool 5", "./tool 5 noted\n"),
    ("/bin/env none 2>&1; echo $?", "env: can't execute 'none': No such file or directory\n127\n"),
    ("cd /etc && /bin/env cat hostname", "cluu\n"),
])
def test_what_is_named_runs_as_its_starter_could(guest, command, output):
    result = guest.shell(f"cd /home/admin; {command}")
    assert result.output.decode() + result.errors.decode() == output, text(result)


def test_what_is_not_named_does_not_exist(guest):
    """EACCES for the file, as there is no view, and ENOENT for each program but the last."""
    result = guest.run("container", "run", "boss", "cd /home/admin; touch keep; container run probe /bin/echo keep; ls keep")
    assert result.output == b"13 2 2 2 2 2 2 started\nkeep\n", text(result)


def test_a_starter_gives_no_more_than_its_own_starter_sees(guest):
    result = guest.run("container", "run", "boss", "container run box-starter '/bin/env cat /home/admin/notes; /bin/env ls /home; /bin/env cat /etc/passwd'")
    assert result.status != 0 and b"noted" not in result.output and b"root" not in result.output, text(result)
    assert text(result).count("No such file or directory") == 2, text(result)


def test_who_became_another_has_not_the_starters_view(guest):
    result = guest.run("container", "run", "guest-starter", "cat", "/home/admin/notes")
    assert b"noted" not in result.output and result.status != 0, text(result)


def test_explain_says_it_in_one_line(guest):
    told = text(guest.run("container", "explain", "env", "rm"))
    assert "start programs that its arguments name, which see what its starter sees" in told and "GRANT argv start" in told, told
    assert "see any file" in told, told
    diff = text(guest.run("container", "diff", "true", "env"))
    assert "gains  start what its arguments name" in diff, diff


@pytest.mark.parametrize(("command", "output"), [
    ("/bin/awk '{ print $1 }' notes", "noted\n"),
    ("/bin/awk 'BEGIN { getline line < \"/etc/hostname\"; print \"<\" line \">\" }'", "<>\n"),
    ("/bin/awk 'BEGIN { print \"x\" > \"made\" }' 2> /dev/null || echo refused; ls made 2>&1", "refused\nls: made: No such file or directory\n"),
    ("/bin/sync && /bin/sync notes && echo written", "written\n"),
    ("/bin/which cat ./script none", "/bin/cat\n./script\n"),
    ("/bin/df / | tail -n 1 | grep -c ' /$'", "1\n"),
    ("/bin/df | grep -c ' /$'", "1\n"),
])
def test_tools_with_less(guest, command, output):
    result = guest.shell(f"cd /home/admin; {command}")
    assert result.output.decode() + result.errors.decode() == output, text(result)


def test_a_run_that_begins_anew_is_traced_again(guest):
    result = guest.run("container", "run", "boss", "container trace again; container ls -aq", timeout=60)
    told = text(result)
    assert "used    read /etc/hostname\n" in told and "used    read /etc/group\n" in told, told
