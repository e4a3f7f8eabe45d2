# SPDX-License-Identifier: MIT
# A script is carried out command by command: what comes before a mistake has happened.
echo first
echo "second
line"; echo same line
if true; then
    echo in if
fi; echo after
cat <<X; echo after the document
text $((1 + 1))
X
f() (
    echo subshell body
    exit 3
)
f; echo $?
case x in
    (x) echo parenthesis;;
esac
for i in 1 2 3
do
    [ $i = 2 ] && continue
    echo $i
done
{ echo a; echo b; } | { read x; read y; echo $y $x; }
! { true; }; echo $?
a=1; b=$a; a=2 b=$a env | grep -E '^[ab]=' | sort; echo $a$b
echo ~root | head -c 1; echo
echo ${#a} ${a#2} ${a:+set}
echo "$(echo "nested $(echo 'deep "quotes"')")"
echo `echo back \`echo ticks\``
echo $((2 > 1 ? 10 : 20)) $((a += 3)) $a
x='a  b'; for w in $x "$x"; do echo "<$w>"; done
IFS=:; p=1:2::3; for w in $p; do echo "<$w>"; done; unset IFS
echo "${undefined_thing:-"a b"}" ${undefined_thing:-x y}
# The status of a command without a program is that of its last substitution; meanwhile $? is still the one before.
false; r=$?; echo $r
(exit 5); r=$? s=$(true); echo $r $?
r=$(exit 3); echo $?
false; r=$(exit 3) t=$?; echo $? $t
false; echo $(exit 3) $?
(exit 4); > /dev/null; echo $?
(exit 4); $(exit 2); echo $?; (exit 4); $(true); echo $?
fi
echo never
