# SPDX-License-Identifier: MIT
"""The other foreign programs, used as a person uses them, at the serial line: those on the disk, and, with
`./cluu test ports`, those that are built and put there for it."""

import pytest
from person import SECONDS, Person


@pytest.fixture(scope="module")
def person(console):
    return Person(console.serial[0])


@pytest.fixture(scope="module")
def owner(console_with_ports):
    """Somebody whose disk has all ports."""
    return Person(console_with_ports.serial[0])


def test_dash(person):
    line = person.line
    line.send("dash\r")
    line.expect(r"\$ \Z", SECONDS)
    line.send("for n in 3 1 2; do echo $((n * n)); done | sort > squares; trap 'echo bye' EXIT\r")
    line.expect(r"\n\$ \Z", SECONDS)
    line.send("read first < squares; echo first is $first; exit 5\r")
    line.expect(r"\nfirst is 1\r\nbye\r\n", SECONDS)
    person.prompt()
    assert person.enter("echo $?; rm squares") == "5\n"


def test_lua(person):
    line = person.line
    person.enter("cp /etc/hostname here")
    line.send("lua\r")
    line.expect(r"\n> \Z", SECONDS)
    line.send("words = {} for word in ('one two three'):gmatch('%a+') do table.insert(words, word) end\r")
    line.expect(r"\n> \Z", SECONDS)
    line.send("#words, table.concat(words, '-')\r")
    line.expect(r"\n3\tone-two-three\r\n> \Z", SECONDS)
    line.send("for line in io.lines('here') do print(line:upper()) end\r")
    line.expect(r"\nCLUU\r\n> \Z", SECONDS)
    line.send("io.open('/etc/hostname')\r")
    line.expect(r"No such file or directory", SECONDS)
    line.expect(r"\n> \Z", SECONDS)
    line.send("\x04")
    person.prompt()
    person.enter("rm here")


def test_nano(person):
    line = person.line
    line.send("nano letter\r")
    line.expect("GNU nano 7.2", SECONDS)
    line.expect(r"\^X", SECONDS)  # the last line of the screen: it waits for keys
    # Up and to the end of the line by control keys, then Ctrl-O.
    line.send("Dear reader,\rthis is CLUU.\x10\x05 we greet you:\x0f")
    line.expect("File Name to Write", SECONDS)
    line.send("\r")
    line.expect("Wrote 2 lines", SECONDS)
    line.send("\x18")  # Ctrl-X
    person.prompt()
    assert person.enter("cat letter; rm letter") == "Dear reader, we greet you:\nthis is CLUU.\n"


@pytest.mark.ports
def test_less(owner):
    line = owner.line
    owner.enter("seq 1 5000 > numbers")
    line.send("less numbers\r")
    line.expect(r"\n3\r\n", SECONDS)
    line.send("/^77.$\r")
    line.expect("770", SECONDS)
    line.send("G")
    line.expect(r"5000\r\n.*END", SECONDS)
    line.send("q")
    owner.prompt()
    assert owner.enter("seq 1 3 | less | wc -l; rm numbers") == "3\n"


@pytest.mark.ports
def test_zstd(owner):
    owner.enter("seq 1 20000 > numbers; md5sum numbers > before")
    owner.enter("zstd -q -T2 --rm numbers")
    assert int(owner.enter("wc -c < numbers.zst")) < 108_894 // 2
    assert "premature end" in owner.enter("head -c 9999 numbers.zst | zstd -d > part")
    owner.enter("zstd -q -d --rm numbers.zst; md5sum numbers > after")
    assert owner.enter("cmp before after && echo same") == "same\n"
    owner.enter("rm numbers before after part")


@pytest.mark.ports
def test_ripgrep(owner):
    owner.enter("mkdir -p texts/deep; seq 1 3000 > texts/deep/numbers; echo a word > texts/words; cd texts")
    assert owner.enter("rg --color never -c 777") == "deep/numbers:3\n"
    assert owner.enter("rg --color never -N 'w..d' words ../texts/words | sort") == "../texts/words:a word\nwords:a word\n"
    assert owner.enter("rg nothing; echo $?") == "1\n"
    owner.enter("cd ..; rm -r texts")


@pytest.mark.ports
def test_sqlite3(owner):
    line = owner.line
    line.send("sqlite3 shop.db\r")
    line.expect(r"sqlite> \Z", SECONDS)
    line.send("create table t(word text, n int); insert into t values ('pear', 3), ('fig', 4);\r")
    line.expect(r"sqlite> \Z", SECONDS)
    line.send("select group_concat(word, '+'), sum(n) from t;\r")
    line.expect(r"\npear\+fig\|7\r\n", SECONDS)
    line.send("\x04")
    owner.prompt()
    assert owner.enter("sqlite3 shop.db 'pragma journal_mode=wal'") == "wal\n"
    assert owner.enter("sqlite3 shop.db 'delete from t where n=3; select * from t'") == "fig|4\n"
    assert owner.enter("sqlite3 shop.db 'pragma integrity_check'; rm shop.db") == "ok\n"


@pytest.mark.ports
def test_tcc(owner):
    owner.enter("""printf '#include <stdio.h>\\nint main(void) { return printf("made %%s\\\\n", "here"); }' > made.c""")
    assert owner.enter("tcc -Wall -o made made.c; ./made; echo $?") == "made here\n10\n"
    assert "made.c:2: error: ';' expected" in owner.enter("sed -i 's/; }/ }/' made.c; tcc made.c")
    owner.enter("rm made made.c")


@pytest.mark.ports
def test_htop(owner):
    line = owner.line
    owner.enter("sleep 1000 &")
    line.send("htop\r")
    line.expect("Load average", SECONDS)
    line.expect("F10", SECONDS)
    line.send("\\")  # only the lines that have this
    line.send("1000\r")
    line.expect("sleep 1000", SECONDS)
    line.send("\x1bOP")  # F1
    line.expect("htop 3.2.2", SECONDS)
    line.send("qq")
    owner.prompt()
    owner.enter("kill %1")


@pytest.mark.ports
def test_bash(owner):
    line = owner.line

    def enter(text: str, answer: str) -> None:
        line.send(text)
        line.expect(answer, SECONDS)
        line.expect(r"bash-5.2\$ \Z", SECONDS)

    enter("bash --norc\r", "")
    enter("bind 'set enable-bracketed-paste off'\r", "")  # it would write more before each line
    enter("words=(one 'two three' four); echo ${#words[@]} \"${words[1]^^}\"\r", r"\n3 TWO THREE\r\n")
    enter("paste <(seq 1 3) <(seq 4 6)\r", r"\n3\t6\r\n")
    enter("\x1b[A\x7f\x7f9)\r", r"\n3\t6\r\n(.*\r\n)*9\r\n")  # arrow up, and 6 becomes 9
    line.send("sh -c 'echo begun; sleep 1000'\r")
    line.expect(r"\nbegun\r\n", SECONDS)
    enter("\x1a", r"Stopped +sh -c")  # Ctrl-Z
    enter("bg; jobs -r; kill %1; wait\r", r"Running +sh -c .* &\r\n")
    line.send("exit 6\r")
    owner.prompt()
    assert owner.enter("echo $?").endswith("6\n")
