// SPDX-License-Identifier: MIT
//
// Integer types only; formatting goes through std::to_chars.
#pragma once
#include <stdint.h>
