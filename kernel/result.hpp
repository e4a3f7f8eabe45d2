// SPDX-License-Identifier: MIT
// Result in the kernel: a value or the error that the system call returns.
#pragma once

#include "abi/kernel/error.hpp"
#include "libs/base/result.hpp"

namespace kernel {

using abi::Error;

template <class T = void>
using Result = base::Result<T, Error>;

using base::fail;

}  // namespace kernel
