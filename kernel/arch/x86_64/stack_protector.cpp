// SPDX-License-Identifier: MIT
// The stack protector: functions with arrays, or with locals whose address is taken, keep a copy of __stack_chk_guard between those and
// their return address, and look at it before they return. The compiler inserts that (cmake/CluuFlags.cmake).
//
// The value is chosen once per boot, by the first C++ function, which does not return; so no function sees it change. Its
// lowest byte is zero: a text that runs over its end cannot write it.
#include "kernel/arch/x86_64/stack_protector.hpp"

#include <arch/cpu.hpp>

#include "kernel/arch/x86_64/registers.hpp"
#include "kernel/panic.hpp"

extern "C" {
constinit std::uint64_t __stack_chk_guard = 0x5bd1'e995'7b93'b100;  // until chosen

[[noreturn]] void __stack_chk_fail() {  // NOLINT: the compiler's name
    kernel_panic("a function wrote beyond its part of the stack\n");
}
}

namespace arch {

namespace {

constexpr std::uint32_t has_rdrand = 1U << 30;  // CPUID 1, ecx
constexpr int attempts = 10;                    // Intel SDM vol. 1, 7.3.17

// 0 if the CPU has nothing to give.
[[gnu::no_stack_protector]] std::uint64_t random_word() {
    std::uint64_t value = 0;
    bool good = (cpuid(1).ecx & has_rdrand) == 0;  // there is none: 0 it is
    for (int i = 0; i < attempts && !good; ++i) {
        asm volatile("rdrand %0" : "=r"(value), "=@ccc"(good));
    }
    return value;  // (rdrand leaves 0 where it has nothing to give)
}

}  // namespace

[[gnu::no_stack_protector]] void choose_stack_guard() {
    // Without rdrand the counter has to do: when exactly a machine boots is not easy to know.
    constexpr std::uint64_t spread = 0x9e37'79b9'7f4a'7c15;
    const std::uint64_t value = random_word() ^ read_tsc() * spread ^ __stack_chk_guard;
    __stack_chk_guard = value & ~std::uint64_t{0xff};
}

}  // namespace arch
