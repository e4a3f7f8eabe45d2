# SPDX-License-Identifier: MIT
# command, readonly, local, special builtins, and what they do to the shell.
command echo through; command -v echo; command -v sh >/dev/null && echo found
command -v nosuch_at_all; echo "status $?"
echo() { printf 'function %s\n' "$*"; }; echo x; command echo y; unset -f echo
command -v if; f() { :; }; command -v f
( readonly fixed=1; fixed=2; printf 'not reached\n' ) 2>/dev/null; echo "readonly $?"
( readonly fixed=1; unset fixed ) 2>/dev/null; echo "unset $?"
( readonly r1=one r2; readonly -p | grep -E ' r[12]' )
( export e1=one e2; export -p | grep -E ' e[12]' )
outer=global; g() { local outer=inner plain; plain=x; echo $outer $plain; h; }; h() { echo "h sees $outer"; }; g; echo $outer ${plain-unset}
rec() { local n=$1; [ $n -eq 0 ] || rec $((n - 1)); echo -n "$n "; }; rec 3; echo
x=1 eval 'echo $x'; echo "after eval ${x-unset}"
y=1 true; echo "after true ${y-unset}"
unset x; x=kept :; echo "after : ${x-unset}"
( shift 5; echo not reached ) 2>/dev/null; echo "shift $?"
( . ./nosuch; echo not reached ) 2>/dev/null; echo "dot $([ $? -ne 0 ] && echo failed)"
( : < ./nosuch; echo not reached ) 2>/dev/null; echo "redirection of a special builtin $([ $? -ne 0 ] && echo failed)"
( true < ./nosuch; echo reached ) 2>/dev/null
( command : < ./nosuch; echo reached ) 2>/dev/null
umask 022; umask; umask -S; umask u=rwx,g=rx,o=; umask; umask g-x; umask -S; umask 022
(ulimit -n 64; ulimit -n); ulimit -c 0; ulimit -c
hash -r; echo "hash $?"
times | wc -l
cd /; cd /usr/bin/..; pwd; cd -P .; pwd; cd - >/dev/null; echo $OLDPWD
CDPATH=/usr; cd bin && pwd; CDPATH=; cd /
cd /usr/nosuch 2>/dev/null || echo "no such directory"
wait; echo "wait $?"; wait 99999; echo "wait $?"
false & wait $!; echo "background $?"
(exit 5) & wait %1; echo "job $?"
eval; echo "eval $?"; eval ''; echo $?
exec 3>out; echo to three >&3; exec 3>&-; cat out 2>/dev/null
type cd | head -1 | grep -c cd; type nosuch >/dev/null 2>&1 || echo not found
read -r one two <<X
a\b  c d
X
echo "$one|$two"
printf 'a b\nc' | { read p; echo $p; read p; echo "$? $p"; }
echo 'tab\there'; echo -n no newline; echo; echo 'stop\c'; echo
: ${v:=assigned}; echo $v
