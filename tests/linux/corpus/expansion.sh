# SPDX-License-Identifier: MIT
# Parameters in all their forms.
unset u
e=
v=value
echo "${u-unset} ${u:-unset} ${e-empty} ${e:-empty} ${v-x} ${v:-x}"
echo "[${u+set}] [${e+set}] [${e:+set}] [${v:+set}]"
echo "${u:=assigned} $u"
echo ${#v} ${#e}
p=/usr/local/lib/libc.so.6
echo ${p##*/} ${p%/*} ${p#*/} ${p%%.*} ${p%.?} ${p#/usr}
star='*'
echo "${p##*"$star"}" "${p%%"/lib"*}"
echo ${v%e} ${v#v}lue ${v%%[a-m]*}
set -- a 'b c' d
for x in "$@"; do echo "<$x>"; done
for x in "$*"; do echo "<$x>"; done
for x in $*; do echo "<$x>"; done
echo "$#" "${1}" "${2}x" "$3$1"
IFS=:
y=a:b::c
for x in $y; do echo "<$x>"; done
echo "$*"
unset IFS
set -- 1 2 3 4 5 6 7 8 9 ten eleven
echo $1 ${10} ${11} $10
shift 9
echo $1 $#
(echo ${missing?has no value}) 2>/dev/null
echo $?
