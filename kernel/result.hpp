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

// What must not be: TRY(refuse_if(...)) before anything has changed.
[[nodiscard]] inline Result<> refuse_if(bool wrong, Error error) {
    if (wrong) [[unlikely]] {
        return fail(error);
    }
    return {};
}

}  // namespace kernel
