# SPDX-License-Identifier: MIT
echo a b c | tr ' ' '\n' | sort -r | head -2
seq 3 | while read x; do echo $((x * x)); done
(echo 1; echo 2) | { read a; read b; echo $b$a; }
false | true; echo $?
true | false; echo $?
echo x | cat | cat | cat
sleep 0 & wait; echo waited
sleep 0 & wait $!; echo $?
(exit 4) & wait $!; echo $?
echo foo |
    cat
true &&
    echo continued
echo $(echo a | tr a b)
yes | head -3
