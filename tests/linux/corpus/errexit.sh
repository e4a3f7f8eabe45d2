# SPDX-License-Identifier: MIT
# set -e ends the shell where a command fails, but not in a condition, before && or ||, or after !.
sh=$0
( set -e; false; echo not reached ); echo "simple $?"
( set -e; if false; then :; fi; echo after if; while false; do :; done; echo after while ); echo "conditions $?"
( set -e; false || echo or; false && echo and; echo after and ); echo "lists $?"
( set -e; true && false; echo not reached ); echo "last of a list $?"
( set -e; ! true; echo after not ); echo "negated $?"
( set -e; f() { false; echo in f; }; f || echo f failed; echo after f ); echo "function in a condition $?"
( set -e; f() { false; echo not reached; }; f; echo not reached ); echo "function $?"
( set -e; (exit 3); echo not reached ); echo "subshell $?"
( set -e; { false; echo not reached; }; echo not reached ); echo "group $?"
( set -e; false | true; echo pipe ); echo "pipe $?"
( set -e; true | false; echo not reached ); echo "end of a pipe $?"
( set -e; x=$(false); echo not reached ); echo "assignment $?"
( set -e; echo "$(false)"; echo substitution ); echo "argument $?"
( set -e; for i in 1 2; do [ $i = 1 ] || false; echo $i; done ); echo "loop $?"
( set -e; until true; do :; done; case a in a) false;; esac; echo not reached ); echo "case $?"
( set -e; eval 'false; echo not reached'; echo not reached ); echo "eval $?"
( set -e; eval false || echo eval failed; echo on ); echo "eval in a condition $?"
( set -e; set +e; false; echo off ); echo "off again $?"
set -e
( if ( false; echo inside ); then echo yes; fi ); echo "subshell in a condition $?"
set +e
