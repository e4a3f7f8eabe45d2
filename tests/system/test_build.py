# SPDX-License-Identifier: MIT
"""`container build` and `container rmi`: images made of a Cluufile and a folder, right ones and hostile ones."""

import pytest

from cluu import execute
from test_import import boss, text

BOSS = "PROFILE ipc vfs supervisor\nMOUNT / inherit\nENTRYPOINT /bin/busybox sh -c\n"

BASE = "PROFILE ipc vfs\nMOUNT / image\nMOUNT /tmp private\nLIMIT memory 16M\nLIMIT processes 8\n"

# A folder to build from, made in the guest.
CONTEXT = r"""
mkdir -p /home/admin/ctx/conf/sub && cd /home/admin/ctx && cp /bin/busybox busybox
echo one > conf/a.txt; echo two > conf/b.txt; echo three > conf/sub/c.ini; ln -s a.txt conf/link; chmod 6777 conf/b.txt
"""

WHOLE = BASE + r"""
COPY busybox /bin/
COPY conf /etc/conf
COPY conf/*.txt /srv/
BUILD /bin/busybox sh -c 'busybox ln -s busybox /bin/sh; echo made by $KIND in $PWD > /etc/made; echo seen'
ENV KIND=build
LABEL what=test
ENTRYPOINT /bin/sh sh -c
"""


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("boss")
    (folder / "Cluufile").write_text(BOSS)
    session = execute.Session(execute.Request(["true"], put=[(folder / "Cluufile", "/var/images/boss/Cluufile")]),
                              logs=tmp_path_factory.mktemp("guest"))
    assert session.shell(CONTEXT).status == 0
    yield session
    session.close()


def build(guest, cluufile: str, options: str = "", folder: str = "/home/admin/ctx"):
    """As `container build` has it; the Cluufile comes with the command line."""
    assert guest.shell(f"cat > /home/admin/Cluufile << 'END'\n{cluufile}\nEND").status == 0
    return boss(guest, f"container build -f /home/admin/Cluufile {options} {folder}")


def state(guest) -> bytes:
    return guest.shell("ls -la /var/images /home/admin/ctx /etc | grep -v ' \\.$'").output


def test_an_image_is_built_of_files_and_commands(guest):
    result = build(guest, WHOLE, "-t whole:latest")
    assert result.status == 0, text(result)
    assert result.output.decode().splitlines() == [
        "Step 1/5 : FROM minimal", "Step 2/5 : COPY busybox /bin/", "Step 3/5 : COPY conf /etc/conf",
        "Step 4/5 : COPY conf/*.txt /srv/",
        "Step 5/5 : BUILD /bin/busybox sh -c 'busybox ln -s busybox /bin/sh; echo made by $KIND in $PWD > /etc/made; echo seen'",
        "seen", "Successfully built whole"], text(result)
    shown = boss(guest, "container run whole 'cat /etc/made /etc/conf/link /etc/conf/sub/c.ini; echo /* /srv/* /etc/conf/*; echo x > /etc/made'")
    assert shown.output == (b"made by build in /\none\nthree\n/bin /etc /srv /srv/a.txt /srv/b.txt /etc/conf/a.txt "
                            b"/etc/conf/b.txt /etc/conf/link /etc/conf/sub\n"), text(shown)
    assert shown.status != 0 and b"Read-only" in shown.errors, text(shown)
    # Set-id bits and the right of others to write have gone; nothing but files and the Cluufile is there.
    assert guest.shell("ls /var/images/whole; stat -c %a /var/images/whole/root/srv/b.txt").output == b"Cluufile\nroot\n755\n"
    told = text(boss(guest, "container explain whole; container inspect --format text whole 2>&1; container diff whole cat"))
    assert "with files of its own, made in 4 steps" in told and "with files made by: " in told, told


def test_a_step_sees_the_images_files_and_nothing_else(guest):
    script = "echo /* /tmp/* /dev/*; echo x > /dev/null; cat /proc/1/comm; echo x > /etc/passwd; ls /home; container ls; busybox id -u"
    result = build(guest, BASE + f"MOUNT /etc inherit\nMOUNT /dev/null inherit\nPROFILE supervisor\nCOPY busybox /bin/busybox\n"
                                 f"BUILD /bin/busybox sh -c '{script}'\nENTRYPOINT /bin/busybox\n", "-t seen")
    assert result.status == 0, text(result)
    assert b"/bin /tmp/* /dev/*\n0\n" in result.output, text(result)
    assert b"can't create /etc/passwd" in result.errors and b"container: not found" in result.errors and b"/dev/null" not in result.errors, text(result)
    assert b"root:" in guest.shell("cat /etc/passwd").output


def test_what_a_step_leaves_running_does_not_work_on(guest):
    result = build(guest, BASE + "MOUNT /dev/null inherit\nCOPY busybox /bin/busybox\nBUILD /bin/busybox sh -c 'busybox sleep 1000 & busybox sleep 1001 & echo on'\n"
                                 "ENTRYPOINT /bin/busybox\n", "-t quiet -q")
    assert result.output == b"on\nquiet\n", text(result)
    assert b" build-" not in boss(guest, "container ls").output


def test_an_image_is_built_on_another(guest):
    assert build(guest, WHOLE, "-t lower").status == 0
    result = build(guest, "FROM lower\nCOPY --from=lower /etc/made /etc/again\nCOPY conf/a.txt /etc/made\nLABEL what=upper", "-t upper")
    assert result.status == 0, text(result)
    shown = boss(guest, "container run upper 'cat /etc/made /etc/again /etc/conf/b.txt'; container run lower 'cat /etc/made'")
    assert shown.output == b"one\nmade by build in /\ntwo\nmade by build in /\n", text(shown)


def test_a_cluufile_alone_becomes_an_image(guest):
    assert guest.shell("mkdir /home/admin/plain && echo 'ENTRYPOINT /bin/busybox echo' > /home/admin/plain/Cluufile").status == 0
    result = boss(guest, "cd /home/admin && container build plain && container run plain simple && container rmi plain && container run plain")
    assert b"Successfully built plain\nsimple\nDeleted: plain\n" in result.output, text(result)
    assert result.status == 127 and guest.shell("ls -d /var/images/plain").status != 0


def test_a_build_can_be_exported_and_imported(guest):
    assert build(guest, WHOLE, "-t sent").status == 0
    result = boss(guest, "cd /home/admin && container export sent sent.tar && container import sent.tar came && rm sent.tar && "
                         "container run came 'cat /etc/made'")
    assert result.output == b"came\nmade by build in /\n", text(result)


HOSTILE = {
    "climbing": ("COPY ../Cluufile /x", "Cluufile:6:6: found '../Cluufile', expected a path in the folder to copy from, without `..`"),
    "nothing": ("COPY none /x", "Cluufile:6: COPY: 'none': No such file or directory"),
    "no-match": ("COPY *.none /x/", "'*.none': nothing there is called so"),
    "link": ("COPY out /x", "'out' is a link; name what it leads to"),
    "through-link": ("COPY etc/passwd /x", "'etc' leads through a link or a file"),
    "link-out": ("COPY bad /x", "'x/out' is a link that leads out of the image"),
    "pipe": ("COPY pipes /x", "'pipes/p' is a device, a pipe or a socket"),
    "steering": ("COPY names /x", "\\x1b[31m' is a device"),
    "several": ("COPY conf/*.txt /x", "'/x': a `/` at its end is needed"),
    "relative": ("COPY conf x", "found 'x', expected an absolute path"),
    "unseen": ("COPY conf /x", "Cluufile:1:1: found 'COPY', expected MOUNT / image as well"),
    "failing": ("COPY busybox /bin/\nBUILD /bin/busybox sh -c 'exit 7'",
                "Cluufile:7: the command '/bin/busybox sh -c exit 7' returned a non-zero code: 7"),
    "missing": ("BUILD /bin/none", "container: /bin/none: No such file or directory"),
    "hungry": ("COPY busybox /bin/\nBUILD /bin/busybox sh -c 'x=1; while :; do x=$x$x; done'", "returned a non-zero code: "),
    "full": ("MOUNT /dev/zero readonly\nCOPY busybox /bin/\nBUILD /bin/busybox dd if=/dev/zero of=/big bs=1M count=200", "No space left on device"),
    "full-copy": ("COPY large /", "No space left on device"),
    "huge": ("COPY huge /", "'huge/sparse': it is more than an image may have"),
    "huge-made": ("COPY busybox /bin/\nBUILD /bin/busybox truncate -s 2G /sparse", "bad: it is more than an image may have"),
    "pipe-made": ("COPY busybox /bin/\nBUILD /bin/busybox mkfifo /p", "'p' is a device, a pipe or a socket"),
    "itself": ("COPY images /x", "is where the image is made"),
    "taken": ("COPY conf /x", "there is an image 'cat' already, which is not one that was built or imported"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_bad_build_is_refused_and_leaves_nothing_behind(guest, name):
    guest.shell("cd /home/admin/ctx && mkdir -p bad pipes names large huge && truncate -s 200M large/sparse && truncate -s 3G huge/sparse && ln -sf ../../../../etc/users.toml bad/out && ln -sf /etc/users.toml out && "
                "ln -sfn /etc etc; [ -p pipes/p ] || mkfifo pipes/p; [ -p \"$(printf 'names/\\033[31m')\" ] || mkfifo \"$(printf 'names/\\033[31m')\"")
    before = state(guest)
    steps, why = HOSTILE[name]
    cluufile = steps if name == "unseen" else BASE + steps
    folder = "/var" if name == "itself" else "/home/admin/ctx"
    result = build(guest, cluufile + "\nENTRYPOINT /bin/busybox\n", "-t " + ("cat" if name == "taken" else "bad"), folder)
    assert result.status != 0 and why in text(result), text(result)
    assert state(guest) == before


def test_an_interrupted_build_leaves_nothing_behind(guest):
    before = state(guest)
    cluufile = BASE + "COPY busybox /bin/\nBUILD /bin/busybox sleep 1000\nENTRYPOINT /bin/busybox\n"
    assert guest.shell(f"cat > /home/admin/Cluufile << 'END'\n{cluufile}\nEND").status == 0
    for signal in ("INT", "TERM", "KILL"):
        script = (f"container build -f /home/admin/Cluufile -t broken /home/admin/ctx & until container ls | grep -q ' build-'; do :; done; "
                  f"kill -s {signal} $!; wait $!; echo $?; until ! ls -a /var/images | grep -q '^.build-'; do :; done")
        result = boss(guest, script)
        assert result.output.endswith(b"\n%d\n" % {"INT": 130, "TERM": 143, "KILL": 137}[signal]), text(result)
        assert state(guest) == before


def test_the_next_clears_up_after_a_power_cut(guest):
    assert guest.shell("mkdir -p /var/images/.import-abcdef/root/x /var/images/.build-ABC123 /var/images/.image-abcdef/root && ln -s .image-abcdef /var/images/.link-abcdef && echo x > /var/images/.import-abcdef/root/x/y && "
                       "cd /var/images/.build-ABC123 && for i in 1 2 3; do for j in 0 1 2 3 4 5 6 7 8 9 a b c d e f 0 1 2 3 4 5 6 7 8 9; do "
                       "mkdir d && cd d; done; done").status == 0
    assert build(guest, BASE + "COPY conf /etc\nENTRYPOINT /bin/none\n", "-t cleaner -q").status == 0
    assert guest.shell("ls -a /var/images | grep -E '^[.](build|import|link)-|abcdef'").output == b""


def test_an_image_in_use_is_not_removed(guest):
    assert build(guest, WHOLE, "-t held").status == 0
    assert build(guest, "FROM held\nLABEL a=b", "-t holds").status == 0
    refused = boss(guest, "container rmi held none; container run -d --name holder holds 'busybox sleep 1000' > /dev/null; container rmi holds")
    assert refused.status == 1 and b"held: the image holds is built on it (-f removes" in refused.errors, text(refused)
    assert b"none: no such image" in refused.errors and b"holds: the container holder is of this image" in refused.errors, text(refused)
    gone = boss(guest, "container rm -f holder; container rmi holds held && ls -a /var/images | grep -c '^h[eo]ld'")
    assert gone.output.endswith(b"Deleted: holds\nDeleted: held\n0\n"), text(gone)


# What a run used, made an image of: the same command line works with that.
TRACED = ("cat /etc/hostname conf/a.txt", "sort -r conf/b.txt", "grep -r t conf", "ls conf", "wc -l conf/a.txt", "find conf -name sub", "tar -cf /dev/null conf",
          "cp conf/a.txt made", "mkdir -p made/in/it", "echo nothing else")


@pytest.mark.parametrize("words", TRACED)
def test_what_trace_proposes_is_enough(guest, words):
    image, arguments = words.split(" ", 1)
    script = f"""cd /home/admin/ctx; mkdir -p /home/admin/tight; container trace {image} {arguments} > /tmp/first 2> /tmp/told || {{ cat /tmp/told; exit 1; }}; rm -rf made
        sed '1,/^# What this run needed/d' /tmp/told > /home/admin/tight/Cluufile; cat /home/admin/tight/Cluufile; container build -q -t tight /home/admin/tight || exit 2
        container run tight {arguments} > /tmp/second || exit 3; cmp /tmp/first /tmp/second || exit 4; rm -rf made; container diff {image} tight"""
    result = boss(guest, script)
    assert result.status == 0 and b"\ngains" not in result.output, text(result)
    

VERSION = BASE + r"""
COPY busybox /bin/
BUILD /bin/busybox sh -c 'echo %(kind)s > /version'
ENV KIND=%(kind)s
ENTRYPOINT /bin/busybox sh -c
"""


def test_an_image_is_replaced_and_what_runs_is_not_disturbed(guest):
    assert build(guest, VERSION % {"kind": "one"}, "-t version").status == 0
    there = "ls -d /var/images/" + guest.run("readlink", "/var/images/version").output.decode().strip()
    assert boss(guest, "container run -d --name old version 'while :; do busybox cat /version; busybox sleep 0.1; done'").status == 0
    result = build(guest, VERSION % {"kind": "two"}, "-t version")
    assert result.output.endswith(b"Successfully built version\n"), text(result)
    look = "container run version 'echo $KIND; busybox cat /version'; container exec old /bin/busybox cat /version"
    assert boss(guest, look).output == b"two\ntwo\none\n"
    # A build that fails takes nothing away.
    failed = build(guest, VERSION.replace("echo", "exit 7; echo") % {"kind": "three"}, "-t version")
    assert failed.status == 7 and boss(guest, look).output == b"two\ntwo\none\n", text(failed)
    # What begins again is what it was.
    again = boss(guest, "container restart -t 0 old; until container inspect --format text old | grep -q 'restarts: 1'; do :; done; container exec old /bin/busybox cat /version")
    assert again.output == b"old\none\n", text(again)
    assert guest.shell(there).status == 0
    assert boss(guest, "container rm -f old; container rmi version").status == 0
    assert guest.shell(there).status != 0


def test_a_start_while_an_image_is_replaced_sees_one_of_the_two(guest):
    assert guest.shell("mkdir -p /home/admin/a /home/admin/b && for i in a b; do cp /bin/busybox /home/admin/$i/; echo $i > /home/admin/$i/version; "
                       f"printf '{BASE}COPY busybox /bin/\nCOPY version /version\nENV KIND=%s\nENTRYPOINT /bin/busybox sh -c\n' $i > /home/admin/$i/Cluufile; done").status == 0
    script = """container build -q -t both a; (for i in 1 2 3 4; do container build -q -t both b; container build -q -t both a; done > /dev/null; echo > done) &
        until [ -e done ]; do container run both 'read kind < /version; echo $KIND $kind'; done; wait; rm done; container rmi both"""
    result = boss(guest, f"cd /home/admin; {script}", timeout=300)
    seen = result.output.decode().splitlines()[1:-1]
    assert set(seen) == {"a a", "b b"} and result.errors == b"", text(result)


def test_whoever_makes_files_can_do_nothing_else(guest):
    shown = text(guest.run("container", "images", "oci-build"))
    assert "/var/images inherit, argv read, 128.0 MiB, 1 processes" in shown and "supervisor" not in shown
