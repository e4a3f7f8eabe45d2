# SPDX-License-Identifier: MIT
"""Users: they come and go, prove who they are, become others, and are slowed down when they guess."""

import re
import threading

import pytest
from cluu.line import Ended
from person import PROMPT, SECONDS, Person


def text(result) -> str:
    return result.output.decode("utf-8", "replace")


def free_memory(run) -> int:
    return int(re.search(r"MemFree:\s+(\d+)", run("cat /proc/meminfo"))[1])


def shell(users, command: str, **options):
    """By our shell: busybox's has a `su` and a `passwd` of its own inside, which may nothing here."""
    return users.run("/bin/shell", "-c", command, **options)


# ---- without a terminal, beginning as user 0: passwords come from standard input


@pytest.fixture(scope="module")
def users(guest):
    """A guest with a further user, `bob`, whose password is `bobs-word`."""
    added = guest.run("useradd", "bob")
    assert added.status == 0, added.errors + added.log.encode()
    assert b"Added bob with the id 1001, at home in /home/bob" in added.output
    changed = shell(guest, "printf 'bobs-word\\nbobs-word\\n' | passwd bob")
    assert changed.output == b"The password of bob has been changed.\n", changed.errors
    return guest


def as_user(users, name: str, command: str, **options):
    return users.run("su", name, "-c", command, **options)


def test_a_new_user_has_a_name_a_home_and_no_rights_of_others(users):
    assert "bob:x:1001:1001:bob:/home/bob:/bin/shell\n" in text(users.run("cat", "/etc/passwd"))
    assert "bob:x:1001:\n" in text(users.run("cat", "/etc/group"))
    assert re.match(r"drwxr-x--- +\d+ bob +bob ", text(users.run("ls", "-ld", "/home/bob")))
    result = as_user(users, "bob", "id; echo text > /home/bob/x; ls -l /home/bob/x; echo $HOME $USER")
    assert "uid=1001(bob) gid=1001(bob)" in text(result), result.errors
    assert re.search(r"-rw-r--r-- +1 bob +bob +5 ", text(result))
    assert text(result).endswith("/home/bob bob\n")
    for command in ("ls /home/admin", "cat /etc/users.toml", "cat /etc/users.toml.good", "rm /etc/passwd"):
        refused = as_user(users, "bob", command)
        assert refused.status != 0 and b"ermission denied" in refused.errors, command
    assert as_user(users, "admin", "ls /home/bob").status != 0


@pytest.mark.parametrize("words, complaint", [
    (["useradd", "bob"], "there is a user `bob` already"),
    (["useradd", "admin"], "there is a user `admin` already"),
    (["useradd", ""], "a name is not empty"),
    (["useradd", "Bob"], "a name is of a-z 0-9 _ -"),
    (["useradd", "../bob"], "a name is of a-z 0-9 _ -"),
    (["useradd", "x" * 33], "a name has at most 32 characters"),
    (["useradd", "x" * 3000], "this is too long"),
    (["useradd", "-u", "1000", "carl"], "the id 1000 is in use"),
    (["useradd", "-u", "-1", "carl"], "`-1` is no id"),
    (["useradd", "-u", "4294967295", "carl"], "`4294967295` is no id"),
    (["useradd", "-s", "/bin/nothing", "carl"], "`/bin/nothing` is no program"),
    (["useradd", "-x", "carl"], "usage: useradd"),
    (["userdel", "nobody"], "there is no user `nobody`"),
    (["userdel", "root"], "`root` is the system's own user"),
    (["passwd", "nobody"], "there is no user `nobody`"),
    (["su", "nobody", "-c", "id"], "there is no user `nobody`"),
    (["sudo", "-u", "nobody", "id"], "there is no user `nobody`"),
    (["sudo"], "usage: sudo"),
])
def test_bad_input_is_refused_and_changes_nothing(users, words, complaint):
    before = users.run("cat", "/etc/users.toml").output
    result = users.run(*words)
    assert result.status != 0
    assert complaint.encode() in result.errors
    assert users.run("cat", "/etc/users.toml").output == before
    assert users.run("ls", "/home").output.split() == [b"admin", b"bob"]


@pytest.mark.parametrize("given, complaint", [
    ("one\\ntwo\\n", "they differ; nothing has been changed"),
    ("\\n\\n", "an empty password is not taken"),
    ("one\\n", "no password was given"),
    ("x" * 300 + "\\n", "a password has at most 255 bytes"),
])
def test_a_new_password_must_be_one(users, given, complaint):
    result = shell(users, f"printf '{given}' | passwd bob")
    assert result.status == 1
    assert complaint.encode() in result.errors


def test_ones_own_password_needs_the_old_one(users):
    wrong = as_user(users, "bob", "printf 'wrong\\nnew\\nnew\\n' | passwd")
    assert wrong.status == 1 and b"the password is wrong" in wrong.errors
    others = as_user(users, "bob", "printf 'bobs-word\\nnew\\nnew\\n' | passwd admin")
    assert others.status == 1 and b"only members of the group `admin` may do this" in others.errors
    done = as_user(users, "bob", "printf 'bobs-word\\nanother-word\\nanother-word\\n' | passwd")
    assert done.output == b"The password of bob has been changed.\n", done.errors
    old = as_user(users, "admin", "echo bobs-word | su bob -c id")
    assert b"the password is wrong" in old.errors
    new = as_user(users, "admin", "echo another-word | su bob -c 'id -un'")
    assert new.output == b"bob\n", new.errors
    assert shell(users, "printf 'bobs-word\\nbobs-word\\n' | passwd bob").status == 0


def test_comments_in_the_list_stay(users):
    listed = text(users.run("cat", "/etc/users.toml"))
    assert "# The password is `admin`: change it, by `passwd`.\npassword = " in listed
    assert text(users.run("ls", "-l", "/etc/users.toml")).startswith("-rw-------")


def test_sudo_asks_remembers_and_logs(users):
    unasked = as_user(users, "admin", "sudo -k; sudo id -u </dev/null")
    assert unasked.status == 1 and b"no password was given" in unasked.errors
    first = as_user(users, "admin", "echo admin | sudo id -u")
    assert first.output == b"0\n", first.errors
    again = as_user(users, "admin", "sudo id -u </dev/null")
    assert again.output == b"0\n", "it remembers"
    assert "admin at no terminal runs as root: id -u\n" in again.log.replace("\r", "")
    assert as_user(users, "admin", "sudo -k; sudo id -u </dev/null").status == 1
    other = as_user(users, "bob", "echo bobs-word | sudo id -u")
    assert other.status == 1 and b"only members of the group `admin` may do this" in other.errors
    assert "refused to bob at no terminal: id -u" in other.log


def test_who_becomes_another_user_sees_no_more_than_his_container(users):
    result = users.run("container", "run", "box", "-c", "id -u; /bin/su root -c id; /bin/sudo id; /bin/passwd")
    assert result.output == b"0\n"
    assert result.errors.count(b"Operation not permitted") == 3
    assert "su: only who has this profile may start a container that has it" in result.log


def test_a_user_may_have_fewer_profiles(users):
    listed = text(users.run("cat", "/etc/users.toml"))
    assert users.run("useradd", "-s", "/bin/sh", "eve").status == 0
    shell(users, "sed -i 's/^name = \"eve\"$/&\\nprofiles = []/' /etc/users.toml")
    refused = as_user(users, "eve", "/bin/shell -c id")
    assert refused.status != 0 and "shell: only who has this profile may start" in refused.log
    assert text(as_user(users, "eve", "id -un")) == "eve\n"
    assert users.run("userdel", "eve").status == 0
    assert users.run("rmdir", "/home/eve").status == 0
    assert text(users.run("cat", "/etc/users.toml")) == listed


def test_a_user_may_run_the_containers_of_his_list_alone(users):
    listed = text(users.run("cat", "/etc/users.toml"))
    assert users.run("useradd", "eve").status == 0
    shell(users, "sed -i 's/^name = \"eve\"$/&\\ncontainers = [\"shell\", \"id\", \"su\", \"container\"]/' /etc/users.toml")
    done = as_user(users, "eve", "id -un; (id -un; ls /); echo $?; container run -d --name x sleep 9; echo $?")
    assert re.fullmatch(rb"eve\neve\n126\n[1-9]\d*\n", done.output), done
    assert b"ls: not among the containers that user 1002 may run (/etc/users.toml)\n" in done.errors
    assert b"sleep: not among the containers that user 1002 may run (/etc/users.toml)\n" in done.errors
    # What she starts has her list too; another user whom she becomes has his own.
    again = as_user(users, "eve", "/bin/shell -c 'ls /'; echo bobs-word | su bob -c 'ls -d /'")
    assert again.output == b"/\n" and b"ls: not among the containers" in again.errors, again
    shell(users, "sed -i 's/^containers = .*/containers = []/' /etc/users.toml")
    nothing = as_user(users, "eve", "id")
    assert b"shell: not among the containers that user 1002 may run" in nothing.errors and nothing.output == b""
    assert nothing.status == 126
    assert users.run("userdel", "eve").status == 0
    assert users.run("rmdir", "/home/eve").status == 0
    assert text(users.run("cat", "/etc/users.toml")) == listed


def test_a_user_who_is_there_cannot_be_removed(users):
    assert users.run("useradd", "carl").status == 0
    busy = shell(users, "su carl -c 'sleep 100' & until pidof sleep >/dev/null; do :; done; userdel carl; kill $(pidof sleep)")
    assert b"`carl` is logged in, or has programs running" in busy.errors
    shell(users, "until ! pidof sleep; do :; done")
    gone = users.run("userdel", "carl")
    assert gone.output == b"Removed carl. What is in /home/carl has been left there.\n", gone.errors
    assert "carl" not in text(users.run("cat", "/etc/passwd", "/etc/group"))
    again = users.run("useradd", "dora")
    assert b"with the id 1003" in again.output, "nobody inherits what carl has left behind"
    assert users.run("userdel", "dora").status == 0
    assert users.run("rmdir", "/home/carl", "/home/dora").status == 0


GUESSES = """
for i in 1 2 3 4 5; do
    while :; do echo guess | su admin -c id; done &
done 2>/dev/null
read start rest </proc/uptime
"""


def test_guesses_are_slow_and_slow_nobody_else(users):
    """Five at once, for as long as admin needs for twenty commands with his password."""
    before = as_user(users, "bob", "true").log.count("wrong password for admin")
    result = as_user(users, "bob", GUESSES + """
        for i in $(seq 20); do sleep 0.5; done
        read end rest </proc/uptime
        echo $start $end
        kill $(jobs -p)
    """, timeout=90)
    start, end = map(float, text(result).split()[-2:])
    guesses = result.log.count("wrong password for admin") - before
    assert 2 <= guesses <= end - start + 2, "at most one in a second, however many ask"
    assert "wrong password for admin from bob at no terminal" in result.log
    assert "guess" not in result.log


def guess(line) -> None:
    """Wrong passwords at a login, one after the other, until the machine has ended."""
    line.send("\r")
    try:
        while True:
            line.expect("login: ", 10 * SECONDS)
            line.send("admin\r")
            line.expect("Password: ", 10 * SECONDS)
            line.send("guess\r")
    except (Ended, OSError):
        pass


def test_guesses_do_not_slow_who_works(boot):
    """In the machine's own time, a nanosecond for each instruction: one guesses at another login, four by `su`."""
    machine = boot(serials=2, icount=True)
    person = Person(machine.serial[0])

    def seconds_of_work() -> float:
        person.line.send("read start rest </proc/uptime; i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; "
                         "read end rest </proc/uptime; echo from $start to $end\r")
        start, end = map(float, person.line.expect(r"\nfrom ([\d.]+) to ([\d.]+)", 4 * SECONDS).groups())
        person.prompt()
        return end - start

    alone = seconds_of_work()
    threading.Thread(target=guess, args=[machine.serial[1]], daemon=True).start()
    person.enter("for n in 1 2 3 4; do while :; do echo guess | su root -c id; done 2>/dev/null & done")
    machine.serial[0].expect("wrong password at ttyS1", SECONDS)
    person.enter("true")
    guessed = seconds_of_work()
    # A guess takes a twentieth of a second to check, and each guesser may make one meanwhile.
    assert 0.5 < alone < 1 and guessed < 1.2 * alone, (alone, guessed)


def test_a_guesser_delays_nobody_else(users):
    result = shell(users, """
        su bob -c 'while :; do echo guess | su admin -c id; done' 2>/dev/null &
        until pidof su >/dev/null; do :; done
        for i in 1 2 3 4 5; do su admin -c 'sudo -k; echo admin | sudo true' || echo failed; done
        kill $!
    """, timeout=90)
    assert result.output == b"" and result.status == 0, result.errors


@pytest.mark.parametrize("name", ["passwd", "su", "sudo", "useradd", "userdel", "who"])
def test_help_says_of_a_command_what_it_says_itself(users, name):
    told = text(shell(users, f"help {name}"))
    itself = users.run(name, "--nothing-of-this-name", "x").errors.decode()
    assert itself.startswith("usage: ") and told.startswith(itself) and len(told) > len(itself)


# ---- a person at a terminal


@pytest.fixture(scope="module")
def person(console):
    return Person(console.serial[0])


def answer(person, question: str, word: str) -> None:
    person.line.expect(question, SECONDS)
    person.line.send(word + "\r")


def log_in(person, name: str, word: str) -> None:
    answer(person, "login: ", name)
    answer(person, "Password: ", word)


def log_in_again(person, name: str, word: str) -> None:
    """At the prompt that is there already."""
    person.line.send(name + "\r")
    answer(person, "Password: ", word)
    person.prompt()


def test_who_and_id_say_who_is_there(person):
    assert re.fullmatch(r"admin +ttyS0 +\d{4}-\d\d-\d\d \d\d:\d\d\n", person.enter("who"))
    assert "uid=1000(admin) gid=1000(admin)" in person.enter("id")


def test_sudo_at_a_terminal(person):
    person.line.send("sudo id -un\r")
    answer(person, "Your own password: ", "admin")
    person.line.expect("\nroot\r\n", SECONDS)
    person.prompt()
    assert person.enter("echo text | sudo cat").endswith("text\n"), "remembered; the pipe is the command's"
    assert person.enter("sudo -u admin whoami").endswith("admin\n")
    person.enter("sudo -k")


def test_a_key_ends_the_question_and_the_terminal_is_as_before(person):
    person.line.send("su\r")
    person.line.expect("Password of root: ", SECONDS)
    person.line.send("halfway\x03")
    person.prompt()
    assert person.enter("stty -a | grep -c -- '-echo '") == "0\n"
    assert "halfway" not in person.line.text()


def test_su_to_a_user_and_back(person):
    person.line.send("su - admin\r")
    answer(person, "Password of admin: ", "wrong")
    person.line.expect("su: the password is wrong", SECONDS)
    person.prompt()
    person.line.send("su - admin\r")
    answer(person, "Password of admin: ", "admin")
    person.prompt()
    assert person.enter("sleep 100 & jobs; kill %1; wait") != "", "with job control"
    person.line.send("exit\r")
    person.prompt()


def test_the_terminal_is_his_who_is_logged_in_there(person):
    said = person.enter("ls -l /dev/ttyS0 /dev/tty1; echo over >/dev/ttyS0; echo over >/dev/tty1")
    assert re.search(r"crw--w---- +1 admin +root .* /dev/ttyS0\n", said)
    assert re.search(r"crw--w---- +1 root +root .* /dev/tty1\n", said)
    assert said.count("\nover\n") == 1 and "/dev/tty1: Permission denied" in said


def test_a_login_on_the_second_serial_line_when_a_key_is_pressed(person, console):
    line = console.serial[1]
    assert line.text() == "", "nobody pays for it before"
    line.send("\r")
    second = Person(line)
    assert re.search(r"^admin +ttyS0 .*\nadmin +ttyS1 ", second.enter("who"))
    person.line.send("exit\r")
    person.line.expect("login: ", SECONDS)
    assert " root " in second.until("ls -l /dev/ttyS0", r"crw--w---- +1 root +root "), "taken back"
    line.send("exit\r")
    line.expect("login: ", SECONDS)
    log_in_again(person, "admin", "admin")


def test_a_mistake_in_the_list_is_told_and_the_old_one_stays(person):
    person.line.send("sudo sh -c 'echo mistake = 1 >>/etc/users.toml'\r")
    answer(person, "Your own password: ", "admin")
    person.prompt()
    person.line.send("passwd\r")
    answer(person, "Your password now: ", "admin")
    person.line.expect(r"passwd: /etc/users.toml:\d+:1: `mistake` is unknown; .*"
                       "the users of before stay in force", SECONDS)
    answer(person, "New password: ", "new")
    answer(person, "The same again: ", "new")
    person.line.expect("has a mistake: mend it first", SECONDS)
    person.prompt()
    person.line.send("exit\r")
    log_in(person, "admin", "admin")
    person.line.expect("the users of before stay in force", SECONDS)
    person.prompt()
    person.line.send("sudo sed -i '/^mistake/d' /etc/users.toml\r")
    answer(person, "Your own password: ", "admin")
    person.prompt()


def test_a_new_password_holds_from_the_next_login(person):
    person.line.send("passwd\r")
    answer(person, "Your password now: ", "admin")
    answer(person, "New password: ", "another")
    answer(person, "The same again: ", "another")
    person.line.expect("The password of admin has been changed", SECONDS)
    person.prompt()
    person.line.send("exit\r")
    for name, word in (("admin", "admin"), ("nobody", "another"), ("admin", ""), ("admin", "x" * 1000)):
        log_in(person, name, word)
        start = person.line.position
        person.line.expect("Login incorrect", SECONDS)
        said = bytes(person.line.data[start:person.line.position]).decode()
        said = said.replace("accounts: wrong password at ttyS0", "").replace("Login incorrect", "")
        assert said.strip() == "", "nothing tells an unknown name from a wrong password"
    log_in(person, "admin", "another")
    person.prompt()
    assert "another" not in person.line.text()


def lost_by_logins(person, warm_up: int, batch: int) -> list[int]:
    """KiB that are gone after each of three batches of logins."""
    free = []
    for times in (warm_up, batch, batch, batch):
        for _ in range(times):
            person.line.send("exit\r")
            log_in(person, "admin", "admin")
            person.line.expect(PROMPT, SECONDS)
        free.append(free_memory(person.enter))
    return [before - after for before, after in zip(free, free[1:])]


# What servers keep grows to its size, now and then by a page. What each login leaves behind shows in every batch.
def test_logins_leave_nothing(boot):
    lost = lost_by_logins(Person(boot(icount=True).serial[0]), 10, 15)
    assert 0 in lost, lost


@pytest.mark.nightly
def test_a_thousand_logins_leave_nothing(boot):
    lost = lost_by_logins(Person(boot(icount=True).serial[0]), 100, 300)
    assert 0 in lost, lost


def test_no_password_is_left_in_memory(person, console, tmp_path):
    """Typed at the login and for sudo; then all of the machine's memory is looked through."""
    word = "Seldom-Seen-7391"
    person.line.send("passwd\r")
    answer(person, "Your password now: ", "another")
    answer(person, "New password: ", word)
    answer(person, "The same again: ", word)
    person.prompt()
    person.line.send("exit\r")
    log_in(person, "admin", word)
    person.prompt()
    person.line.send("sudo true\r")
    answer(person, "Your own password: ", word)
    person.prompt()
    person.enter("echo Often-Seen-1937")
    console.qmp("pmemsave", val=0, size=512 << 20, filename=str(tmp_path / "memory"))
    memory = (tmp_path / "memory").read_bytes()
    assert b"Often-Seen-1937" in memory, "the search finds what is there"
    # The end alone, too: the start of a buffer is soon overwritten.
    for part in (word, word[4:], word[8:]):
        assert memory.count(part.encode()) == 0, part
