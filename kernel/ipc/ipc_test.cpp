// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "kernel/arch/host/booted_kernel.hpp"
