// SPDX-License-Identifier: MIT
//
// The multibyte conversion state that libc++ names in <string>; nothing here converts.
#pragma once
typedef struct {
    int state;
} mbstate_t;
