// SPDX-License-Identifier: MIT
#include "kernel/panic.hpp"

#include <gtest/gtest.h>

#include "kernel/arch/host/machine.hpp"

namespace {

// The simulated machine writes its console to the standard error, and aborts, where a real CPU stops.
const auto stops = testing::KilledBySignal(SIGABRT);

TEST(Panic, SaysWhyAndStops) {
    EXPECT_EXIT(kernel_panic("a reason\n"), stops,
                "KERNEL PANIC: a reason\nThe kernel has stopped.\n$");
}

TEST(Panic, OneWithinAnotherIsSaidAndStops) {
    const auto twice = [] {
        kernel_panic_begin();
        kernel_panic("another reason\n");
    };
    EXPECT_EXIT(twice(), stops, "KERNEL PANIC: \n\\(panic within a panic\\)\n$");
}

TEST(Panic, AnotherCpuStopsWithoutAWord) {
    const auto on_two = [] {
        kernel_panic_begin();
        arch::this_cpu().hardware_id = 1;
        kernel_panic("another reason\n");
    };
    EXPECT_EXIT(on_two(), stops, "KERNEL PANIC: $");
}

}  // namespace
