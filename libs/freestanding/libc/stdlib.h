// SPDX-License-Identifier: MIT
//
// Only what libc++'s <cstdlib> and <cmath> name; of these, abort alone may be called.
#pragma once
#include <stddef.h>
typedef struct {
    int quot, rem;
} div_t;
typedef struct {
    long quot, rem;
} ldiv_t;
typedef struct {
    long long quot, rem;
} lldiv_t;
#ifdef __cplusplus
extern "C" {
#endif
long labs(long);
long long llabs(long long);
ldiv_t ldiv(long, long);
lldiv_t lldiv(long long, long long);
[[noreturn]] void abort(void);
#ifdef __cplusplus
}
#endif
