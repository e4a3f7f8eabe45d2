// SPDX-License-Identifier: MIT
#include <atomic>

#include "libs/rt/mapping.hpp"
#include "tests/kernel/peer.hpp"

using abi::Error;
using test::bank;

namespace {

constexpr std::uint64_t page = abi::page_size;

struct Words {
    std::atomic<std::uint32_t> first{0};
    std::atomic<std::uint32_t> second{0};
    [[nodiscard]] std::uint64_t address() const { return reinterpret_cast<std::uint64_t>(&first); }
    [[nodiscard]] std::uint64_t second_address() const {
        return reinterpret_cast<std::uint64_t>(&second);
    }
};

}  // namespace

TEST(futex_wait_refuses) {
    Words words;
    EXPECT_ERROR(ipc::own_space()->futex_wait(words.address(), 1), Error::changed);
    EXPECT_ERROR(ipc::own_space()->futex_wait(words.address() + 1, 0), Error::not_aligned);
    EXPECT(!ipc::own_space()->futex_wait(0x32'0000'0000, 0));
    EXPECT(!ipc::own_space()->futex_wait(0xffff'8000'0000'0000, 0));
    EXPECT_ERROR(ipc::own_space()->futex_wait(words.address(), 0, 0,
                                              {.deadline = rt::now() + rt::millisecond}),
                 Error::timed_out);
}

TEST(futex_wake_counts) {
    Words words;
    EXPECT(NEED(ipc::own_space()->futex_wake(words.address(), 5)) == 0);
    Error results[3] = {Error::busy, Error::busy, Error::busy};
    const auto sleep = [&](Error& result) {
        const auto waited = ipc::own_space()->futex_wait(words.address(), 0);
        result = waited ? Error::ok : waited.error();
    };
    test::Peer one{[&] { sleep(results[0]); }};
    test::Peer two{[&] { sleep(results[1]); }};
    test::Peer three{[&] { sleep(results[2]); }};
    NEED(one.start());
    NEED(two.start());
    NEED(three.start());
    EXPECT(test::eventually([&] {
        return test::is_blocked(one.thread()) && test::is_blocked(two.thread()) &&
               test::is_blocked(three.thread());
    }));
    EXPECT(NEED(ipc::own_space()->futex_wake(words.address(), 2)) == 2);
    EXPECT(NEED(ipc::own_space()->futex_wake(words.address(), 9)) == 1);
    EXPECT(one.join() && two.join() && three.join());
    EXPECT(results[0] == Error::ok && results[1] == Error::ok && results[2] == Error::ok);
}

TEST(futex_bitsets) {
    Words words;
    test::Peer sleeper{[&] { (void)ipc::own_space()->futex_wait(words.address(), 0, 0x2); }};
    NEED(sleeper.start());
    EXPECT(test::eventually([&] { return test::is_blocked(sleeper.thread()); }));
    EXPECT(NEED(ipc::own_space()->futex_wake(words.address(), 1, 0x4)) == 0);
    EXPECT(NEED(ipc::own_space()->futex_wake(words.address(), 1, 0x6)) == 1);
    EXPECT(sleeper.join());
}

TEST(futex_requeue) {
    Words words;
    test::Peer sleeper{[&] { (void)ipc::own_space()->futex_wait(words.address(), 0); }};
    NEED(sleeper.start());
    EXPECT(test::eventually([&] { return test::is_blocked(sleeper.thread()); }));
    const ipc::FutexRequeue how{
        .address = words.address(), .wake = 0, .target = words.second_address(), .move = 5};
    auto wrong = how;
    wrong.compare = true;
    wrong.expected = 7;
    EXPECT_ERROR(ipc::own_space()->futex_requeue(wrong), Error::changed);
    const auto moved = NEED(ipc::own_space()->futex_requeue(how));
    EXPECT(moved.woken == 0 && moved.moved == 1);
    EXPECT(NEED(ipc::own_space()->futex_wake(words.address(), 5)) == 0);
    EXPECT(NEED(ipc::own_space()->futex_wake(words.second_address(), 5)) == 1);
    EXPECT(sleeper.join());
}

// The futex belongs to the memory, not to the address at which it is seen.
TEST(futex_is_shared_by_mappings) {
    auto memory = NEED(bank()->create_memory(page));
    auto one = NEED(rt::map(memory, {.length = page}));
    auto two = NEED(rt::map(memory, {.length = page}));
    test::Peer sleeper{[&] { (void)ipc::own_space()->futex_wait(one.address(), 0); }};
    NEED(sleeper.start());
    EXPECT(test::eventually([&] { return test::is_blocked(sleeper.thread()); }));
    EXPECT(NEED(ipc::own_space()->futex_wake(two.address(), 1)) == 1);
    EXPECT(sleeper.join());
}
