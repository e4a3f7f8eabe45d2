#!/bin/dash
# SPDX-License-Identifier: MIT
# sqlite.sh FOLDER: runs those of SQLite's own test programs, out of this folder, that the file `names` lists: PROGRAM/WHAT. Says of
# each its name and what it ended with; of speedtest1 with a checksum of all answers that it got.
programs=$1
cd "$(dirname "$0")" || exit 1
here=$PWD
case $programs in /*) ;; *) programs=$here/$programs ;; esac
work=$(mktemp -d) && cd "$work" || exit 1

verdict() { # STATUS
    case $1 in
        0) echo PASS ;;
        137) echo out of time ;;
        *) echo "status $1" ;;
    esac
}

within() { timeout -s KILL 900 "$@" > out 2>&1 < /dev/null; }

while read -r name <&3; do
    what=${name#*/} base=${name##*/}
    case $name in
        speedtest1/*)
            case $what in
                memory) set -- --memdb ;;
                threads) set -- --multithread --threads 4 a.db ;;
                wal | truncate | memory-map) set -- --journal "${what%-map}" a.db ;;
                *) set -- --testset "$what" a.db ;;
            esac
            [ "$what" != memory-map ] || set -- --mmap 67108864 a.db
            within "$programs/speedtest1" --verify --size 5 "$@"
            result="$(verdict $?) $(grep 'Verification Hash' out | md5sum | cut -c 1-8)"
            ;;
        mptest/*)
            script=${base%-*}
            within "$programs/mptester" a.db "$here/mptest/$script.test" --journalmode "${base##*-}"
            result=$(verdict $?)
            grep -q 'Summary: 0 errors' out || result="$result, with errors"
            ;;
        fuzzcheck/*)
            within "$programs/fuzzcheck" -q "$here/fuzz/$what.db"
            result=$(verdict $?)
            ;;
    esac
    echo "$name: $result"
    rm -f ./*
done 3< "$here/names"
cd / && rm -rf "$work"
