#!/bin/dash
# SPDX-License-Identifier: MIT
# busybox.sh PROGRAM: runs busybox's own tests of those applets that the file `names` lists; says of each test its name, and
# PASS or FAIL. Busybox's own shell would run applets of its own instead of the tested program, so all is run by dash.
program=$1
cd "$(dirname "$0")" || exit 1
here=$PWD
work=$(mktemp -d)
cp -r testsuite .config "$work" && cp "$program" "$work/busybox" && ln -s /bin/dash "$work/sh" || exit 1
cd "$work/testsuite" && sed -i '1s|^#!.*|#!/bin/dash|' ./*.tests || exit 1
bindir=$work tsdir=$work/testsuite LANG=en_US.UTF-8 ECHO="$work/busybox echo"
export bindir tsdir LANG ECHO
while read -r applet <&3; do
    timeout -s KILL 300 dash ./runtest "$applet" > "$work/out" 2>&1 < /dev/null
    [ $? != 137 ] || echo "$applet: all of it: out of time"
    while IFS= read -r line; do
        case $line in
            "PASS: "* | "FAIL: "*) echo "$applet: ${line#????: }: ${line%%:*}" ;;
            "SKIPPED: "* | "UNTESTED: "*) echo "$applet: ${line#*: }: skipped" ;;
        esac
    done < "$work/out"
done 3< "$here/names"
cd / && rm -rf "$work"
