#!/bin/dash
# SPDX-License-Identifier: MIT
# micropython.sh PROGRAM: runs those of MicroPython's own tests that the file `names` lists; says of each its name, and its
# exit status with a checksum of what it wrote.
# By a copy, which may do what this script may: the program itself runs in an image that shows it less.
work=$(mktemp -d) && cp "$1" "$work/micropython" || exit 1
program=$work/micropython out=$work/out
cd "$(dirname "$0")/tests" || exit 1
while read -r test <&3; do
    (cd "${test%/*}" && exec timeout -s KILL 120 "$program" -X emit=bytecode "${test##*/}") > "$out" 2>&1 < /dev/null
    status=$?
    read -r first < "$out" || first=
    case $first in
        SKIP*) echo "$test: skipped" ;;
        *) echo "$test: $status $(md5sum < "$out" | cut -c 1-32)" ;;
    esac
done 3< ../names
rm -r "$work"
