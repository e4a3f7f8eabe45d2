// SPDX-License-Identifier: MIT
// How long a call on a socket waits: SO_RCVTIMEO and SO_SNDTIMEO.
#pragma once

#include <cstdint>

#include "linux/signal/interruption.hpp"
#include "linux/time/clock.hpp"

namespace linux::fd {

inline constexpr std::uint64_t no_limit = ~std::uint64_t{0};  // of nanoseconds

class Patience {
public:
    Patience() = default;
    // The call begins now, and waits for `limit_ns` at most.
    explicit Patience(std::uint64_t limit_ns) {
        if (limit_ns != no_limit) {
            deadline_ = deadline_after(monotonic_now(), limit_ns);
        }
    }
    [[nodiscard]] std::uint64_t deadline() const { return deadline_; }
    [[nodiscard]] bool is_endless() const { return deadline_ == ipc::no_deadline; }
    // What the call gives after a signal: with a limit it is not begun again, for that would begin anew, too
    // (signal(7)).
    [[nodiscard]] std::int64_t interrupted() const {
        return is_endless() ? restart : -Errno::eintr;
    }

private:
    std::uint64_t deadline_ = ipc::no_deadline;
};

}  // namespace linux::fd
