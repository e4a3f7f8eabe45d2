// SPDX-License-Identifier: MIT
#include "kernel/arch/x86_64/stacks.hpp"

#include <algorithm>
#include <cstddef>

#include <arch/cpus.hpp>

#include "kernel/arch/x86_64/kernel_space.hpp"
#include "kernel/mm/frame_pool.hpp"

namespace arch {

namespace {

struct alignas(4096) GuardedStack {
    std::array<std::byte, 4096> guard;
    std::array<std::byte, 8192> stack;
};

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t stretch = 32 * page;
constexpr std::uint64_t fault_stack_bytes = 2 * page;
static_assert(page + KERNEL_STACK_SIZE + fault_stacks * (page + fault_stack_bytes) <= stretch);

// Fills [begin, begin + bytes) with frames; the end of it, or 0 if there are none.
std::uint64_t make_stack(std::uint64_t begin, std::uint64_t bytes) {
    for (std::uint64_t at = begin; at < begin + bytes; at += page) {
        const auto frame = kernel::mm::frames.take_zeroed();
        if (!frame || !map_kernel_page(at, *frame)) {
            return 0;
        }
    }
    return begin + bytes;
}

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

bool is_stack_guard(std::uint64_t address) {
    // Of the other CPUs' stretches all that can fault is guards.
    constexpr std::uint64_t stretches_end = cpu_stacks_begin + most_cpus * stretch;
    const auto guards = stack_guards();
    return (address >= cpu_stacks_begin && address < stretches_end) ||
           std::any_of(guards.begin(), guards.end(),
                       [address](std::uint64_t guard) { return address - guard < page; });
}

bool make_stacks(Cpu& cpu) {
    std::uint64_t at = cpu_stacks_begin + cpu.id * stretch;
    cpu.kernel_stack = at = make_stack(at + page, KERNEL_STACK_SIZE);
    cpu.task_state.stacks[0] = cpu.kernel_stack;
    for (std::size_t i = 0; i < fault_stacks && at != 0; ++i) {
        cpu.task_state.fault_stacks[i] = at = make_stack(at + page, fault_stack_bytes);
    }
    return at != 0;
}

}  // namespace arch
