// SPDX-License-Identifier: MIT
// The dispatch table: one entry per number. It is made from list.inc, which also makes
// docs/linux-abi.md and the declarations of all handlers: `linux::calls::NAME`, defined in the file
// of NAME's family.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "abi/linux/errno.hpp"
#include "abi/linux/syscall_numbers.hpp"
#include "linux/syscalls/arguments.hpp"

namespace linux {

using linux_abi::Errno;

enum class Support : std::uint8_t { full, partly, absent, missing };

struct TableEntry {
    Handler handler;   // never null: what is not there goes to `absent` or `missing`
    const char* name;  // null: Linux has no such call
    const char* note;  // partly: what is not there
    Support support;
};

using Table = std::array<TableEntry, linux_abi::system_call_count>;
// The name by which entry.S finds it.
extern const Table system_calls __asm__("linux_system_calls");

namespace calls {

std::int64_t absent(const Arguments& arguments);
std::int64_t missing(const Arguments& arguments);

#define CALL(name, support, note) std::int64_t name(const Arguments& arguments);
#define ABSENT(name)
#define MISSING(name)
#include "linux/syscalls/list.inc"
#undef CALL
#undef ABSENT
#undef MISSING

}  // namespace calls
}  // namespace linux
