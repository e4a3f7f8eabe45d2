# SPDX-License-Identifier: MIT
# Traps: at the end, by signals, in subshells, and what they leave alone.
trap 'echo end of the script' EXIT
( trap 'echo end of a subshell $?' EXIT; exit 3 ); echo "status $?"
( trap 'echo exits; exit 7' EXIT; exit 3 ); echo "status $?"
trap 'echo got USR1' USR1
kill -USR1 $$; echo after the signal
trap 'echo got $(echo TERM)' TERM; kill -TERM $$
trap '' USR2; kill -USR2 $$; echo ignored
sh -c 'kill -USR2 $$; echo a child ignores it, too'
trap - USR2 TERM
( trap | grep -c USR1 )
trap
( kill -USR1 $(sh -c 'echo $PPID'); echo not reached ); echo "a subshell does not inherit it: $?"
false; trap 'echo status is $?' USR1; kill -USR1 $$; echo "kept $?"
false
kill -USR1 $$
f() { trap 'echo from f' USR1; }; f; kill -USR1 $$
trap 'x=changed' USR1; kill -USR1 $$; echo $x
( trap 'echo TERM; exit 4' TERM; kill -TERM $(sh -c 'echo $PPID'); echo not reached ); echo "exit in a trap $?"
# Whenever it comes, it ends the wait: by itself, or, if that has not begun, by the end of what is waited for.
trap 'echo while waiting; kill $sleeper' USR1
sleep 100 & sleeper=$!
( kill -USR1 $$ ) &
wait $sleeper; [ $? -gt 128 ] && echo interrupted; wait
trap 'echo a "quoted" one' HUP; trap; trap HUP; trap
( trap 'echo nosuch' NOSUCH ) 2>/dev/null; echo "unknown $?"
trap 'echo by number' 10; kill -10 $$
trap 10
( set -e; trap 'echo end with errexit' EXIT; false; echo not reached ); echo "status $?"
( trap 'echo in the list' 0; echo first; true ) | cat
( trap '' HUP; /proc/$$/exe -c 'trap "echo not reached" HUP; trap; kill -HUP $$; trap - HUP; kill -HUP $$; echo what began ignored stays so' )
trap 'echo end of the script at last; (exit 9)' EXIT
exit 5
