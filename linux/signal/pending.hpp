// SPDX-License-Identifier: MIT
// Signals that wait to be delivered, with what is known about each. Of the classic ones there is one
// of every number: a second replaces the information of the first. Real-time signals queue, in the
// order in which they came; those of one timer count as one.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "abi/linux/signal.hpp"

namespace linux {

// The part of siginfo that travels; delivery lays it out.
struct SignalDetails {
    std::int32_t code = 0;
    std::uint32_t pid = 0;
    std::uint32_t user = 0;
    std::uint32_t status = 0;  // of a timer's signal: the timer; `pid` is then its overrun
    std::uint64_t value = 0;   // or the faulting address
};

class PendingSignals {
public:
    [[nodiscard]] linux_abi::SignalSet set() const { return set_; }
    // False: there are too many.
    bool add(std::uint32_t signal, const SignalDetails& details) {
        if (signal >= first_queued) {
            const bool known = std::ranges::any_of(queue_, [&](const Queued& one) {
                return one.signal == signal && one.details.code == linux_abi::SignalCode::timer &&
                       details.code == one.details.code && details.status == one.details.status;
            });
            if (!known) {
                if (queue_.size() == most_queued) {
                    return false;
                }
                queue_.push_back({signal, details});
            }
        } else {
            details_[signal - 1] = details;
        }
        set_ |= linux_abi::signal_bit(signal);
        return true;
    }
    void remove(linux_abi::SignalSet signals) {
        set_ &= ~signals;
        std::erase_if(queue_, [signals](const Queued& one) {
            return (signals & linux_abi::signal_bit(one.signal)) != 0;
        });
    }
    // The signal must be in the set.
    SignalDetails take(std::uint32_t signal) {
        if (signal < first_queued) {
            set_ &= ~linux_abi::signal_bit(signal);
            return details_[signal - 1];
        }
        const auto of_this = [signal](const Queued& one) { return one.signal == signal; };
        const auto first = std::ranges::find_if(queue_, of_this);
        const SignalDetails details = first->details;
        queue_.erase(first);
        if (std::ranges::none_of(queue_, of_this)) {
            set_ &= ~linux_abi::signal_bit(signal);
        }
        return details;
    }

private:
    static constexpr std::uint32_t first_queued = 32;
    static constexpr std::size_t most_queued = 1024;
    struct Queued {
        std::uint32_t signal;
        SignalDetails details;
    };

    linux_abi::SignalSet set_ = 0;
    std::array<SignalDetails, first_queued - 1> details_{};
    std::vector<Queued> queue_;
};

}  // namespace linux
