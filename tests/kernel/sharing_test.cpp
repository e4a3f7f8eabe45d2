// SPDX-License-Identifier: MIT
//
// Calls, answers, signals and waits that run in the kernel together, on all CPUs, while others stop, interrupt and destroy those who make
// them. Whatever meets, each call is answered once, and no signal is lost.
#include <array>
#include <atomic>
#include <utility>

#include "tests/kernel/peer.hpp"

using abi::Error;
using test::bank;

namespace {

constexpr std::uint64_t rounds = 1500;
constexpr std::uint64_t short_while = 100'000;  // ns

// A server that says how many calls it has answered. Word 0 of a call comes back, one more; 0 ends the server.
struct Server {
    abi::CapIndex endpoint;
    abi::CapIndex reply;
    std::uint64_t answered = 0;
    Error failed = Error::ok;

    void operator()() {
        ipc::sys::Outcome got = ipc::sys::receive(endpoint, reply);
        while (got.error == Error::ok && got.words[0] != 0) {
            got = ipc::sys::reply_and_receive(endpoint, reply,
                                              {abi::Tag{}, {got.words[0] + 1, got.words[1]}});
            if (got.error == Error::ok) {
                ++answered;
            } else if (got.error == Error::no_caller) {  // who has not waited for it
                got = ipc::sys::receive(endpoint, reply);
            }
        }
        failed = got.error;
        (void)ipc::sys::reply(reply, {});
    }
};

// Calls both servers, at times for a short while only.
struct Client {
    std::array<abi::CapIndex, 2> endpoints;
    std::uint64_t which;
    std::array<std::uint64_t, 2> answered{};
    std::uint64_t wrong = 0;

    void operator()() {
        for (std::uint64_t i = 1; i <= rounds; ++i) {
            const std::size_t server = (i + which) % 4 == 0 ? 1 : 0;
            const std::uint64_t deadline = i % 8 == 0 ? rt::now() + short_while : ipc::no_deadline;
            const auto back = ipc::sys::call(endpoints[server], {abi::Tag{}, {i, which}, deadline});
            if (back.error == Error::ok) {
                ++answered[server];
                wrong += back.words[0] == i + 1 && back.words[1] == which ? 0 : 1;
            } else {
                wrong += i % 8 == 0 && back.error == Error::timed_out ? 0 : 1;
            }
        }
    }
};

// Two of these hand one signal to and fro; the second begins by waiting.
struct Player {
    abi::CapIndex mine;
    abi::CapIndex theirs;
    bool begins;
    std::uint64_t seen = 0;

    void operator()() {
        for (std::uint64_t i = 0; i < rounds; ++i) {
            if (begins) {
                (void)ipc::sys::signal(theirs, 1);
            }
            seen += ipc::sys::wait(mine).words[0];
            if (!begins) {
                (void)ipc::sys::signal(theirs, 1);
            }
        }
    }
};

}  // namespace

TEST(sharing_loses_nothing) {
    std::array<ipc::Capability<ipc::Endpoint>, 2> endpoints = {NEED(bank()->create_endpoint()),
                                                               NEED(bank()->create_endpoint())};
    std::array<ipc::Capability<ipc::Reply>, 2> replies = {NEED(bank()->create_reply()),
                                                          NEED(bank()->create_reply())};
    Server one{.endpoint = endpoints[0].index(), .reply = replies[0].index()};
    Server other{.endpoint = endpoints[1].index(), .reply = replies[1].index()};
    test::Peer first_server{[&] { one(); }};
    test::Peer second_server{[&] { other(); }};
    NEED(first_server.start());
    NEED(second_server.start());

    const std::array indices = {endpoints[0].index(), endpoints[1].index()};
    std::array<Client, 3> clients = {Client{.endpoints = indices, .which = 0},
                                     Client{.endpoints = indices, .which = 1},
                                     Client{.endpoints = indices, .which = 2}};
    test::Peer first{[&] { clients[0](); }};
    test::Peer second{[&] { clients[1](); }};
    test::Peer third{[&] { clients[2](); }};
    NEED(first.start());
    NEED(second.start());
    NEED(third.start());

    auto ping = NEED(bank()->create_notification());
    auto pong = NEED(bank()->create_notification());
    Player left{.mine = ping.index(), .theirs = pong.index(), .begins = true};
    Player right{.mine = pong.index(), .theirs = ping.index(), .begins = false};
    test::Peer left_player{[&] { left(); }};
    test::Peer right_player{[&] { right(); }};
    NEED(left_player.start());
    NEED(right_player.start());

    // Meanwhile some are made to stand still, and one goes in the middle of its calls, at times after the endpoint that it calls.
    for (int i = 0; i < 40; ++i) {
        EXPECT_OK(first.thread()->stop());
        EXPECT_OK(second_server.thread()->stop());
        ipc::sys::yield();
        EXPECT_OK(second.thread()->interrupt());
        EXPECT_OK(second_server.thread()->resume());
        EXPECT_OK(first.thread()->resume());
        auto endpoint = NEED(bank()->create_endpoint());
        auto reply = NEED(bank()->create_reply());
        Server own{.endpoint = endpoint.index(), .reply = reply.index()};
        test::Peer own_server{[&] { own(); }};
        std::atomic<std::uint64_t> calls{0};
        test::Peer caller{[&] {
            for (std::uint64_t call = 1;; ++call) {
                (void)ipc::sys::call(call % 2 == 0 ? own.endpoint : other.endpoint,
                                     {abi::Tag{}, {call, 9}});
                calls = call;
            }
        }};
        NEED(own_server.start());
        NEED(caller.start());
        EXPECT(test::eventually([&] { return calls > 4; }));
        if (i % 2 == 0) {
            const auto gone = std::move(endpoint);
        }
    }

    EXPECT(first.join());
    EXPECT(second.join());
    EXPECT(third.join());
    EXPECT(left_player.join());
    EXPECT(right_player.join());
    for (const abi::CapIndex endpoint : indices) {
        EXPECT(ipc::sys::call(endpoint, {}).error == Error::ok);
    }
    EXPECT(first_server.join());
    EXPECT(second_server.join());
    std::uint64_t answered = 0;
    for (const Client& client : clients) {
        EXPECT(client.wrong == 0);
        answered += client.answered[0];
    }
    // (The other server answered those as well who are gone.)
    EXPECT(one.answered == answered);
    EXPECT(one.failed == Error::ok && other.failed == Error::ok);
    EXPECT(left.seen == rounds && right.seen == rounds);
}
