// SPDX-License-Identifier: MIT
#include "kernel/arch/x86_64/stacks.hpp"

#include <cstddef>

namespace arch {

namespace {

struct alignas(4096) GuardedStack {
    std::array<std::byte, 4096> guard;
    std::array<std::byte, 8192> stack;
};

// Not constinit-initialised by value: the linker's zeros are enough.
constinit std::array<GuardedStack, fault_stacks> stacks{};

}  // namespace

std::array<std::uint64_t, 1 + fault_stacks> stack_guards() {
    std::array<std::uint64_t, 1 + fault_stacks> guards{};
    guards[0] = reinterpret_cast<std::uint64_t>(boot_stack_guard);
    for (std::size_t i = 0; i < fault_stacks; ++i) {
        guards[1 + i] = reinterpret_cast<std::uint64_t>(stacks[i].guard.data());
    }
    return guards;
}

std::uint64_t fault_stack_top(FaultStack which) {
    return reinterpret_cast<std::uint64_t>(stacks[which].stack.data()) +
           sizeof(GuardedStack::stack);
}

}  // namespace arch
