// SPDX-License-Identifier: MIT
// The only place where errors of the kernel and of servers become Linux's errno values.
#pragma once

#include "abi/kernel/error.hpp"
#include "abi/linux/errno.hpp"
#include "interfaces/status.hpp"
#include "libs/base/result.hpp"
#include "libs/ipc/failure.hpp"

namespace linux {

using linux_abi::Errno;

template <class T>
using Result = base::Result<T, Errno>;

Errno to_errno(abi::Error error);
Errno to_errno(interfaces::Status status);
Errno to_errno(ipc::Failure failure);

// The answer of a kernel operation or of a server, with its error as an errno: for TRY in functions
// that return linux::Result.
template <class T, class E>
Result<T> or_errno(base::Result<T, E>&& result) {
    if (!result) [[unlikely]] {
        return base::fail(to_errno(result.error()));
    }
    if constexpr (std::is_void_v<T>) {
        return {};
    } else {
        return std::move(*result);
    }
}

// What a handler returns for a Result.
template <class T>
std::int64_t to_return(const Result<T>& result) {
    if (!result) [[unlikely]] {
        return -result.error();
    }
    if constexpr (std::is_void_v<T>) {
        return 0;
    } else {
        return static_cast<std::int64_t>(*result);
    }
}

}  // namespace linux
