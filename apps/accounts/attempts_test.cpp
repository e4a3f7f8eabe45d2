// SPDX-License-Identifier: MIT
#include "apps/accounts/attempts.hpp"

#include <gtest/gtest.h>

namespace accounts {
namespace {

constexpr Guesser at_terminal{false, 0x440}, elsewhere{false, 0x401}, guest{true, 1001};

TEST(Attempts, AWrongPasswordCostsASecond) {
    Attempts attempts;
    const std::uint64_t start = 5 * second;
    EXPECT_TRUE(attempts.may_try(at_terminal, start));
    EXPECT_EQ(attempts.failed(at_terminal, start), start + second);
    EXPECT_FALSE(attempts.may_try(at_terminal, start + second - 1));
    EXPECT_TRUE(attempts.may_try(at_terminal, start + second));
    EXPECT_TRUE(attempts.may_try(elsewhere, start)) << "nobody else waits";
    EXPECT_TRUE(attempts.may_try(guest, start));
}

TEST(Attempts, ManyCostMore) {
    Attempts attempts;
    std::uint64_t now = 0;
    std::vector<std::uint64_t> pauses;
    for (int i = 0; i < 8; ++i) {
        const std::uint64_t until = attempts.failed(guest, now);
        pauses.push_back((until - now) / second);
        now = until;
    }
    EXPECT_EQ(pauses, (std::vector<std::uint64_t>{1, 1, 1, 2, 4, 8, 8, 8}));
    attempts.succeeded(guest);
    EXPECT_EQ(attempts.failed(guest, now), now + second) << "the right one ends the count";
    now += second + Attempts::memory;
    EXPECT_EQ(attempts.failed(elsewhere, now), now + second);
    EXPECT_EQ(attempts.size(), 1u) << "what is long ago is forgotten";
}

TEST(Remembered, ForFiveMinutesFromTheLastUse) {
    Remembered remembered;
    const SessionOf session{7, 1000, 42};
    EXPECT_FALSE(remembered.use(session, 0));
    remembered.remember(session, 0);
    EXPECT_TRUE(remembered.use(session, 299 * second));
    EXPECT_TRUE(remembered.use(session, 598 * second)) << "each use begins it anew";
    EXPECT_FALSE(remembered.use(session, 898 * second));
    remembered.remember(session, 0);
    EXPECT_FALSE(remembered.use({8, 1000, 42}, 0)) << "another session";
    EXPECT_FALSE(remembered.use({7, 1001, 42}, 0)) << "another user in it";
    EXPECT_FALSE(remembered.use({7, 1000, 43}, 0)) << "a later one with its number";
    remembered.forget(session);
    EXPECT_FALSE(remembered.use(session, 0));
}

TEST(Remembered, NothingOfASessionWithoutALeader) {
    Remembered remembered;
    remembered.remember({7, 1000, 0}, 0);
    EXPECT_FALSE(remembered.use({7, 1000, 0}, 0));
    for (std::uint32_t i = 1; i < 1000; ++i) remembered.remember({i, 1000, i}, i * second);
    EXPECT_LE(remembered.size(), 301u) << "what is over is dropped";
}

}  // namespace
}  // namespace accounts
