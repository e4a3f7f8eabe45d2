// SPDX-License-Identifier: MIT
//
// Failure: why a call to a server gave no answer. Either the kernel could not deliver (abi::Error:
// the server is dead, the deadline passed, ...) or the server refused (interfaces::Status).
#pragma once

#include <cstdint>

#include "abi/kernel/error.hpp"
#include "interfaces/status.hpp"

namespace ipc {

using interfaces::Status;

class Failure {
public:
    constexpr Failure(abi::Error error) : error_(error) {}  // NOLINT: either kind is a failure
    constexpr Failure(Status status) : status_(status) {}   // NOLINT

    [[nodiscard]] constexpr bool from_kernel() const { return error_ != abi::Error::ok; }
    // `ok` if it is of the other kind.
    [[nodiscard]] constexpr abi::Error error() const { return error_; }
    [[nodiscard]] constexpr Status status() const { return status_; }

    friend constexpr bool operator==(const Failure&, const Failure&) = default;

private:
    abi::Error error_ = abi::Error::ok;
    Status status_ = Status::ok;
};

// The status that a server passes on when a failure of its own is its client's failure.
constexpr Status to_status(Failure failure) {
    if (!failure.from_kernel()) {
        return failure.status();
    }
    switch (failure.error()) {
        case abi::Error::no_memory:          return Status::no_memory;
        case abi::Error::table_full:
        case abi::Error::too_deep:           return Status::limit;
        case abi::Error::timed_out:          return Status::timed_out;
        case abi::Error::interrupted:        return Status::interrupted;
        case abi::Error::dead:
        case abi::Error::invalid_capability: return Status::closed;
        case abi::Error::would_block:        return Status::would_block;
        case abi::Error::busy:               return Status::busy;
        case abi::Error::missing_right:      return Status::not_permitted;
        case abi::Error::out_of_range:       return Status::out_of_range;
        default:                             return Status::io_error;
    }
}

}  // namespace ipc
