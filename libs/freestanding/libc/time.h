// SPDX-License-Identifier: MIT
//
// The two types that libc++ names. Time is read from the kernel's time page, through libs/rt.
#pragma once
#include <stddef.h>
typedef long time_t;
struct timespec {
    time_t tv_sec;
    long tv_nsec;
};
