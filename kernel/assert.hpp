// SPDX-License-Identifier: MIT
// ASSERT(condition): a kernel invariant, checked in every build.
#pragma once

[[noreturn]] [[gnu::cold]] void kernel_assertion_failed(const char* condition, const char* file,
                                                        int line);

#define ASSERT(condition)                                            \
    do {                                                             \
        if (!(condition)) [[unlikely]] {                             \
            kernel_assertion_failed(#condition, __FILE__, __LINE__); \
        }                                                            \
    } while (false)
