// SPDX-License-Identifier: MIT
// How long somebody must wait who gave a wrong password, and who need not give his again. Times are of a clock that
// never goes back, in nanoseconds.
//
// The wait is the guesser's own: that of his terminal where nobody is logged in yet, else that of his user,
// at however many terminals he tries. Nobody else waits for it, and nobody can be locked out by others.
#pragma once

#include <cstdint>
#include <map>

namespace accounts {

inline constexpr std::uint64_t second = 1'000'000'000;

struct Guesser {
    bool logged_in = false;
    std::uint32_t who = 0;  // the user, or else the terminal's number
    friend auto operator<=>(const Guesser&, const Guesser&) = default;
};

class Attempts {
public:
    static constexpr std::uint32_t cheap_failures =
        3;  // that cost a second each; then twice as long each
    static constexpr std::uint64_t longest_pause = 8 * second;
    static constexpr std::uint64_t memory =
        60 * second;  // after the pause: then the count begins again

    [[nodiscard]] bool may_try(Guesser guesser, std::uint64_t now) const;
    // -> when he may hear of it, and try again.
    std::uint64_t failed(Guesser guesser, std::uint64_t now);
    void succeeded(Guesser guesser) { failures_.erase(guesser); }
    [[nodiscard]] std::size_t size() const { return failures_.size(); }

private:
    struct Failures {
        std::uint32_t count = 0;
        std::uint64_t until = 0;
    };
    std::map<Guesser, Failures> failures_;
};

// A session in which a user has given his password. `started` tells it from one that had its number before.
struct SessionOf {
    std::uint32_t session = 0;
    std::uint32_t user = 0;
    std::uint64_t started = 0;  // 0: its leader has ended, and nothing is remembered of it
    friend auto operator<=>(const SessionOf&, const SessionOf&) = default;
};

class Remembered {
public:
    static constexpr std::uint64_t period = 300 * second;  // from the last use

    // True: he need not give it again, and the period begins anew.
    bool use(const SessionOf& session, std::uint64_t now);
    void remember(const SessionOf& session, std::uint64_t now);
    void forget(const SessionOf& session) { until_.erase(session); }
    [[nodiscard]] std::size_t size() const { return until_.size(); }

private:
    std::map<SessionOf, std::uint64_t> until_;
};

}  // namespace accounts
