#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Fails if the kernel names an x87, MMX, SSE or AVX register: those belong to user threads.

usage: check_kernel_registers.py OBJDUMP KERNEL
"""

import re
import subprocess
import sys

FORBIDDEN = re.compile(r"%(?:[xyz]mm\d+|mm[0-7]|st\b)")


def main():
    objdump, kernel = sys.argv[1:]
    command = [objdump, "--disassemble", "--no-show-raw-insn", "--demangle", kernel]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    function, found = "?", []
    for line in listing.splitlines():
        header = re.match(r"[0-9a-f]+ <(.*)>:$", line)
        if header:
            function = header[1]
        elif FORBIDDEN.search(line):
            found.append(f"{function}: {line.strip()}")
    if found:
        sys.exit("the kernel uses FPU or vector registers:\n  " + "\n  ".join(found[:20]))


main()
