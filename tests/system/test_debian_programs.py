# SPDX-License-Identifier: MIT
"""Large programs of Debian's, as they come, with their loader and their libraries: what people would try next."""

import re
import subprocess
from pathlib import Path

import pytest

from cluu import debian, execute

pytestmark = pytest.mark.ports
SECONDS = 120
SUITE = "bookworm"
PACKAGES = {"gawk": "1:5.*", "git": "1:2.39.*", "nodejs": "18.*", "redis-server": "5:7.0.*"}
PROGRAMS = ["gawk", "git", "node", "redis-cli", "redis-server"]
PYTHON = "/usr/bin/python3"
COMPILER = ["gcc", "as", "ld"]
LINKED = ["crt1.o", "crti.o", "crtn.o", "crtbeginT.o", "crtend.o", "libgcc.a", "libgcc_eh.a", "libc.a", "liblto_plugin.so"]
HEADERS = ["stdc-predef.h", "stdio.h", "features.h", "features-time64.h"]


def needed(program: Path, libraries: Path) -> list[Path]:
    """The files that ldd names, which may be in that folder."""
    output = subprocess.run(["ldd", program], env={"PATH": "/usr/bin:/bin", "LD_LIBRARY_PATH": str(libraries)},
                            capture_output=True, text=True, check=True).stdout
    return [Path(name) for name in re.findall(r"(/\S+) \(0x", output)]


class Files:
    """What is put into CLUU: from where, by the path there."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.libraries = folder / "usr/lib/x86_64-linux-gnu"
        self.put: dict[str, Path] = {}

    def add(self, file: Path, path: str | None = None) -> None:
        self.put[path or self.path_of(file)] = file.resolve()
        if file.is_file() and file.read_bytes()[:4] == b"\x7fELF" and file.suffix != ".o":
            for library in needed(file.resolve(), self.libraries):
                self.put[self.path_of(library)] = library.resolve()

    def path_of(self, file: Path) -> str:
        return f"/{file.relative_to(self.folder)}" if file.is_relative_to(self.folder) else str(file)

    def add_compiler(self) -> None:
        def told(*words: str) -> Path:
            return Path(subprocess.run(["gcc", *words], capture_output=True, text=True, check=True).stdout.strip())

        for name in COMPILER:
            self.add(Path("/usr/bin") / name)
        for name in ("cc1", "collect2"):
            self.add(told(f"-print-prog-name={name}"))
        for name in LINKED:
            file = told(f"-print-file-name={name}")
            self.put[str(file.parent.resolve() / name)] = file.resolve()
        self.put[str(told("-print-file-name=include"))] = told("-print-file-name=include")
        self.put["/usr/include/x86_64-linux-gnu"] = Path("/usr/include/x86_64-linux-gnu")
        for name in HEADERS:
            if (file := Path("/usr/include") / name).exists():
                self.put[str(file)] = file


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packages") / "files"
    debian.binaries(PACKAGES, SUITE, folder)
    files = Files(folder)
    for name in PROGRAMS:
        files.add(folder / "usr/bin" / name)
    files.add(folder / "usr/share/nodejs")
    files.add(Path(PYTHON))
    files.add(next(Path("/usr/lib").glob("python3.[0-9]*")))
    files.add_compiler()
    request = execute.Request(["true"], put=[(file, path) for path, file in files.put.items()], memory="1G", timeout=240,
                              environment=["LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu"])
    session = execute.Session(request, logs=tmp_path_factory.mktemp("machine"))
    yield session
    session.close()


def run(machine, script: str) -> str:
    result = machine.shell(f"export LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu HOME=/tmp; cd $(mktemp -d)\n{script}", timeout=SECONDS)
    assert result.status == 0, (result.output + result.errors).decode()
    return result.output.decode()


def test_node_compiles_at_run_time(machine):
    """In memory that is writable and executable; with threads of its own, and workers."""
    assert run(machine, """cat > program.js << 'END'
const fs = require('fs'), net = require('net'), { Worker } = require('worker_threads');
let sum = 0;
for (let i = 0; i < 3e6; i++) sum = (sum * 31 + i) | 0;
console.log(sum, require('child_process').execSync('echo child').toString().trim());
fs.writeFileSync('file', 'text');
const server = net.createServer(client => client.end('served')).listen('socket');
const answers = [
  new Promise(done => fs.readFile('file', 'utf8', (_, text) => done(text))),
  new Promise(done => net.connect('socket').on('data', data => { server.close(); done(data.toString()); })),
  new Promise(done => new Worker('require("worker_threads").parentPort.postMessage(6 * 7)', { eval: true }).on('message', done)),
  new Promise(done => require('zlib').gzip('x'.repeat(1e5), (_, packed) => done(packed.length < 1000))),
];
Promise.all(answers).then(all => console.log(all.join(' ')));
END
node program.js""") == "637018976 child\ntext served 42 true\n"


def test_redis_at_a_local_socket(machine):
    assert run(machine, """
redis-server --port 0 --unixsocket $PWD/socket --save '' --dir $PWD --appendonly yes > log &
ask() { redis-cli -s socket "$@"; }
until ask ping > /dev/null 2>&1; do sleep 0.1; done
ask set number 5; ask incr number; ask rpush list a b c; ask lrange list 1 2; ask save
ask shutdown; wait; test -s dump.rdb && echo saved
redis-server --port 0 --unixsocket $PWD/socket --save '' --dir $PWD --appendonly yes > log &
until ask ping > /dev/null 2>&1; do sleep 0.1; done
ask get number; ask shutdown nosave; wait""") == "OK\n6\n3\nb\nc\nOK\nsaved\n6\n"


def test_git_keeps_what_it_is_given(machine):
    assert run(machine, """
git config --global user.email me@here; git config --global user.name me; git config --global init.defaultBranch main
git init -q one; cd one; seq 100 > numbers; git add .; git commit -qm first; git checkout -qb side; echo x >> numbers
git commit -qam second; git checkout -q main; echo y > other; git add .; git commit -qm third; git merge -q side -m merged
git gc -q; git fsck 2> /dev/null; git log --format=%s | sort; git grep -n x; git diff --stat HEAD~1 | tail -n 1
""") == "first\nmerged\nsecond\nthird\nnumbers:101:x\n 1 file changed, 1 insertion(+)\n"


def test_a_c_program_is_compiled_and_linked(machine):
    assert run(machine, """
printf '#include <stdio.h>\\nint main(int c, char **v) { return printf("%%s\\\\n", v[c - 1]); }\\n' > made.c
gcc -O2 -static -o made made.c; ./made here; echo $?; echo 'int main( {' > wrong.c; gcc wrong.c 2> told || grep -c error told
""") == "here\n5\n1\n"


def test_python_with_processes_and_threads(machine):
    assert run(machine, """cat > program.py << 'END'
import asyncio, concurrent.futures, multiprocessing, subprocess
def square(n): return n * n
async def talk():
    async def serve(reader, writer):
        writer.write((await reader.readline()).upper())
        writer.close()
    await asyncio.start_unix_server(serve, "socket")
    async def ask(n):
        reader, writer = await asyncio.open_unix_connection("socket")
        writer.write(b"asks %d\\n" % n)
        return (await reader.read()).decode().strip()
    return await asyncio.gather(*map(ask, range(3)))
if __name__ == "__main__":
    with multiprocessing.Pool(3) as pool: print(sum(pool.map(square, range(100))))
    with concurrent.futures.ThreadPoolExecutor(8) as pool: print(sum(pool.map(square, range(100))))
    print(asyncio.run(talk()))
    try: subprocess.run(["sleep", "100"], timeout=0.2)
    except subprocess.TimeoutExpired: print("ended")
END
python3 program.py""") == "328350\n328350\n['ASKS 0', 'ASKS 1', 'ASKS 2']\nended\n"


def test_gawk_talks_to_another_process(machine):
    assert run(machine, """gawk 'BEGIN { c = "sort -n"; print 3 |& c; print 1 |& c; close(c, "to"); while ((c |& getline line) > 0) print line }'
""") == "1\n3\n"
