// SPDX-License-Identifier: MIT
#include "kernel/panic.hpp"

#include "kernel/assert.hpp"
#include "kernel/panic_frames.hpp"
#include "kernel/plat/platform.hpp"

namespace {

constinit bool panicking = false;

[[noreturn]] void stop() {
    kernel_print("The kernel has stopped.\n");
    plat::power_off_or_halt();
}

}  // namespace

void kernel_panic_begin() {
    if (panicking) {
        // A fault while printing a panic: what is out so far has to do.
        plat::early_console_write("\n(panic within a panic)\n");
        plat::power_off_or_halt();
    }
    panicking = true;
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
