// SPDX-License-Identifier: MIT
//
// Only what libc++'s headers name: there are no streams without an operating system.
#pragma once
#include <stddef.h>
#define EOF (-1)
#ifdef __cplusplus
extern "C"
#endif
    int
    remove(const char*);  // named by libc++, never defined
