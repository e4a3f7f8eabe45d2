// SPDX-License-Identifier: MIT
// The stack with which a program begins (System V ABI, AMD64 supplement, 3.4.1). From rsp upwards:
// the number of arguments, pointers to them, 0, pointers to the environment's strings, 0, the
// auxiliary vector, then what they point to.
#pragma once

#include <cstdint>

#include "linux/process/image.hpp"
#include "linux/syscalls/errno_map.hpp"

namespace linux {

struct FirstStack {
    const Image* image;
    std::uint64_t headers;  // AT_PHDR
    std::uint64_t header_count;
    std::uint64_t entry;
    std::uint64_t interpreter_base;
};

// Maps as much as the stack limit says, at the upper end of the program's addresses; -> its end.
Result<std::uint64_t> map_first_stack();
// -> the program's stack pointer.
Result<std::uint64_t> build_first_stack(const FirstStack& contents, std::uint64_t end);

}  // namespace linux
