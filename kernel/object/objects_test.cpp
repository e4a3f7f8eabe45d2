// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "kernel/arch/host/booted_kernel.hpp"

namespace {

TEST(Objects, TheNullOperationDoesNothing) {
    host::User& init = host::init();
    EXPECT_TRUE(init.call(abi::boot_bank, std::uint16_t{abi::null_operation}).ok());
}

}  // namespace
