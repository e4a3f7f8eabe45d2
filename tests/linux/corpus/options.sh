# SPDX-License-Identifier: MIT
# The options of set, and how they show.
set -u
( echo "${unset_one-default} ${unset_one:-empty}"; echo $unset_one; echo not reached ) 2>/dev/null; echo "unset $?"
( set --; echo "[$*]" "[$@]" $#; echo $1; echo not reached ) 2>/dev/null; echo "unset argument $?"
set +u
echo "[$unset_one]"
mkdir here && cd here && touch a b
set -f; echo *; set +f; echo *
echo text > file
( set -C; echo other > file; [ $? -ne 0 ] && echo refused; echo more >| file; echo again >> file ) 2>/dev/null
cat file
( set -C; : > new; echo $? ; : > /dev/null; echo $? ) 2>/dev/null
( set -a; made=here; unset_two=; set +a; other=there; env | grep -E '^(made|other|unset_two)=' )
( set -n; echo not run ); echo "noexec $?"
( set -x; echo traced; x=1 y="2 3" ; x=5 : 'a b' ; for i in 1 2; do : $i; done ) 2>&1
( PS4='> '; set -x; : one ) 2>&1
( set -v; : 1
echo verbose ) 2>&1 | grep -c verbose
set -e -u
case $- in *e*) echo has e;; esac
case $- in *u*) echo has u;; esac
set +eu
case $- in *e*|*u*) echo bad;; *) echo neither;; esac
set -o noglob; echo *; set +o noglob; echo *
set -u; for name in errexit noglob nounset noclobber; do set -o | grep "^$name" | { read name value; echo "$name $value"; }; done; set +u
set +o > saved; set -f; . ./saved; echo *
set a b c; echo $# $1; set -- -x y; echo $1 $2; set -; echo $#; set --; echo $#
set -e -- one two; echo $# $1; set +e
( set -Z ) 2>/dev/null; echo "unknown $?"
( set -o nosuch ) 2>/dev/null; echo "unknown $?"
