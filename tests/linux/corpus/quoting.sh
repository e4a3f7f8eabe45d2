# SPDX-License-Identifier: MIT
# Quotes, backslashes and what they keep.
echo 'a  b' "c  d" e\ \ f 'it'\''s' "say \"hi\"" "back\\slash" "\$x" "a\
b"
x='one   two'
echo $x "$x" '$x' "${x}" pre$x"post"
echo "" '' end
set -- "" 'a b' c
echo $# "$1" "$2"
echo "nested $(echo "inner 'quotes' $(echo "deep")")"
echo `echo back \`echo deep\``
echo a#b # comment
echo "# no comment"
echo \# none
echo "tilde ~" '~'
echo {a,b} a=b "a=b"
echo "${u:-"a  b"}" "${u-'q'}" ${u-'a  b'} "${u:-\}}"
