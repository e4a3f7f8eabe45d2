# SPDX-License-Identifier: MIT
"""MicroPython, built from Debian's source package: as a program in a script, and at the keyboard."""

import pytest
from person import SECONDS, Person

# What a script prints, and how; each runs as `micropython -c SCRIPT` in /home/admin.
SCRIPTS = {
    "numbers": ("print(2 ** 64)", "18446744073709551616\n"),
    "files": ("""
with open('poem', 'w') as f:
    for i in range(3000): f.write('line %d\\n' % i)
with open('poem') as f: lines = f.readlines()
import os
print(len(lines), lines[-1].strip(), os.stat('poem')[6], 'poem' in os.listdir('.'))
os.rename('poem', 'verse')
os.remove('verse')
print('poem' in os.listdir('.'), 'verse' in os.listdir('.'))
""", "3000 line 2999 28890 True\nFalse False\n"),
    "threads": ("""
import _thread, time
lock, total, left = _thread.allocate_lock(), 0, 8
def work():
    global total, left
    for i in range(500):
        with lock: total += 1
    with lock: left -= 1
for i in range(8): _thread.start_new_thread(work, ())
while left: time.sleep(0.001)
print(total)
""", "4000\n"),
    "a heap that grows": ("""
pieces = [bytearray(1 << 20) for i in range(24)]
print(sum(len(p) for p in pieces) >> 20)
""", "24\n"),
    "the container's limit": ("""
pieces = []
try:
    while True: pieces.append(bytearray(1 << 20))
except MemoryError:
    pieces = None
print('no more')
""", "no more\n"),
    "select and time": ("""
import select, sys, time
poll = select.poll()
poll.register(sys.stdout, select.POLLOUT)
print([event for _, event in poll.poll(0)])
before = time.ticks_ms()
time.sleep_ms(20)
print(time.ticks_diff(time.ticks_ms(), before) >= 20)
""", "[4]\nTrue\n"),
    "asyncio": ("""
import asyncio
async def say(text, after):
    await asyncio.sleep_ms(after)
    print(text)
async def main(): await asyncio.gather(say('late', 60), say('early', 1))
asyncio.run(main())
""", "early\nlate\n"),
    "other programs": ("import os; print(os.system('exit 3') >> 8, os.getenv('USER'))", "3 admin\n"),
    "what the Cluufile refuses": ("""
for mode, name in (('w', '/etc/mine'), ('r', '/etc/passwd')):
    try: open(name, mode)
    except OSError as error: print(error.errno)
""", "13\n2\n"),  # EACCES, ENOENT
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script(guest, name):
    text, wanted = SCRIPTS[name]
    result = guest.run("micropython", "-c", text)
    assert (result.output.decode(), result.errors, result.status) == (wanted, b"", 0)


def test_a_person_at_its_prompt(console):
    person = Person(console.serial[0])
    line = person.line

    def enter(text: str, answer: str, prompt: str = ">>> ") -> None:
        line.send(text)
        line.expect(answer, SECONDS)
        line.expect(prompt + r"\Z", SECONDS)

    enter("micropython\r", "MicroPython v1.25.0")
    enter("def square(x):\r", r"\n", r"\.\.\.     ")  # it indents by itself
    enter("return x * x\r", r"\n", r"\.\.\.     ")
    enter("\x7f\r", r"\n")  # a backspace takes the indentation back: an empty line ends the function
    enter("square(12)\r", r"\n144\s")
    enter("\x1b[A\r", r"square\(12\)\s+144\s")  # arrow up
    enter("\x1b[A\x1b[D\x7f5\r", r"\n225\s")  # left, and 12 becomes 15
    enter("nothing is here\x03", r"\n")  # Ctrl-C forgets the line
    # What has written something runs: only then is Ctrl-C for it, and not for the line.
    line.send("for i in range(10 ** 12): i or print('busy')\r\r")
    line.expect(r"\nbusy", SECONDS)
    enter("\x03", "KeyboardInterrupt")
    line.send("\x04")
    person.prompt()
    assert person.enter("echo back") == "back\n"
