#!/bin/dash
# SPDX-License-Identifier: MIT
# posix.sh: runs those of the Open POSIX Test Suite's tests that the file `names` lists; says of each its name, and what it
# ended with. Most of them wait most of the time, so several run at once, but those of one folder, which use the same names
# of files and queues, one after another.
suite=$(cd "$(dirname "$0")" && pwd) || exit 1
work=$(mktemp -d) && cd "$work" && ln -s "$suite/tests/conformance" conformance || exit 1

verdict() { # STATUS
    case $1 in
        0) echo PASS ;;
        1) echo FAIL ;;
        2) echo unresolved ;;
        4) echo unsupported ;;
        5) echo untested ;;
        137) echo out of time ;;
        *) echo "status $1" ;;
    esac
}

one_of() { # NUMBER COUNT: the tests of every COUNT-th folder
    folder='' index=0
    while read -r name <&3; do
        if [ "${name%/*}" != "$folder" ]; then
            folder=${name%/*} index=$((index + 1))
        fi
        [ $((index % $2)) = "$1" ] || continue
        path=conformance/interfaces/$name
        case $name in
            *.sh) timeout -s KILL 60 dash "$path" ;;
            functional/*) timeout -s KILL 60 "$suite/tests/$name.test" ;;
            *) timeout -s KILL 60 "$path.test" ;;
        esac > "out.$1" 2>&1 < /dev/null
        echo "$name: $(verdict $?)"
    done 3< "$suite/names"
}

for number in 0 1 2 3 4 5 6 7; do
    one_of $number 8 &
done
wait
cd / && rm -rf "$work"
