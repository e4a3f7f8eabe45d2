# SPDX-License-Identifier: MIT
"""`container run -v`: what the caller names of its own files is at another path in the container, and nothing else is."""

import pytest

import images
from cluu import execute

SHELL = "ENTRYPOINT /bin/busybox sh -c\n"
CLUUFILES = {
    "boss": f"PROFILE vfs supervisor\nMOUNT / inherit\nMOUNT /proc inherit\n{SHELL}",
    "reader": f"PROFILE vfs supervisor\nMOUNT / readonly\n{SHELL}",
    "hider": f"PROFILE vfs supervisor\nMOUNT / inherit\nMOUNT /home/admin/host/secret none\n{SHELL}",
    "clerk": f"PROFILE vfs supervisor\nMOUNT / inherit\nUSER admin\n{SHELL}",
    "room": f"PROFILE vfs\nMOUNT /bin readonly\nMOUNT /etc readonly\n{SHELL}",
    "named": "PROFILE vfs\nGRANT argv read write create\nENTRYPOINT /bin/busybox cp\n",
    "blind": SHELL,
    "service": f"PROFILE vfs\nMOUNT /bin readonly\nRESTART always\n{SHELL}CMD 'cat /data/file; sleep 0.2'\n",
}
HOST = "/home/admin/host"


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    put = images.to_put(folder, CLUUFILES)
    session = execute.Session(execute.Request(["true"], put=put), logs=tmp_path_factory.mktemp("guest"))
    session.shell(f"mkdir -p {HOST}/secret && cd {HOST} && echo mine > file && echo hush > secret/word && ln -s /etc/hostname out"
                  " && ln -s ../file secret/up")
    yield session
    session.close()


def run(guest, *words: str, **options):
    return guest.run("container", "run", *words, **options)


def text(result) -> str:
    return (result.output + result.errors).decode(errors="replace")


def test_what_is_named_is_there_and_can_be_changed(guest):
    script = "cat /data/file; echo more >> /data/file; mkdir /data/made && echo ok > /data/made/x; cat /data/secret/up; ls /home"
    result = run(guest, "-v", f"{HOST}:/data", "room", script)
    assert result.output == b"mine\nmine\nmore\n" and "/home: No such file or directory" in text(result), text(result)
    assert guest.shell(f"cd {HOST}; cat made/x; rm -r made; echo mine > file").output == b"ok\n"


def test_ro_is_not_to_be_changed(guest):
    script = "cat /data/file; echo more >> /data/file; rm /data/file; mkdir /data/d"
    result = run(guest, "-v", f"{HOST}:/data:ro", "room", script)
    assert result.output == b"mine\n" and text(result).count("Read-only file system") == 3, text(result)


def test_a_path_from_where_one_is_and_a_file(guest):
    result = run(guest, "boss", f"cd {HOST}; container run -v file:/data/one:ro room 'cat /data/one; echo x > /data/one'")
    assert result.output == b"mine\n" and "Read-only file system" in text(result), text(result)


def test_a_link_leads_to_what_the_container_sees(guest):
    assert run(guest, "-v", f"{HOST}:/data", "room", "cat /data/out").output == b"cluu\n"
    gone = run(guest, "-v", f"{HOST}:/data", "-v", f"{HOST}/secret:/etc", "room", "cat /data/out; cat /etc/word")
    assert gone.output == b"hush\n" and "No such file or directory" in text(gone), text(gone)


def test_nothing_comes_that_the_caller_has_not(guest):
    # What the caller may only read, the container may only read.
    written = run(guest, "reader", f"container run -v {HOST}:/data room 'cat /data/file; echo x > /data/file'")
    assert written.output == b"mine\n" and "Read-only file system" in text(written), text(written)
    # What is hidden from the caller is hidden at every path.
    hidden = run(guest, "hider", f"cat {HOST}/secret/word; container run -v {HOST}:/data room 'cat /data/secret/word'")
    assert hidden.output == b"" and "not for a starter that is confined to names" in text(hidden), text(hidden)
    # What its user may not open, he may not open there.
    refused = run(guest, "clerk", "container run -v /etc:/data room 'cat /data/users.toml'")
    assert refused.output == b"" and "Permission denied" in text(refused), text(refused)


def test_processes_are_not_a_volume(guest):
    for volume in ("/proc:/data", f"{HOST}:/proc", f"{HOST}:/proc/x", f"{HOST}:/", f"{HOST}:/a/../b"):
        result = run(guest, "-v", volume, "room", "ls /data")
        assert result.status != 0 and result.output == b"", (volume, text(result))
    result = run(guest, "-v", "/:/data:ro", "room", "ls /data/proc")
    assert result.output == b"", text(result)


def test_it_goes_with_granted_names(guest):
    result = run(guest, "boss", f"cd /home/admin; container run -v {HOST}:/data named /data/file copied && cat copied; rm copied")
    assert result.output == b"mine\n", text(result)


def test_mistakes_are_told(guest):
    assert "PROFILE vfs" in text(run(guest, "-v", f"{HOST}:/data", "blind", "true"))
    assert "nowhere: No such file or directory" in text(run(guest, "-v", "/nowhere:/data", "room", "true"))
    assert run(guest, "-v", HOST, "room", "true").status == 2
    many = [word for n in range(9) for word in ("-v", f"{HOST}:/d{n}")]
    assert "too many volumes: 8 at most" in text(run(guest, *many, "room", "true"))


def test_it_is_shown_and_there_again_after_a_new_start(guest):
    script = (f"container run -d --name served -v {HOST}:/data:ro service > /dev/null; "
              "until [ $(container logs served | grep -c mine) -ge 2 ]; do sleep 0.1; done; container inspect --format text served; "
              "container stop -t 0 served; container rm served")
    shown = text(run(guest, "boss", script, timeout=60))
    assert f"volume: {HOST}:/data:ro\n" in shown, shown
    script = f"container run -v {HOST}:/data:ro boss 'cat /proc/self/authority'"
    assert f"read /data and below, which is {HOST} to its starter" in text(run(guest, "boss", script, timeout=60))
