# SPDX-License-Identifier: MIT
for w in apple banana cherry '*' 'a b' '' x.c [; do
    case $w in
        a*e) echo "$w: a to e" ;;
        b* | c*) echo "$w: b or c" ;;
        '*') echo "a star" ;;
        "a b") echo "with a blank" ;;
        '') echo "empty" ;;
        *.[ch]) echo "source" ;;
        (*) echo "other" ;;
    esac
done
p='a*'
case abc in $p) echo pattern;; esac
case abc in "$p") echo literal;; *) echo "not literal";; esac
case x in y) ;; esac; echo $?
case x in x) false;; esac; echo $?
