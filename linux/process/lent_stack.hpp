// SPDX-License-Identifier: MIT
//
// vfork, seen from the program: parent and child share their memory until the child executes another
// program or ends. Here the child has a copy, as any child of fork. What a vfork child tells its
// parent is next to the parent's stack pointer, in variables of the functions that it was called
// from (posix_spawn's error, above all). So this part is lent out, and comes back:
//
//      parent: keeps what stands there ---- fork ----> child: runs on its copy
//                                                             |  executes, or ends
//      parent: writes the bytes that differ <-- page -- child: copies what stands there now
//
// Only bytes that the child changed are written, so that what other threads of the parent did
// meanwhile stays. What a child changes further away is lost.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "linux/fd/windows.hpp"

namespace linux {

class LentStack {
public:
    static constexpr std::size_t most_bytes = 4032;

    LentStack() = default;
    LentStack(const LentStack&) = delete;
    LentStack& operator=(const LentStack&) = delete;

    // In the parent, before the fork. Without memory for it, nothing comes back.
    void lend(std::uint64_t stack_pointer);
    // In the child: the page to copy to.
    [[nodiscard]] std::uint64_t page() const { return page_; }
    // In the parent: the child is done with it, or was never made.
    void take_back();

private:
    std::uint64_t page_ = 0;
    std::array<std::byte, most_bytes> before_;
};

// In the child of a fork: what it has borrowed, or 0.
void borrow_stack(std::uint64_t page);
// Puts a copy into the page; may be done more than once, the last counts.
void return_stack();
// The program whose stack it was is gone.
void forget_stack();

}  // namespace linux
