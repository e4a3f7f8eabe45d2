// SPDX-License-Identifier: MIT
// The words of attempts to get out, beside those of tests/linux/check.h.
#pragma once

#include "tests/linux/check.h"

#include <signal.h>

// The call fails, with the error that says why.
#define REFUSED(expression, error) FAILS(expression, error)
// The call fails in one of the ways in which one is told that one may not, or that there is no such thing.
static inline int says_no(int error) {
    static const int words[] = {EPERM, EACCES, ENOENT,  ENOSYS, EOPNOTSUPP,
                                EROFS, ESRCH,  ENOTDIR, EXDEV,  EBUSY};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (error == words[i]) return 1;
    return 0;
}
#define DENIED(expression)                                                    \
    do {                                                                      \
        errno = 0;                                                            \
        long got_ = (long)(expression);                                       \
        if (got_ != -1 || !says_no(errno))                                    \
            check_report(__FILE__, __LINE__, #expression " is denied", got_); \
    } while (0)
// The attempts are those of a user, of whoever starts them.
enum { somebody = 1000 };
#define ATTEMPTS(...)                                                                    \
    int main(int count, char** words) {                                                  \
        static const struct check_test tests[] = {__VA_ARGS__};                          \
        if (getuid() == 0 && (setgid(somebody) != 0 || setuid(somebody) != 0)) return 2; \
        return check_main(count, words, tests, (int)(sizeof tests / sizeof tests[0]));   \
    }

// A child that does this ends by the signal.
#define ENDS_BY(signal, action)                    \
    do {                                           \
        pid_t child_ = fork();                     \
        if (child_ == 0) {                         \
            action;                                \
            _exit(0);                              \
        }                                          \
        EQUAL(status_of(child_), 1000 + (signal)); \
    } while (0)
