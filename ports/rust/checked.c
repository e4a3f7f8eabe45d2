// SPDX-License-Identifier: MIT
// What Debian's libunwind is compiled to call in place of fprintf (_FORTIFY_SOURCE), and musl does not have.

#include <stdarg.h>
#include <stdio.h>

int __fprintf_chk(FILE *stream, int flag, const char *format, ...) {
    (void)flag;
    va_list arguments;
    va_start(arguments, format);
    int result = vfprintf(stream, format, arguments);
    va_end(arguments);
    return result;
}
