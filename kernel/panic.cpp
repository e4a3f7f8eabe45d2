// SPDX-License-Identifier: MIT
#include "kernel/panic.hpp"

#include <atomic>

#include <arch/cpu.hpp>

#include "kernel/assert.hpp"
#include "kernel/panic_frames.hpp"
#include "kernel/plat/platform.hpp"

namespace {

// The CPU that tells why the kernel stops, by the hardware's number for it.
constexpr std::uint32_t nobody = ~std::uint32_t{0};
constinit std::atomic<std::uint32_t> teller = nobody;

[[noreturn]] void stop() {
    kernel_print("The kernel has stopped.\n");
    plat::power_off_or_halt();
}

}  // namespace

void kernel_panic_begin() {
    const std::uint32_t here = arch::number_in_a_panic();
    std::uint32_t other = nobody;
    if (!teller.compare_exchange_strong(other, here)) {
        if (other == here) {
            // A fault while printing a panic: what is out so far has to do.
            plat::early_console_write("\n(panic within a panic)\n");
        }
        // Another CPU is at it: one report that can be read says more than two that cannot.
        plat::power_off_or_halt();
    }
    kernel_print("\nKERNEL PANIC: ");
}

void kernel_panic_end() {
    arch::print_backtrace(reinterpret_cast<std::uint64_t>(__builtin_frame_address(0)));
    stop();
}

void kernel_panic_trap(const arch::KernelTrapFrame& frame) {
    kernel_panic_begin();
    arch::print_registers(frame);
    stop();
}

void kernel_assertion_failed(const char* condition, const char* file, int line) {
    kernel_panic("assertion failed: ", std::string_view(condition), " at ", std::string_view(file),
                 ":", line, "\n");
}

// What libc++ calls when one of its checks fails.
extern "C" [[noreturn]] void cluu_std_abort(const char* message) noexcept {
    kernel_panic(std::string_view(message), "\n");
}
