# SPDX-License-Identifier: MIT
"""One rule of the code's types: a source that must not compile, because of the message in its `// error:` line.

With -DRULE_KEPT the same source must compile: so the test fails when it breaks for another reason.
"""

import re
import subprocess
import sys
from pathlib import Path

FLAGS = ["-std=c++23", "-stdlib=libc++", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wthread-safety"]


def main() -> int:
    source, root = Path(sys.argv[1]), sys.argv[2]
    expected = re.search(r"^// error: (.*)$", source.read_text(), re.MULTILINE)
    if not expected:
        print(f"{source}: no line `// error: MESSAGE`")
        return 1
    command = ["clang++-19", *FLAGS, f"-I{root}", str(source)]
    kept = subprocess.run([*command, "-DRULE_KEPT"], capture_output=True, text=True)
    if kept.returncode != 0:
        print(f"{source} does not compile even when the rule is kept:\n{kept.stderr}")
        return 1
    broken = subprocess.run(command, capture_output=True, text=True)
    if broken.returncode == 0:
        print(f"{source} compiles; it must not")
        return 1
    if expected[1] not in broken.stderr:
        print(f"{source}: the compiler does not say {expected[1]!r} but:\n{broken.stderr}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
