// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>

namespace arch {

inline void zero_page(void* page) { std::memset(page, 0, 4096); }
inline void choose_page_functions(void* /*page*/) {}
inline void copy_page(void* to, const void* from) { std::memcpy(to, from, 4096); }

}  // namespace arch
