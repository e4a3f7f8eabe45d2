# SPDX-License-Identifier: MIT
"""Debian's busybox, unmodified: each command gives on CLUU what it gives on Linux, from the same disk."""

import re

import pytest

from cluu import paths

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


# Of the tools that get what their command line names: this, with each in its container.
NAMED = [
    "mkdir -p a/b c && echo x > a/b/x && cp a/b/x c && cp -r a c && mv c/x c/y && ls -R c && rm -r a c && ls -A",
    "mkdir d && echo one > d/one && cp -p d/one d/two && mv d/two . && cat two d/one && rm -rf d two && ls -A",
    "echo needle > f && mkdir s && echo needle > s/g && grep needle f && grep -r needle s && rm -r f s",
    "echo one > f && gzip f && ls && gunzip f.gz && cat f && bzip2 f && bunzip2 f.bz2 && cat f && rm f",
    "echo old > f && sed -i s/old/new/ f && cat f && ls && rm f",
    "printf 'a\\r\\n' > f && dos2unix f && cat f && unix2dos f && od -c f && rm f",
    "echo text | tee f g && truncate -s 2 f && cat f g && cmp f g; rm f g",
    "touch f && touch -d @1000 f && stat -c %Y f && chmod 600 f && stat -c %a f && rm f",
    "echo x > f && ln f g && ln -s f h && readlink h && realpath h && cat h && unlink g && rm f h && ls",
    "mkdir -p a/b/c && rmdir -p a/b/c && ls -A",
    "mkdir a && cd a && echo up > ../f && cat ../f && cp ../f . && cat f && cd .. && rm -r a f",
    "mkdir d && echo 1 > d/f && tar cf t.tar d && mkdir e && tar xf t.tar -C e && cat e/d/f && rm -r d e t.tar && ls -A",
    "echo 1 > f && find . -name f | cpio -o -H newc 2> /dev/null > c && rm f && cpio -i 2> /dev/null < c && cat f && rm f c",
    "echo 1 > f && md5sum f > sums && md5sum -c sums && rm f sums",
    "printf 'a\\nb\\n' > f && printf 'a\\nc\\n' > g; diff -u f g | tail -n 3; diff f g > p; patch f p; cat f; rm -f f g p",
    "dd if=/etc/hostname of=f 2> /dev/null && cat f && dd if=f 2> /dev/null && rm f",
    "f=$(mktemp ./t.XXXXXX) && ls | wc -l && rm $f && f=$(mktemp) && test -f $f && echo there && rm $f",
    "printf 'b\\na\\n' > f && sort f && tail -n 1 f && head -n 1 f && wc -l f && nl f && tac f && uniq f && rm f",
    "echo x > f && shred -u f && ls -A",
    "printf 'a\\nw g\\nq\\n' > s; printf '1i\\nnew\\n.\\nw\\nq\\n' > s; echo old > f; ed f < s; cat f; rm f s",
    "touch -- -f && ls && rm -- -f && ls -A",
    "cat f; ls f; rm f; cp f g; mv f g; touch d/f; mkdir d/e; rmdir f; grep x f; ls",
    "du -s /etc/passwd > /dev/null && ls /etc | grep passwd",
]


def same_as_on_linux(guest, reference, inside: str):
    wanted = reference.shell(inside)
    got = guest.shell(inside)
    assert (got.output, got.errors, got.status) == (wanted.output, wanted.errors, wanted.status)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_same_as_on_linux(guest, reference, command):
    same_as_on_linux(guest, reference, f"mkdir -p /tmp/t && cd /tmp/t && {{ {command}\n}}")


def granted_tools() -> list[str]:
    return sorted(file.parent.name for file in (paths.ROOT / "containers").glob("*/Cluufile")
                  if re.search("^GRANT .*^ENTRYPOINT /bin/busybox ", file.read_text(), re.MULTILINE | re.DOTALL))


# busybox's shell carries out its own tools itself, unless they are asked for by their paths.
@pytest.mark.parametrize("command", COMMANDS + NAMED)
def test_the_same_in_containers(guest, reference, command):
    functions = "; ".join(f'{tool}() {{ /bin/{tool} "$@"; }}' for tool in granted_tools())
    same_as_on_linux(guest, reference, f"{functions}; mkdir -p /tmp/t && cd /tmp/t && {{ {command}\n}}")


def test_ls_shows_what_the_disk_holds(guest):
    lines = guest.run("ls", "-l", "/").output.decode().splitlines()
    names = {line.split()[-1] for line in lines}
    assert {"bin", "etc", "home", "tmp", "var"} <= names


def test_ps_shows_processes_with_their_commands(guest):
    text = guest.shell("sleep 100 & ps; kill $!").output.decode()
    assert "sleep 100" in text
