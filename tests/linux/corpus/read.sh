# SPDX-License-Identifier: MIT
printf 'a b c\n' | { read x y; echo "$x|$y"; }
printf '  lead and trail  \n' | { read x; echo "[$x]"; }
printf 'a:b:c:d\n' | { IFS=: read x y z; echo "$x|$y|$z"; }
printf 'back\\\\slash c\\ont\n' | { read x; echo "$x"; }
printf 'back\\slash\n' | { read -r x; echo "$x"; }
printf 'join\\\ned\n' | { read x; echo "$x"; }
printf 'no newline' | { read x; echo "$? $x"; }
printf '' | { read x; echo "$? [$x]"; }
printf '1\n2\n3\n' | { while read n; do s=$((s + n)); done; echo $s; }
printf 'one\n' | { read a b c; echo "[$a][$b][$c]"; }
