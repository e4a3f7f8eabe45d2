// SPDX-License-Identifier: MIT
// Signals that wait to be delivered, with what is known about each: one of every number. (Linux
// queues real-time signals; here a second one of the same number replaces the information of the
// first, as for the classic ones.)
#pragma once

#include <array>
#include <cstdint>

#include "abi/linux/signal.hpp"

namespace linux {

// The part of siginfo that travels; delivery lays it out.
struct SignalDetails {
    std::int32_t code = 0;
    std::uint32_t pid = 0;
    std::uint32_t user = 0;
    std::uint32_t status = 0;
    std::uint64_t value = 0;  // or the faulting address
};

class PendingSignals {
public:
    [[nodiscard]] linux_abi::SignalSet set() const { return set_; }
    void add(std::uint32_t signal, const SignalDetails& details) {
        set_ |= linux_abi::signal_bit(signal);
        details_[signal - 1] = details;
    }
    void remove(linux_abi::SignalSet signals) { set_ &= ~signals; }
    // The signal must be in the set.
    SignalDetails take(std::uint32_t signal) {
        remove(linux_abi::signal_bit(signal));
        return details_[signal - 1];
    }

private:
    linux_abi::SignalSet set_ = 0;
    std::array<SignalDetails, linux_abi::signal_count> details_{};
};

}  // namespace linux
