// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace arch {

// Chooses the value for this boot. Only where no function that is protected is on the stack that will return.
void choose_stack_guard();

}  // namespace arch
