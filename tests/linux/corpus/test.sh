# SPDX-License-Identifier: MIT
t() { "$@"; echo $?; }
t [ a = a ]; t [ a != a ]; t [ -n "" ]; t [ -z "" ]; t [ x ]; t [ "" ]; t [ ]
t [ 1 -lt 2 ]; t [ 2 -le 1 ]; t [ 3 -eq 3 ]; t [ -1 -gt -2 ]
t [ -f /etc/passwd ]; t [ -d /etc ]; t [ -e /nonexistent ]; t [ -x /bin/sh ]; t [ -r /etc/passwd ]
t [ ! -f /etc ]; t [ a = a -a b = b ]; t [ a = b -o b = b ]; t [ \( a = b \) -o c = c ]
t [ ! a = b ]; t test -n x; t [ -n = -n ]; t [ "(" = "(" ]; t [ = = = ]; t [ -f = -f ]; t [ ! ]
ln -s /etc/passwd link; t [ -L link ]; t [ -h /etc/passwd ]
touch -d 2001-01-01 old; touch new; t [ new -nt old ]; t [ new -ot old ]
