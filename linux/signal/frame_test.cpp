// SPDX-License-Identifier: MIT
#include "linux/signal/frame.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <ucontext.h>

namespace linux::signals {
namespace {

TEST(Frame, HasTheAlignmentOfACall) {
    for (std::uint64_t rsp = 0x7fff'0000; rsp < 0x7fff'0100; ++rsp) {
        for (const std::size_t fpu : {512U, 576U, 2696U}) {
            const FramePlace place = place_frame(frame_top({.flags = 2}, rsp, false), fpu);
            EXPECT_EQ((place.frame + 8) % 16, 0U);
            EXPECT_EQ(place.fpu_state % 64, 0U);
            EXPECT_LE(place.fpu_state + fpu, rsp - 128);
            EXPECT_LE(place.frame + sizeof(linux_abi::SignalFrame), place.fpu_state);
        }
    }
}

TEST(Frame, UsesTheSignalStackOnce) {
    const linux_abi::SignalStack stack{.address = 0x1000, .flags = 0, .padding = 0, .size = 0x2000};
    EXPECT_EQ(frame_top(stack, 0x9000, true), 0x3000U);
    EXPECT_EQ(frame_top(stack, 0x9000, false), 0x9000U - 128);
    EXPECT_EQ(frame_top(stack, 0x2800, true), 0x2800U - 128);
    EXPECT_FALSE(is_on_stack(stack, 0x1000));
    EXPECT_TRUE(is_on_stack(stack, 0x3000));
}

// The structures against the ones that this machine's C library was built with.
TEST(Frame, AgreesWithTheLibraryOfTheHost) {
    EXPECT_EQ(offsetof(linux_abi::UserContext, machine), offsetof(ucontext_t, uc_mcontext));
    EXPECT_EQ(offsetof(linux_abi::UserContext, mask), offsetof(ucontext_t, uc_sigmask));
    EXPECT_EQ(offsetof(linux_abi::MachineContext, rip) / 8, std::size_t{REG_RIP});
    EXPECT_EQ(offsetof(linux_abi::MachineContext, rflags) / 8, std::size_t{REG_EFL});
    EXPECT_EQ(offsetof(linux_abi::MachineContext, cr2) / 8, std::size_t{REG_CR2});
    EXPECT_EQ(offsetof(linux_abi::MachineContext, fpu_state), offsetof(mcontext_t, fpregs));
    EXPECT_EQ(sizeof(linux_abi::SignalInfo), sizeof(siginfo_t));
    EXPECT_EQ(sizeof(linux_abi::SignalStack), sizeof(stack_t));
    siginfo_t info{};
    info.si_pid = 7;
    info.si_uid = 8;
    info.si_status = 9;
    linux_abi::SignalInfo ours;
    memcpy(&ours, &info, sizeof ours);
    EXPECT_EQ(ours.of.child.pid, 7);
    EXPECT_EQ(ours.of.child.user, 8U);
    EXPECT_EQ(ours.of.child.status, 9);
    info = {};
    info.si_addr = reinterpret_cast<void*>(0x1234);
    memcpy(&ours, &info, sizeof ours);
    EXPECT_EQ(ours.of.fault.address, 0x1234U);
}

TEST(Frame, RegistersComeBackButNotAllFlags) {
    abi::Registers registers{};
    auto* words = reinterpret_cast<std::uint64_t*>(&registers);
    for (std::size_t i = 0; i < 18; ++i) {
        words[i] = 0x100 + i;
    }
    registers.rflags = 0x246;
    linux_abi::MachineContext machine{};
    to_machine_context(machine, registers);
    abi::Registers back = registers;
    from_machine_context(back, machine);
    EXPECT_EQ(memcmp(&back, &registers, sizeof back), 0);
    machine.rflags = ~std::uint64_t{0};
    from_machine_context(back, machine);
    EXPECT_EQ(back.rflags & 0x3000, 0U);     // I/O privilege
    EXPECT_EQ(back.rflags & 0x4000, 0U);     // nested task: iretq would fault
    EXPECT_EQ(back.rflags & 0x200, 0x200U);  // interrupts stay on
}

}  // namespace
}  // namespace linux::signals
