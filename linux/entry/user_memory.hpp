// SPDX-License-Identifier: MIT
// The program's memory, as the library may touch it. An address that a system call names is an
// allegation: it is checked against the program's range (so that the library's own memory cannot be
// named), and a fault while copying ends the copy with EFAULT: the exception upcall finds the
// faulting instruction between two labels of user_copy.S and continues at the recovery label.
//
// Nothing else of the library may dereference an address that came from the program.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "linux/syscalls/errno_map.hpp"

namespace linux::user {

[[nodiscard]] Result<void> copy_in(void* to, std::uint64_t from, std::size_t bytes);
[[nodiscard]] Result<void> copy_out(std::uint64_t to, const void* from, std::size_t bytes);
[[nodiscard]] Result<void> clear(std::uint64_t to, std::size_t bytes);

// Copies a zero-terminated string with its zero into `to`; returns its length without the zero.
// A string that does not fit: ENAMETOOLONG.
[[nodiscard]] Result<std::size_t> copy_string(std::span<char> to, std::uint64_t from);

// Does [address, address + bytes) lie in the program's part of the address space?
[[nodiscard]] bool is_program_range(std::uint64_t address, std::uint64_t bytes);

template <class T>
    requires std::is_trivially_copyable_v<T>
[[nodiscard]] Result<T> read(std::uint64_t from) {
    T value;
    TRY(copy_in(&value, from, sizeof value));
    return value;
}
template <class T>
    requires std::is_trivially_copyable_v<T>
[[nodiscard]] Result<void> write(std::uint64_t to, const T& value) {
    return copy_out(to, &value, sizeof value);
}

// A word of a page that another process shares with the library, and that may be gone with it: then it
// is all ones.
[[nodiscard]] std::uint64_t load_shared(const std::atomic<std::uint64_t>& from);

// Atomic access to an aligned 32-bit word (futexes): what it holds; or swap if it holds `expected`.
[[nodiscard]] Result<std::uint32_t> load_word(std::uint64_t from);
[[nodiscard]] Result<std::uint32_t> compare_exchange_word(std::uint64_t at, std::uint32_t expected,
                                                          std::uint32_t desired);

}  // namespace linux::user
