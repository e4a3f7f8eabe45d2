# SPDX-License-Identifier: MIT
greet() { echo "hello $1 of $#"; }
greet you two
greet
count() {
    [ $1 -le 0 ] && return
    echo $1
    count $(($1 - 1))
}
count 3
status() { return $1; }
status 5; echo $?
status 0 && echo ok
outer() { inner() { echo inner; }; inner; }
outer; inner
sub() ( cd /; pwd; x=changed )
x=kept; sub; echo $x
pipe() { cat; echo end; }
echo start | pipe
args() { for a; do echo "<$a>"; done; }
args 'a b' "" c
set -- main args
args x; echo "$@"
redirected() { echo out; echo err >&2; } 2>/dev/null
redirected
v=$(greet inside); echo "$v"
loop() { for i in 1 2 3; do [ $i = 2 ] && return 9; done; }
loop; echo $? $i
