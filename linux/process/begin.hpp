// SPDX-License-Identifier: MIT
#pragma once

#include "linux/process/loader.hpp"

namespace linux {

// Loads a program into the empty address space and makes it this process's. -> how it starts.
Result<abi::Registers> begin_program(PreparedProgram& prepared, const Image& image);

}  // namespace linux
