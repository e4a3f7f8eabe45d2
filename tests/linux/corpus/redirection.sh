# SPDX-License-Identifier: MIT
echo one >f; echo two >>f; cat f
cat <f | sort -r >g; cat g
echo err 2>&1 >/dev/null >&2 2>/dev/null
{ echo a; echo b >&2; } >f 2>&1; cat f
echo x 3>f >&3; cat f
exec 4>f; echo four >&4; exec 4>&-; cat f
(echo sub; echo suberr >&2) 2>err | cat; cat err
while read line; do echo "[$line]"; done <g
read first <g; echo $first
cat <<END
plain $HOME$(echo substituted) $((1 + 1)) \$kept "quotes" \\ \a
END
cat <<'END'
literal $x `no` \$
END
cat <<-END
	tabs
		gone
	END
cat <<A; cat <<B
first
A
second
B
f() { cat <<E
in a function $1
E
}
f x
for i in 1 2; do cat <<E
loop $i
E
done
>empty; [ -s empty ] || echo empty
cat <nosuchfile 2>/dev/null || echo failed
: >f; echo "$(<f cat)"
