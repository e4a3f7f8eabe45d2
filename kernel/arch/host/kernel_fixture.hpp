// SPDX-License-Identifier: MIT
// What unit tests of the booted kernel share: the first process, a bank for what a test buys, and a way to let others run.
// After each test the kernel's invariants hold, and the bank is destroyed.
#pragma once

#include <gtest/gtest.h>

#include "kernel/arch/host/booted_kernel.hpp"
#include "kernel/debug/invariants.hpp"
#include "kernel/plat/platform.hpp"

namespace host {

inline constexpr Nanoseconds millisecond = 1'000'000;
inline constexpr Nanoseconds second = 1000 * millisecond;
// Longer than anything that a test lets the first process wait for.
inline constexpr Nanoseconds long_time = 100 * second;

class KernelTest : public testing::Test {
protected:
    User& init = host::init();
    abi::CapIndex bank = init.create(abi::ObjectType::bank, std::uint64_t{4} << 20);
    abi::CapIndex sleep = make(abi::ObjectType::notification);

    void TearDown() override {
        if (!init.running()) {
            Machine::advance(long_time);
        }
        ASSERT_TRUE(init.running());
        EXPECT_STREQ(kernel_broken_invariant(), nullptr);
        EXPECT_TRUE(init.call(bank, abi::BankOp::destroy).ok());
        remove_lost(init);
    }
    // Buys an object from the test's bank.
    abi::CapIndex make(abi::ObjectType type, std::uint64_t w1 = 0, std::uint64_t w2 = 0,
                       std::uint64_t w3 = 0, std::uint64_t w4 = 0, std::uint64_t w5 = 0) {
        return init.create(type, w1, w2, w3, w4, w5, bank);
    }
    // The first process waits for this long, unless it has something to do before: others run.
    void pause_init(Nanoseconds span = 100 * millisecond) {
        init.enter(abi::Syscall::wait, sleep, abi::make_tag(0, 0, 0, 0, abi::Tag::has_deadline), {},
                   plat::clock_now() + span);
    }
    abi::ThreadState state_of(abi::CapIndex thread) {
        return static_cast<abi::ThreadState>(init.call(thread, abi::ThreadOp::query).words[0]);
    }
};

}  // namespace host
