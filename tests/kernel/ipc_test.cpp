// SPDX-License-Identifier: MIT
#include <algorithm>
#include <atomic>
#include <cstring>

#include "libs/ipc/server.hpp"
#include "tests/kernel/peer.hpp"

using abi::EndpointRights;
using abi::Error;
using abi::Tag;
using ipc::sys::Message;
using ipc::sys::Outcome;
using test::bank;

namespace {

constexpr std::uint64_t page = abi::page_size;

// An endpoint with a reply object, and the two halves of a conversation in raw form.
struct Desk {
    ipc::Capability<ipc::Endpoint> endpoint;
    ipc::Capability<ipc::Reply> reply;

    static ipc::KernelResult<Desk> open() {
        Desk desk;
        desk.endpoint = TRY(bank()->create_endpoint());
        desk.reply = TRY(bank()->create_reply());
        return desk;
    }
    [[nodiscard]] Outcome receive(std::uint64_t deadline = rt::now() + test::patience) const {
        return ipc::sys::receive(endpoint.index(), reply.index(), deadline);
    }
    [[nodiscard]] Error answer(const Message& message) const {
        return ipc::sys::reply(reply.index(), message);
    }
    [[nodiscard]] Outcome call(const Message& message) const {
        return ipc::sys::call(endpoint.index(), message);
    }
};

std::uint64_t soon() { return rt::now() + 5 * rt::millisecond; }

}  // namespace

TEST(ipc_call_and_reply) {
    auto desk = NEED(Desk::open());
    Outcome got{};
    test::Peer server{[&] {
        got = desk.receive();
        (void)desk.answer(
            {abi::make_tag(9, 0, 0, 3), {got.words[0] + got.words[5], 0, 0, 0, 0, 60}});
    }};
    NEED(server.start());
    const Outcome back = desk.call({abi::make_tag(7, 0, 0, 21), {1, 2, 3, 4, 5, 6}});
    EXPECT(back.error == Error::ok);
    EXPECT(server.join());
    EXPECT(got.error == Error::ok && got.badge == 0);
    EXPECT(got.tag.raw == abi::make_tag(7, 0, 0, 21).raw);
    EXPECT(got.words == (ipc::Words{1, 2, 3, 4, 5, 6}));
    EXPECT(back.tag.raw == abi::make_tag(9, 0, 0, 3).raw);
    EXPECT(back.words == (ipc::Words{7, 0, 0, 0, 0, 60}));
}

TEST(ipc_the_caller_may_come_first) {
    auto desk = NEED(Desk::open());
    Outcome back{};
    test::Peer client{[&] { back = desk.call({abi::make_tag(1), {5}}); }};
    NEED(client.start());
    EXPECT(test::eventually([&] { return test::is_blocked(client.thread()); }));
    const Outcome got = desk.receive();
    EXPECT(got.error == Error::ok && got.words[0] == 5);
    EXPECT(desk.answer({abi::make_tag(0), {6}}) == Error::ok);
    EXPECT(client.join());
    EXPECT(back.words[0] == 6);
    EXPECT(desk.answer({}) == Error::no_caller);  // one answer is all
}

TEST(ipc_payload_travels_both_ways) {
    auto desk = NEED(Desk::open());
    bool right = false;
    test::Peer server{[&] {
        const Outcome got = desk.receive();
        auto payload = ipc::message_page();
        right = got.tag.payload() == page &&
                std::ranges::all_of(payload, [](auto b) { return b == std::byte{3}; });
        std::ranges::fill(payload, std::byte{4});
        (void)desk.answer({abi::make_tag(0, 10), {}});
    }};
    NEED(server.start());
    auto payload = ipc::message_page();
    std::ranges::fill(payload, std::byte{3});
    const Outcome back = desk.call({abi::make_tag(0, page), {}});
    EXPECT(server.join());
    EXPECT(right);
    EXPECT(back.tag.payload() == 10);
    EXPECT(payload[9] == std::byte{4} && payload[10] == std::byte{3});
}

TEST(ipc_refuses_what_is_too_long) {
    auto desk = NEED(Desk::open());
    EXPECT(desk.call({abi::make_tag(0, page + 1), {}}).error == Error::too_long);
    EXPECT(desk.call({abi::make_tag(0, 0, 5), {}}).error == Error::too_long);
    EXPECT(ipc::sys::send(desk.endpoint.index(), {abi::make_tag(0, 8191), {}}) == Error::too_long);
    EXPECT(ipc::sys::reply(desk.reply.index(), {abi::make_tag(0, 0, 7), {}}) == Error::too_long);
}

TEST(ipc_flags_of_the_kernel_cannot_be_forged) {
    auto desk = NEED(Desk::open());
    Outcome got{};
    test::Peer server{[&] {
        got = desk.receive();
        (void)desk.answer({Tag{Tag::is_drop}, {}});
    }};
    NEED(server.start());
    const Outcome back = desk.call({Tag{Tag::is_drop | Tag::is_signal | Tag::is_fault | 5}, {}});
    EXPECT(server.join());
    EXPECT(got.tag.raw == 5 && back.tag.raw == 0);
}

TEST(ipc_badges) {
    auto desk = NEED(Desk::open());
    auto minted = NEED(ipc::mint<ipc::Endpoint>(
        desk.endpoint.ref(), {.badge = 0xdead'beef'1234, .rights = EndpointRights::call}));
    std::uint64_t badge = 0;
    test::Peer server{[&] {
        badge = desk.receive().badge;
        (void)desk.answer({});
    }};
    NEED(server.start());
    EXPECT(ipc::sys::call(minted.index(), {}).error == Error::ok);
    EXPECT(server.join());
    EXPECT(badge == 0xdead'beef'1234);
    EXPECT(ipc::sys::receive(minted.index(), desk.reply.index()).error == Error::missing_right);
}

TEST(ipc_rights_and_types) {
    auto desk = NEED(Desk::open());
    auto receive_only = NEED(ipc::copy(desk.endpoint.ref(), EndpointRights::receive));
    EXPECT(ipc::sys::call(receive_only.index(), {}).error == Error::missing_right);
    EXPECT(ipc::sys::send(receive_only.index(), {}) == Error::missing_right);
    EXPECT(ipc::sys::receive(bank().index(), 0).error == Error::wrong_type);
    EXPECT(ipc::sys::receive(desk.endpoint.index(), bank().index()).error == Error::wrong_type);
    EXPECT(ipc::sys::receive(desk.endpoint.index(), 9999).error == Error::invalid_capability);
    EXPECT(ipc::sys::reply(desk.endpoint.index(), {}) == Error::wrong_type);
    EXPECT(ipc::sys::reply(desk.reply.index(), {}) == Error::no_caller);
    EXPECT(ipc::sys::reply_and_receive(desk.endpoint.index(), 0, {}).error ==
           Error::invalid_capability);
    EXPECT(ipc::sys::reply_and_receive(desk.endpoint.index(), desk.reply.index(), {}).error ==
           Error::no_caller);
    EXPECT(ipc::sys::send(desk.reply.index(), {}) == Error::wrong_type);
    EXPECT(ipc::sys::call(desk.reply.index(), {abi::make_tag(1), {}}).error == Error::wrong_type);
}

TEST(ipc_deadlines) {
    auto desk = NEED(Desk::open());
    EXPECT(desk.receive(soon()).error == Error::timed_out);
    EXPECT(ipc::sys::call(desk.endpoint.index(), {{}, {}, soon()}).error == Error::timed_out);
    EXPECT(ipc::sys::send(desk.endpoint.index(), {{}, {}, soon()}) == Error::timed_out);
    // Also while the answer is awaited: then the answer finds nobody.
    auto over = NEED(bank()->create_notification());
    Error error = Error::ok;
    Error late = Error::ok;
    test::Peer server{[&] {
        error = desk.receive().error;
        (void)over->wait({.deadline = rt::now() + test::patience});
        late = desk.answer({});
    }};
    NEED(server.start());
    EXPECT(test::eventually([&] { return test::is_blocked(server.thread()); }));
    EXPECT(ipc::sys::call(desk.endpoint.index(), {{}, {}, soon()}).error == Error::timed_out);
    EXPECT_OK(over->signal(1));
    EXPECT(server.join());
    EXPECT(error == Error::ok);
    EXPECT(late == Error::no_caller);
}

TEST(ipc_send_needs_no_reply_object) {
    auto desk = NEED(Desk::open());
    Outcome got{};
    test::Peer receiver{
        [&] { got = ipc::sys::receive(desk.endpoint.index(), 0, rt::now() + test::patience); }};
    NEED(receiver.start());
    EXPECT(ipc::sys::call(desk.endpoint.index(), {{}, {}, soon()}).error ==
           Error::timed_out);  // not a call
    EXPECT(ipc::sys::send(desk.endpoint.index(), {abi::make_tag(4), {44}}) == Error::ok);
    EXPECT(receiver.join());
    EXPECT(got.words[0] == 44 && got.tag.label() == 4);
}

TEST(ipc_reply_and_receive) {
    auto desk = NEED(Desk::open());
    Outcome second{};
    Error last = Error::ok;
    test::Peer server{[&] {
        const Outcome first = desk.receive();
        second =
            ipc::sys::reply_and_receive(desk.endpoint.index(), desk.reply.index(),
                                        {{}, {first.words[0] + 1}, rt::now() + test::patience});
        last = ipc::sys::reply_and_receive(desk.endpoint.index(), desk.reply.index(),
                                           {{}, {second.words[0] + 1}, soon()})
                   .error;
    }};
    NEED(server.start());
    EXPECT(desk.call({{}, {10}}).words[0] == 11);
    EXPECT(desk.call({{}, {20}}).words[0] == 21);
    EXPECT(server.join());
    EXPECT(second.error == Error::ok && second.words[0] == 20);
    EXPECT(last == Error::timed_out);
}

TEST(ipc_reply_object_in_use) {
    auto desk = NEED(Desk::open());
    Outcome back{};
    test::Peer client{[&] { back = desk.call({}); }};
    NEED(client.start());
    EXPECT(desk.receive().error == Error::ok);
    EXPECT(desk.receive().error == Error::busy);
    EXPECT(desk.answer({}) == Error::ok);
    EXPECT(client.join());
    EXPECT(back.error == Error::ok);
}

TEST(ipc_the_server_dies) {
    auto desk = NEED(Desk::open());
    Error error = Error::ok;
    test::Peer waiting_for_answer{[&] { error = desk.call({}).error; }};
    NEED(waiting_for_answer.start());
    EXPECT(desk.receive().error == Error::ok);
    desk.reply.reset();
    EXPECT(waiting_for_answer.join());
    EXPECT(error == Error::dead);

    auto inner = NEED(bank()->create_bank(1 << 20));
    auto endpoint = NEED(inner->create_endpoint());
    error = Error::ok;
    test::Peer waiting_for_receiver{[&] { error = ipc::sys::call(endpoint.index(), {}).error; }};
    NEED(waiting_for_receiver.start());
    EXPECT(test::eventually([&] { return test::is_blocked(waiting_for_receiver.thread()); }));
    EXPECT_OK(inner->destroy());
    EXPECT(waiting_for_receiver.join());
    EXPECT(error == Error::dead);
}

TEST(ipc_capabilities_are_copied) {
    auto desk = NEED(Desk::open());
    auto memory = NEED(bank()->create_memory(page));
    std::uint32_t received = 0;
    bool works = false;
    test::Peer server{[&] {
        const Outcome got = desk.receive();
        received = static_cast<std::uint32_t>(got.tag.capabilities());
        auto caps = ipc::ReceivedCapabilities::from_control_page(received);
        auto first = caps.take<ipc::Memory>(0);
        works = first && first->query().has_value() && first.index() != memory.index() &&
                !caps.take<ipc::Memory>(1);
        (void)desk.answer({});
    }};
    NEED(server.start());
    ipc::control_page().capabilities[0] = memory.index();
    ipc::control_page().capabilities[1] = 9999;  // names nothing: arrives as none
    EXPECT(desk.call({abi::make_tag(0, 0, 2), {}}).error == Error::ok);
    EXPECT(server.join());
    EXPECT(received == 2 && works);
    EXPECT_OK(memory->query());
}

TEST(ipc_capabilities_move) {
    auto desk = NEED(Desk::open());
    auto memory = NEED(bank()->create_memory(page));
    auto child = NEED(ipc::copy(memory.ref()));
    const ipc::CapIndex sent = memory.release();
    bool works = false;
    test::Peer server{[&] {
        const Outcome got = desk.receive();
        auto caps = ipc::ReceivedCapabilities::from_control_page(got.tag.capabilities());
        auto moved = caps.take<ipc::Memory>(0);
        // It is the original, not a derived one: revoking it reaches the child.
        works = moved && ipc::own_table()->revoke(moved.index()).has_value() && !child->query();
        (void)desk.answer({});
    }};
    NEED(server.start());
    ipc::control_page().capabilities[0] = sent;
    EXPECT(desk.call({abi::make_tag(0, 0, 1, 0, Tag::moves), {}}).error == Error::ok);
    EXPECT(server.join());
    EXPECT(works);
}

TEST(ipc_drop_messages) {
    auto desk = NEED(Desk::open());
    const ipc::MintOptions how{
        .badge = 5, .rights = EndpointRights::call, .flags = abi::MintFlags::drop_guard};
    auto guarded = NEED(ipc::mint<ipc::Endpoint>(desk.endpoint.ref(), how));
    auto copy = NEED(ipc::copy(guarded.ref()));
    guarded.reset();
    EXPECT(desk.receive(soon()).error == Error::timed_out);
    copy.reset();
    const Outcome got = desk.receive();
    EXPECT(got.error == Error::ok && got.tag.has(Tag::is_drop) && got.badge == 5);
    EXPECT(desk.receive(soon()).error == Error::timed_out);
    // The last copy may also go with the bank of the table that holds it.
    auto inner = NEED(bank()->create_bank(1 << 20));
    auto table = NEED(inner->create_cap_table(64));
    EXPECT_OK(
        table->mint(desk.endpoint, {.badge = 6, .rights = 1, .flags = abi::MintFlags::drop_guard}));
    EXPECT_OK(inner->destroy());
    EXPECT(desk.receive().badge == 6);
}

TEST(ipc_bound_notification) {
    auto desk = NEED(Desk::open());
    auto notification = NEED(bank()->create_notification());
    EXPECT_OK(ipc::own_thread()->bind_notification(notification));
    EXPECT_OK(notification->signal(12));
    Outcome got = desk.receive();
    EXPECT(got.error == Error::ok && got.tag.has(Tag::is_signal) && got.words[0] == 12);
    test::Peer signaller{[&] { (void)notification->signal(3); }};
    NEED(signaller.start());
    got = desk.receive();
    EXPECT(got.tag.has(Tag::is_signal) && got.words[0] == 3);
    EXPECT(signaller.join());
    EXPECT_OK(ipc::own_thread()->bind_notification({}));
    EXPECT_OK(notification->signal(1));
    EXPECT(desk.receive(soon()).error == Error::timed_out);
}

// The typed layer over the same: a server with a handler, called through its protocol.
namespace {

struct Double {
    static constexpr std::uint16_t label = 1;
    static constexpr std::size_t payload = 16;
    static constexpr std::size_t reply_payload = 16;
    std::uint64_t value = 0;
    struct Reply {
        std::uint64_t value = 0;
    };
};
struct GiveMemory {
    static constexpr std::uint16_t label = 2;
    static constexpr std::size_t reply_capabilities = 1;
    std::uint64_t later = 0;
    struct Reply {};
};
struct Service {
    ipc::Result<Double::Reply> handle(const Double& operation, ipc::Request& request) {
        request.set_reply_payload(request.payload());
        return operation.value == 13 ? ipc::Result<Double::Reply>{base::fail(ipc::Status::invalid)}
                                     : Double::Reply{2 * operation.value};
    }
    ipc::Result<GiveMemory::Reply> handle(const GiveMemory& operation, ipc::Request& request) {
        auto memory = bank()->create_memory(page);
        if (!memory) {
            return base::fail(ipc::Status::no_memory);
        }
        if (operation.later == 0) {
            request.add_capability(std::move(*memory));
        } else {
            auto pending = TRY(request.defer());
            delivered = pending.answer<GiveMemory>({}, *memory);
        }
        return GiveMemory::Reply{};
    }
    std::uint64_t deadline() const { return until; }
    void on_drop(std::uint64_t) {}

    std::uint64_t until = rt::now() + test::patience;
    std::atomic<bool> delivered = false;
};

}  // namespace

TEST(ipc_typed_server) {
    auto endpoint = NEED(bank()->create_endpoint());
    Service service;
    test::Peer server{
        [&] { (void)ipc::serve<ipc::Operations<Double, GiveMemory>>(endpoint, service); }};
    NEED(server.start());
    auto doubled = NEED(ipc::call(endpoint, Double{21}, {.payload = ipc::bytes("hello")}));
    EXPECT(doubled.reply.value == 42);
    EXPECT(ipc::text(doubled.payload) == "hello");
    EXPECT_ERROR(ipc::call(endpoint, Double{13}), ipc::Failure{ipc::Status::invalid});
    for (const std::uint64_t later : {0U, 1U}) {
        auto given = NEED(ipc::call(endpoint, GiveMemory{later}));
        auto memory = given.take<ipc::Memory>();
        EXPECT_OK(memory->query());
    }
    EXPECT(test::eventually([&] { return service.delivered.load(); }));
    const auto wrong = ipc::sys::call(endpoint.index(), {abi::make_tag(3), {}});
    EXPECT(wrong.tag.status() == static_cast<std::uint16_t>(ipc::Status::unsupported));
    const auto malformed = ipc::sys::call(endpoint.index(), {abi::make_tag(2, 1), {}});
    EXPECT(malformed.tag.status() == static_cast<std::uint16_t>(ipc::Status::malformed));
}
