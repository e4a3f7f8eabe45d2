// SPDX-License-Identifier: MIT
//
// What only shows with several CPUs; with one, the same must hold. Threads here run without system calls where they can, so that the
// kernel must fetch them from their CPUs itself.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

#include "tests/kernel/peer.hpp"

using abi::Error;
using abi::ThreadState;
using test::bank;

namespace {

constexpr std::uint64_t page = abi::page_size;
constexpr std::uint64_t here = 0x20'0000'0000;

std::uint64_t cpus() {
    const abi::TimePage* clock = rt::clock_page();
    return clock == nullptr ? 1 : clock->cpus;
}

// Waits without giving way.
template <class Condition>
bool spin_until(const Condition& holds) {
    const std::uint64_t end = rt::now() + test::patience;
    while (!holds()) {
        if (rt::now() > end) {
            return false;
        }
    }
    return true;
}

}  // namespace

// Two threads that hand a word to and fro without entering the kernel: with one CPU, that takes a time slice for each round.
TEST(cpus_run_threads_side_by_side) {
    const std::uint32_t rounds = cpus() > 1 ? 20'000 : 4;
    std::atomic<std::uint32_t> turn{0};
    test::Peer peer{[&] {
        for (std::uint32_t i = 0; i < rounds; ++i) {
            (void)spin_until([&] { return turn == 2 * i + 1; });
            turn = 2 * i + 2;
        }
    }};
    NEED(peer.start());
    for (std::uint32_t i = 0; i < rounds; ++i) {
        turn = 2 * i + 1;
        if (!spin_until([&] { return turn == 2 * i + 2; })) {
            break;
        }
    }
    EXPECT(turn == 2 * rounds);
    EXPECT(peer.join());
}

TEST(cpus_call_one_server) {
    constexpr std::uint64_t calls = 2000;
    auto endpoint = NEED(bank()->create_endpoint());
    auto reply = NEED(bank()->create_reply());
    std::uint64_t served = 0;
    test::Peer server{[&] {
        ipc::sys::Outcome got = ipc::sys::receive(endpoint.index(), reply.index());
        while (got.error == Error::ok && got.words[0] != 0) {
            ++served;
            got = ipc::sys::reply_and_receive(endpoint.index(), reply.index(),
                                              {abi::make_tag(0), {got.words[0] + 1, got.words[1]}});
        }
        (void)ipc::sys::reply(reply.index(), {abi::make_tag(0), {}});
    }};
    NEED(server.start());
    std::array<std::uint64_t, 3> right{};
    const auto client = [&](std::size_t which) {
        for (std::uint64_t i = 1; i <= calls; ++i) {
            const auto back = ipc::sys::call(endpoint.index(), {abi::make_tag(0), {i, which}});
            right[which] +=
                back.error == Error::ok && back.words[0] == i + 1 && back.words[1] == which ? 1U
                                                                                            : 0U;
        }
    };
    test::Peer first{[&] { client(0); }};
    test::Peer second{[&] { client(1); }};
    NEED(first.start());
    NEED(second.start());
    client(2);
    EXPECT(first.join());
    EXPECT(second.join());
    (void)ipc::sys::call(endpoint.index(), {abi::make_tag(0), {}});
    EXPECT(server.join());
    EXPECT(served == 3 * calls);
    EXPECT(right[0] == calls && right[1] == calls && right[2] == calls);
}

TEST(cpus_signal_to_and_fro) {
    constexpr std::uint64_t rounds = 2000;
    auto ping = NEED(bank()->create_notification());
    auto pong = NEED(bank()->create_notification());
    std::uint64_t seen = 0;
    test::Peer peer{[&] {
        for (std::uint64_t i = 0; i < rounds; ++i) {
            seen += ping->wait().value_or(0);
            (void)pong->signal(1);
        }
    }};
    NEED(peer.start());
    std::uint64_t back = 0;
    for (std::uint64_t i = 0; i < rounds; ++i) {
        EXPECT_OK(ping->signal(1));
        back += pong->wait({.deadline = rt::now() + test::patience}).value_or(0);
    }
    EXPECT(peer.join());
    EXPECT(seen == rounds && back == rounds);
}

// A CPU that wrote to a page after it was taken away would write to whoever got the frame.
TEST(cpus_forget_pages_that_are_taken_away) {
    auto memory = NEED(bank()->create_memory(page));
    EXPECT_OK(ipc::own_space()->map(memory, {.address = here, .length = page}));
    auto& word = *reinterpret_cast<std::atomic<std::uint64_t>*>(here);
    constexpr std::uint64_t mark = 0x5555'5555'5555'5555;
    std::atomic<bool> end{false};
    test::Peer writer{[&] {
        while (!end) {
            word.store(mark);
        }
    }};
    NEED(writer.start());
    EXPECT(spin_until([&] { return word == mark; }));
    std::uint64_t strays = 0;
    for (int i = 0; i < 200; ++i) {
        EXPECT_OK(memory->decommit({0, page}));
        // The frame that was free last is the one that is taken first.
        auto next = NEED(bank()->create_memory(page));
        std::array<std::byte, 64> bytes{};
        EXPECT_OK(next->write(0, bytes));
        EXPECT(spin_until([&] { return word == mark; }));
        const auto got = NEED(next->read(0, bytes.size()));
        strays +=
            std::ranges::all_of(got, [](std::byte byte) { return byte == std::byte{0}; }) ? 0 : 1;
    }
    end = true;
    EXPECT(writer.join());
    EXPECT(strays == 0);
    EXPECT_OK(ipc::own_space()->unmap(here, page));
}

TEST(cpus_stop_a_thread_anywhere) {
    std::atomic<std::uint64_t> count{0};
    std::atomic<bool> end{false};
    test::Peer peer{[&] {
        while (!end) {
            ++count;
        }
    }};
    NEED(peer.start());
    for (int i = 0; i < 50; ++i) {
        const std::uint64_t before = count;
        EXPECT(spin_until([&] { return count > before; }));
        EXPECT_OK(peer.thread()->stop());
        const auto registers = NEED(peer.thread()->get_registers());
        const std::uint64_t seen = count;
        EXPECT(registers.rip != 0);
        EXPECT(NEED(peer.thread()->query()).state == ThreadState::stopped);
        EXPECT(count == seen);
        EXPECT_OK(peer.thread()->resume());
    }
    end = true;
    EXPECT(peer.join());
}

// Stopped in the middle of system calls: none of them may be lost or done twice.
TEST(cpus_stop_a_thread_in_system_calls) {
    constexpr std::uint64_t calls = 3000;
    auto notification = NEED(bank()->create_notification());
    std::atomic<std::uint64_t> made{0};
    std::uint64_t failed = 0;
    test::Peer peer{[&] {
        for (std::uint64_t i = 0; i < calls; ++i) {
            failed += notification->signal(1) ? 0 : 1;
            failed += notification->wait().value_or(0) == 1 ? 0 : 1;
            ++made;
        }
    }};
    NEED(peer.start());
    while (made < calls) {
        EXPECT_OK(peer.thread()->stop());
        EXPECT_OK(peer.thread()->resume());
        ipc::sys::yield();
    }
    EXPECT(peer.join());
    EXPECT(failed == 0);
}

TEST(cpus_destroy_a_thread_anywhere) {
    for (int i = 0; i < 30; ++i) {
        std::atomic<std::uint64_t> count{0};
        {
            test::Peer peer{[&] {
                for (;;) {
                    ++count;
                }
            }};
            NEED(peer.start());
            EXPECT(spin_until([&] { return count > 100; }));
        }
        const std::uint64_t seen = count;
        ipc::sys::yield();
        EXPECT(count == seen);
    }
}

TEST(cpus_keep_deadlines) {
    auto notification = NEED(bank()->create_notification());
    std::array<std::uint64_t, 3> early{};
    const auto wait = [&](std::size_t which) {
        for (int i = 0; i < 20; ++i) {
            const std::uint64_t deadline = rt::now() + rt::millisecond;
            const auto got = notification->wait({.deadline = deadline});
            early[which] += got.has_value() || rt::now() < deadline ? 1U : 0U;
        }
    };
    test::Peer first{[&] { wait(0); }};
    test::Peer second{[&] { wait(1); }};
    NEED(first.start());
    NEED(second.start());
    wait(2);
    EXPECT(first.join());
    EXPECT(second.join());
    EXPECT(early[0] + early[1] + early[2] == 0);
}
