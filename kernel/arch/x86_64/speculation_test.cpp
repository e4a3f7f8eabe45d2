// SPDX-License-Identifier: MIT
// The choices for CPUs as they are; what the instructions then do cannot be tested without such a CPU.
#include "kernel/arch/x86_64/speculation_choice.hpp"

#include <gtest/gtest.h>

namespace {

using arch::choose_speculation;
using arch::SpeculationChoice;

TEST(Speculation, ACpuThatSaysNothing) {
    EXPECT_EQ(choose_speculation({}), (SpeculationChoice{.branches_leak = true}));
    EXPECT_EQ(choose_speculation({.intel = true}),
              (SpeculationChoice{.meltdown = true, .buffers_leak = true, .branches_leak = true}));
}

// Skylake with new microcode: buffers can be cleared, and that is all.
TEST(Speculation, AnOldIntel) {
    EXPECT_EQ(choose_speculation({.intel = true, .leaf7_edx = 0x9c00'0400}),
              (SpeculationChoice{
                  .stibp = true, .clear_buffers = true, .meltdown = true, .branches_leak = true}));
}

// Cascade Lake: no Meltdown, no MDS, but TAA.
TEST(Speculation, AnIntelWithTransactions) {
    EXPECT_EQ(choose_speculation({.intel = true, .leaf7_edx = 0xbc00'0400, .capabilities = 0xab}),
              (SpeculationChoice{.enhanced_ibrs = true, .stibp = true, .clear_buffers = true}));
}

// Ice Lake and later.
TEST(Speculation, ANewIntel) {
    EXPECT_EQ(choose_speculation({.intel = true, .leaf7_edx = 0xbc00'0400, .capabilities = 0x1eb}),
              (SpeculationChoice{.enhanced_ibrs = true, .stibp = true}));
    EXPECT_EQ(choose_speculation({.intel = true, .leaf7_edx = 0xbc00'0400, .capabilities = 0x6b}),
              (SpeculationChoice{.enhanced_ibrs = true, .stibp = true}));
}

// Zen 2, and Zen 4 with automatic IBRS.
TEST(Speculation, Amd) {
    EXPECT_EQ(choose_speculation({.leaf80000008_ebx = 0x1100'd000}),
              (SpeculationChoice{.stibp = true, .branches_leak = true}));
    EXPECT_EQ(choose_speculation({.leaf80000008_ebx = 0x1100'd000, .leaf80000021_eax = 0x100}),
              (SpeculationChoice{.automatic_ibrs = true, .stibp = true}));
}

}  // namespace
