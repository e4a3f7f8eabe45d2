# SPDX-License-Identifier: MIT
# Aliases: replaced where a command begins, from the next line on.
alias greet='echo hello'
greet world
alias a1=a2 a2='echo from a2'
a1
alias echo='echo loop'
echo once
unalias echo
alias sudo='command ' greet2='echo next'
sudo greet2 word
alias two='echo one; echo two'
two
alias opens='if true; then'
opens echo inside; fi
\greet 2>/dev/null || echo quoted is not replaced
'greet' 2>/dev/null || echo nor this
x=$(greet in a substitution); echo "$x"
f() { greet in a function; }
unalias greet
f
greet 2>/dev/null || echo gone
alias nosuch 2>/dev/null || echo "unknown $?"
unalias nosuch 2>/dev/null || echo "unknown $?"
alias shown='echo it is'; alias shown
unalias -a; alias
eval 'alias late="echo late"
late'
