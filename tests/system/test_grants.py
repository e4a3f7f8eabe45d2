# SPDX-License-Identifier: MIT
"""GRANT: a program reaches what its command line names, in the way its Cluufile says, and nothing else."""

import re

import pytest

import images
from cluu import execute, paths

PROGRAM = "ENTRYPOINT /home/admin/try_names\n"
CLUUFILES = {
    "reader": "PROFILE vfs\nGRANT argv read\n" + PROGRAM,
    "writer": "PROFILE vfs\nGRANT argv read write\n" + PROGRAM,
    "maker": "PROFILE vfs\nGRANT argv create\n" + PROGRAM,
    "everything": "PROFILE vfs\nGRANT argv read write create\n" + PROGRAM,
    "neighbour": "PROFILE vfs\nGRANT argv read\nGRANT beside create\n" + PROGRAM,
    "here": "PROFILE vfs\nGRANT cwd read\n" + PROGRAM,
    "private": "PROFILE vfs\nMOUNT /tmp private\nMOUNT /etc readonly\nGRANT argv read write create\n" + PROGRAM,
    "hidden": "PROFILE vfs\nMOUNT / inherit\nMOUNT /etc none\n" + PROGRAM,
    # Starts others, with no more than it has itself.
    "starter": "PROFILE vfs\nMOUNT /bin readonly\nMOUNT /var readonly\nGRANT argv read\nENTRYPOINT /bin/busybox env\n",
    "tight": "PROFILE vfs\nLIMIT memory 512K\nGRANT argv read\n" + PROGRAM,
}
PLACE = "/home/admin/place"


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    put = [(paths.OUT / "linux/try_names", "/home/admin/try_names")]
    put += images.to_put(folder, CLUUFILES)
    session = execute.Session(execute.Request(["true"], put=put), logs=tmp_path_factory.mktemp("guest"))
    session.shell(f"mkdir -p {PLACE}/d && cd {PLACE} && echo a > a && echo b > b && echo c > d/c && ln -s a link && ln -s d to-d"
                  " && ln -s ../b d/out && ln -s a moving")
    yield session
    session.close()


def attempt(guest, image: str, line: str, place: str = PLACE) -> list[str]:
    """What the program says of each of its attempts."""
    result = guest.shell(f"cd {place} && exec /var/images/{image}/Cluufile {line}")
    assert result.status == 0 and result.errors == b"", result
    return result.output.decode().splitlines()


NOT_THERE = "No such file or directory"
DENIED = "Permission denied"
READ_ONLY = "Read-only file system"


def test_a_program_opens_what_it_is_named_and_no_more(guest):
    assert attempt(guest, "reader", f"a d -ra -rb -r./a -r{PLACE}/a -rd/c -rd/../a -rd/../b -r/etc/passwd -ld -l. -l/ -rax") == [
        "ra: ok", f"rb: {NOT_THERE}", "r./a: ok", f"r{PLACE}/a: ok", "rd/c: ok", "rd/../a: ok", f"rd/../b: {NOT_THERE}",
        f"r/etc/passwd: {NOT_THERE}", "ld: ok", f"l.: {DENIED}", f"l/: {DENIED}", f"rax: {NOT_THERE}"]


def test_a_program_that_is_named_nothing_sees_nothing(guest):
    assert attempt(guest, "reader", "-ra -rd/c -l. -s/etc -cnew") == [
        f"ra: {NOT_THERE}", f"rd/c: {NOT_THERE}", f"l.: {DENIED}", f"s/etc: {NOT_THERE}", f"cnew: {DENIED}"]


def test_reading_is_not_changing(guest):
    assert attempt(guest, "reader", "a new d -wa -ca -cnew -ua -ud/c -dd/x -Dd -na") == [
        f"wa: {READ_ONLY}", "ca: " + READ_ONLY, f"cnew: {READ_ONLY}", f"ua: {READ_ONLY}", f"ud/c: {READ_ONLY}",
        f"dd/x: {READ_ONLY}", f"Dd: {READ_ONLY}", f"na: {READ_ONLY}"]


def test_the_place_is_known_though_it_cannot_be_listed(guest):
    assert attempt(guest, "reader", "d a -gd -g.. -s. -xa -gnowhere") == [
        f"now in {PLACE}/d", "gd: ok", f"now in {PLACE}", "g..: ok", "s.: ok", "xa: ok", f"gnowhere: {NOT_THERE}"]


def test_names_from_elsewhere(guest):
    assert attempt(guest, "reader", f"../a ../d/../b {PLACE}/d/c --of=out -r../a -r../d/../b -rc -rout -r../link",
                   f"{PLACE}/d") == [
        "r../a: ok", "r../d/../b: ok", "rc: ok", "rout: ok", f"r../link: {NOT_THERE}"]
    assert attempt(guest, "reader", "-- -ra -ra") == [f"ra: {NOT_THERE}", f"ra: {NOT_THERE}"]


def test_a_link_is_followed_when_it_is_named(guest):
    assert attempt(guest, "reader", "link to-d/c -rlink -ra -rto-d/c -rd/c -rto-d/out -rd/out -xto-d/c") == [
        "rlink: ok", "ra: ok", "rto-d/c: ok", "rd/c: ok", f"rto-d/out: {NOT_THERE}", f"rd/out: {NOT_THERE}", "xto-d/c: ok"]
    # Where a directory's links lead was not named.
    assert attempt(guest, "reader", "d -rd/out -rd/c") == [f"rd/out: {NOT_THERE}", "rd/c: ok"]


def test_a_link_that_changes_leads_nowhere_new(guest):
    result = guest.shell(f"""cd {PLACE}; mkfifo /tmp/to /tmp/from
        (exec /var/images/reader/Cluufile moving -rmoving -p -rmoving -ra -rb < /tmp/to > /tmp/from) &
        exec 5> /tmp/to 6< /tmp/from; read first <&6; read second <&6; echo $first, $second
        rm moving; ln -s b moving; echo go >&5; cat <&6; rm /tmp/to /tmp/from""")
    assert result.output.decode().splitlines() == [
        "rmoving: ok, ready", "p: ok", f"rmoving: {NOT_THERE}", "ra: ok", f"rb: {NOT_THERE}"], result


def test_writing_and_removing(guest):
    guest.shell(f"cd {PLACE}; mkdir w w/e; echo x > w/x; echo y > y")
    assert attempt(guest, "writer", "w y -wy -uy -cw/new -uw/x -Dw/e -ub -Dw -wb") == [
        "wy: ok", "uy: ok", f"cw/new: {READ_ONLY}", "uw/x: ok", "Dw/e: ok", f"ub: {NOT_THERE}", "Dw: ok", f"wb: {NOT_THERE}"]


def test_creating_only_the_name(guest):
    assert attempt(guest, "maker", "n/e/w a -cn/e/w -dn -dn/x -dn/e -cn/e/x -cn/e/w -rn/e/w -wa -ca -cb -un/e/w -dother") == [
        f"cn/e/w: {NOT_THERE}", "dn: ok", f"dn/x: {DENIED}", "dn/e: ok", f"cn/e/x: {DENIED}", "cn/e/w: ok",
        f"rn/e/w: {DENIED}", f"wa: {READ_ONLY}", f"ca: {READ_ONLY}", f"cb: {DENIED}", f"un/e/w: {READ_ONLY}",
        f"dother: {DENIED}"]
    guest.shell(f"rm -r {PLACE}/n")


def test_beside_a_name(guest):
    assert attempt(guest, "neighbour", "a -ca.gz -cb -rb -cd/x -rd/c -l. -ra") == [
        "ca.gz: ok", f"cb: {READ_ONLY}", f"rb: {DENIED}", f"cd/x: {DENIED}", f"rd/c: {NOT_THERE}", f"l.: {DENIED}", "ra: ok"]
    guest.shell(f"rm {PLACE}/a.gz")


def test_the_current_directory(guest):
    assert attempt(guest, "here", "-rc -l. -r../a -l.. -wc", f"{PLACE}/d") == [
        "rc: ok", "l.: ok", f"r../a: {NOT_THERE}", f"l..: {DENIED}", f"wc: {READ_ONLY}"]


def test_mounts_beside_names(guest):
    guest.shell("echo t > /tmp/t")
    assert attempt(guest, "private", f"/tmp/t a / -r/tmp/t -c/tmp/t -ra -r/etc/passwd -w/etc/passwd -l/ -r{PLACE}/b -c/etc/x") == [
        f"r/tmp/t: {NOT_THERE}", "c/tmp/t: ok", "ra: ok", "r/etc/passwd: ok", f"w/etc/passwd: {READ_ONLY}", "l/: ok",
        f"r{PLACE}/b: ok", f"c/etc/x: {READ_ONLY}"]
    assert guest.run("cat", "/tmp/t").output == b"t\n"
    assert attempt(guest, "hidden", "-r/etc/passwd -s/etc -ra -l/") == [
        f"r/etc/passwd: {NOT_THERE}", f"s/etc: {NOT_THERE}", "ra: ok", "l/: ok"]


def test_nobody_grants_more_than_it_has(guest):
    # All that stands here is named to `starter`, which may read; so `everything` may read what it is named.
    result = guest.shell(f"cd {PLACE}; exec /var/images/starter/Cluufile /var/images/everything/Cluufile a new -ra -rb -wa -cnew")
    assert result.output.decode().splitlines() == [
        "ra: ok", f"rb: {NOT_THERE}", f"wa: {READ_ONLY}", f"cnew: {READ_ONLY}"], result


def test_thousands_of_names(guest):
    result = guest.shell("mkdir /tmp/many && cd /tmp/many && for i in $(seq 1 3000); do : > a-file-with-number-$i; done; : > .stays;"
                         " /bin/ls | wc -l; /bin/rm a-file-with-number-*; ls -A; rm .stays; cd ..; rmdir many", timeout=120)
    assert (result.output, result.errors, result.status) == (b"3000\n.stays\n", b"", 0)


def test_names_are_paid_for_by_the_container(guest):
    names = "$(i=0; while [ $i -lt 6000 ]; do i=$((i + 1)); echo /a/name/that/is/not/short/at/all/as/it/has/its/number/$i; done)"
    result = guest.shell(f"""/var/images/tight/Cluufile a && echo few
        /var/images/reader/Cluufile {names} && echo many
        /var/images/tight/Cluufile {names} || echo too many""", timeout=120)
    assert result.output == b"few\nmany\ntoo many\n", result
    assert re.search(rb"memory", result.errors), result
    assert guest.run("/bin/cat", "/etc/hostname").output == b"cluu\n"


@pytest.mark.parametrize(("program", "arguments", "confined", "wide"), [
    ("test", "-f passwd", "PROFILE vfs\nGRANT argv read", "PROFILE vfs\nMOUNT / readonly"),
    ("env", "/bin/true", "PROFILE ipc\nGRANT argv start", "PROFILE ipc vfs\nMOUNT / inherit\nMOUNT /proc inherit"),
])
def test_a_confined_start_costs_little_more_than_one_that_sees_all(tmp_path, program, arguments, confined, wide):
    put = [(paths.OUT / "linux/container_start", "/tmp/container_start")]
    put += images.to_put(tmp_path, {name: f"{authority}\nENTRYPOINT /bin/busybox {program}\n" for name, authority in
                                    (("confined", confined), ("wide", wide))})
    session = execute.Session(execute.Request(["true"], put=put, icount=True), logs=tmp_path / "logs")
    try:
        cost = {}
        for name in ("wide", "confined"):
            result = session.shell(f"cd /etc && /tmp/container_start /var/images/{name}/Cluufile {arguments}", timeout=120)
            cost[name] = float(re.search(rb"container_start\t([0-9.]+)", result.output)[1])
    finally:
        session.close()
    print(cost)
    assert cost["confined"] < 1.2 * cost["wide"], cost
