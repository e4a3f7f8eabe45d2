# SPDX-License-Identifier: MIT
"""Debian's busybox, unmodified: each command gives on CLUU what it gives on Linux, from the same disk."""

import pytest

# In an empty folder in memory; each must leave nothing that changes what a later one prints.
COMMANDS = [
    "echo one two",
    "ls -a",
    "mkdir -p a/b/c && touch a/b/f && ls -R a && rm -r a && ls",
    "printf '3\\n1\\n2\\n' > n && sort n && sort -r n | head -n 1 && rm n",
    "seq 1 100 | grep 7 | wc -l",
    "seq 1 2000 | sort -n | tail -n 3",
    "echo text > f && cp f g && cat g && mv g h && cat h && ls && rm f h",
    "echo x > f && chmod 640 f && stat -c '%a %s %F' f && rm f",
    "mkdir d && echo 1 > d/one && echo 2 > d/two && tar cf t.tar d && rm -r d && tar xf t.tar && cat d/one d/two && "
    "tar tf t.tar | sort && rm -r d t.tar",
    "mkdir d && touch d/x.c d/y.h d/z.c && find d -name '*.c' | sort && rm -r d",
    "ln -s target link && readlink link && rm link",
    "echo a > f && ln f g && stat -c %h g && rm f g",
    "printf 'a b c\\nd e f\\n' | awk '{ print $2 }'",
    "echo hello | sed s/l/L/g",
    "echo hello | tr a-z A-Z",
    "dd if=/dev/zero bs=1024 count=64 2> /dev/null | wc -c",
    "head -c 100000 /dev/zero | md5sum",
    "seq 1 5 > f; while read n; do echo $((n * n)); done < f; rm f",
    "for i in 1 2 3; do (exit $i); echo $?; done",
    "trap 'echo caught' USR1; kill -USR1 $$; echo after",
    "sleep 1 & wait $!; echo $?",
    "sh -c 'kill -TERM $$'; echo $?",
    "cat /etc/hostname",
    "test -d /proc/1 && echo yes",
    "cat /no/such/file; echo $?",
    "cd / && pwd && cd - > /dev/null && pwd",
    "echo $(echo nested $(echo deeper))",
    "yes | head -n 3",
    "umask 077; touch f; stat -c %a f; rm f",
    "date -u -d @0",
    "printf '\\001\\377' | od -An -tx1",
    "gzip -c < /etc/hostname | gunzip -c",
    "mkfifo p; (echo through > p &); cat p; rm p",
    "expr 6 \\* 7; basename /a/b; dirname /a/b",
    "cmp /etc/hostname /etc/hostname && echo same",
    "env -i X=1 env",
    "timeout 1 sleep 3; echo $?",
    "echo abc > f; truncate -s 1 f; cat f; rm f",
    "set -- a 'b c' d; for w; do echo \"[$w]\"; done",
    "ulimit -n > /dev/null && echo ok",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_same_as_on_linux(guest, reference, command):
    inside = f"mkdir -p /tmp/t && cd /tmp/t && {{ {command}\n}}"
    wanted = reference.shell(inside)
    got = guest.shell(inside)
    assert (got.output, got.errors, got.status) == (wanted.output, wanted.errors, wanted.status)


def test_ls_shows_what_the_disk_holds(guest):
    lines = guest.run("ls", "-l", "/").output.decode().splitlines()
    names = {line.split()[-1] for line in lines}
    assert {"bin", "etc", "home", "tmp", "var"} <= names


def test_ps_shows_processes_with_their_commands(guest):
    text = guest.shell("sleep 100 & ps; kill $!").output.decode()
    assert "sleep 100" in text


def test_top_shows_one_screen(guest):
    assert b"COMMAND" in guest.run("top", "-b", "-n", "1").output
