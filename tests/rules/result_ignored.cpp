// SPDX-License-Identifier: MIT
//
// Nobody may ignore a Result.
// error: ignoring return value of function declared with 'nodiscard'

#include "libs/base/result.hpp"

base::Result<int, char> open_it();

void use() {
#ifdef RULE_KEPT
    (void)open_it();
#else
    open_it();
#endif
}
