// SPDX-License-Identifier: MIT
// HOLD(condition): returns from a check with the condition's text if it is false; HOLD_ALL(check): if a check returned one.
#pragma once

#define HOLD_TEXT_OF(line) #line
#define HOLD_AT(line) HOLD_TEXT_OF(line)
#define HOLD(...)                                                         \
    do {                                                                  \
        if (!(__VA_ARGS__)) [[unlikely]] {                                \
            return __FILE_NAME__ ":" HOLD_AT(__LINE__) ": " #__VA_ARGS__; \
        }                                                                 \
    } while (false)
#define HOLD_ALL(...)                            \
    do {                                         \
        if (const char* text_ = (__VA_ARGS__)) { \
            return text_;                        \
        }                                        \
    } while (false)
