# SPDX-License-Identifier: MIT
a=1
export b=2 c
c=3
sh -c 'echo "[$a][$b][$c]"'
a=4 sh -c 'echo "[$a]"'; echo $a
unset b; sh -c 'echo "[$b]"'
x=1 y=$x; echo "$x $y"
x=$(echo sub; exit 3); echo "$x $?"
x=a y=b; echo $x$y
x="a b" ; y=$x; echo "$y"
z=~; [ "$z" = "$HOME" ] && echo home
eval 'n=5; echo $n'
cmd='echo from variable'; $cmd
e='echo "a  b"'; eval $e; eval "$e"
_x1=ok; echo $_x1
