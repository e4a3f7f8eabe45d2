// SPDX-License-Identifier: MIT
#include "apps/accounts/attempts.hpp"

#include <algorithm>

namespace accounts {

bool Attempts::may_try(Guesser guesser, std::uint64_t now) const {
    const auto found = failures_.find(guesser);
    return found == failures_.end() || found->second.until <= now;
}

std::uint64_t Attempts::failed(Guesser guesser, std::uint64_t now) {
    std::erase_if(failures_,
                  [now](const auto& entry) { return entry.second.until + memory <= now; });
    Failures& failures = failures_[guesser];
    ++failures.count;
    std::uint64_t pause = second;
    for (std::uint32_t i = cheap_failures; i < failures.count && pause < longest_pause; ++i)
        pause *= 2;
    failures.until = now + std::min(pause, longest_pause);
    return failures.until;
}

bool Remembered::use(const SessionOf& session, std::uint64_t now) {
    const auto found = until_.find(session);
    if (found == until_.end() || found->second <= now) return false;
    found->second = now + period;
    return true;
}

void Remembered::remember(const SessionOf& session, std::uint64_t now) {
    std::erase_if(until_, [now](const auto& entry) { return entry.second <= now; });
    if (session.started != 0) until_[session] = now + period;
}

}  // namespace accounts
