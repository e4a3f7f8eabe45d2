# SPDX-License-Identifier: MIT
mkdir d d/sub .hid; touch a.c b.c c.h 'sp ace' d/one d/two .dot
echo *; echo *.c; echo ?.h; echo [ab].c; echo [!a].c; echo .d*; echo d/*; echo */; echo */*
echo *.none '*.c' "*.c" \*.c; x='*.c'; echo $x "$x"
for f in *; do echo "<$f>"; done
echo s*; cat s* | wc -l
echo d/[o]*/; echo ./a*; echo //etc/passw[d]
set -- *; echo $#
