# SPDX-License-Identifier: MIT
if true; then echo yes; fi
if false; then echo no; elif true; then echo elif; else echo else; fi
if false; then echo no; fi; echo $?
for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done
for i in 1 2 3; do for j in a b; do [ $i$j = 2a ] && break 2; echo $i$j; done; done
i=0
until [ $i = 3 ]; do i=$((i + 1)); [ $i = 2 ] && continue; echo $i; done
while :; do break; done; echo $?
for x in; do echo never; done; echo $?
{ echo group; false; }; echo $?
(exit 7); echo $?
! true; echo $?
! false; echo $?
true && false || echo or
false || true && echo and
for f in a b c; do echo $f; done | while read x; do echo "got $x"; done
if echo a | grep b >/dev/null; then echo found; else echo lost; fi
case $0 in *) echo any;; esac
