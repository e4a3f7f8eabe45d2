// SPDX-License-Identifier: MIT
#include "bench/kernel/switches.hpp"

#include <array>
#include <span>

#include "bench/kernel/measure.hpp"
#include "bench/kernel/process.hpp"
#include "libs/rt/mapping.hpp"
#include "libs/rt/thread.hpp"

namespace bench {
namespace {

struct Meeting {
    ipc::Capability<ipc::Endpoint> endpoint;
    ipc::Capability<ipc::Reply> reply;
    ipc::Capability<ipc::Notification> bell;  // its bits are a time
    ipc::Capability<ipc::Notification> silent;
};
constinit Meeting meeting;

constexpr std::uint64_t payload_bytes = 4 * sizeof(std::uint64_t);

[[noreturn]] void echo(std::uint64_t payload) {
    const abi::CapIndex endpoint = meeting.endpoint.index();
    const abi::CapIndex reply = meeting.reply.index();
    ipc::sys::Outcome request = ipc::sys::receive(endpoint, reply);
    for (;;) {
        request = ipc::sys::reply_and_receive(endpoint, reply,
                                              {abi::make_tag(0, payload), request.words});
    }
}

void echo_here(void* /*nothing*/) { echo(0); }

// Rings for as long as the program lives, whenever the listener waits.
[[noreturn]] void ring(std::uint64_t) {
    for (;;) {
        (void)meeting.bell->signal(rt::time_stamp());
    }
}

[[noreturn]] void give_way(std::uint64_t) {
    for (;;) {
        ipc::sys::yield();
    }
}

abi::Error call_with_payload() {
    const std::array<std::uint64_t, payload_bytes / 8> more{7, 8, 9, 10};
    ipc::put_payload(std::as_bytes(std::span{more}));
    return ipc::sys::call(meeting.endpoint.index(),
                          {abi::make_tag(1, payload_bytes), {1, 2, 3, 4, 5, 6}})
        .error;
}

ipc::KernelResult<std::uint64_t> listen(std::uint64_t count) {
    std::uint64_t taken = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t rung = TRY(meeting.bell->wait());
        taken += rt::time_stamp() - rung;
    }
    return taken;
}

ipc::KernelResult<std::uint64_t> yield(std::uint64_t count) {
    const std::uint64_t begin = rt::time_stamp();
    for (std::uint64_t i = 0; i < count; ++i) ipc::sys::yield();
    return rt::time_stamp() - begin;
}

// Each is a switch there and one back.
ipc::KernelResult<std::uint64_t> yield_to_other(std::uint64_t switches) {
    return yield(switches / 2);
}

ipc::KernelResult<std::uint64_t> destroy_threads(std::uint64_t count) {
    constexpr std::uint64_t bytes = 3 * abi::page_size;
    const auto memory = TRY(ipc::own_bank()->create_memory(bytes));
    const auto mapping = TRY(rt::map(memory, {.length = bytes}));
    const std::uint64_t pages = mapping.address() + abi::page_size;
    std::uint64_t taken = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        auto made = TRY(BareThread::start(memory, abi::page_size, pages, pages));
        const std::uint64_t begin = rt::time_stamp();
        made.thread.reset();
        made.context.reset();
        taken += rt::time_stamp() - begin;
    }
    return taken;
}

ipc::KernelResult<std::uint64_t> create_spaces(std::uint64_t count) {
    std::uint64_t taken = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t begin = rt::time_stamp();
        const auto space = TRY(ipc::own_bank()->create_address_space());
        taken += rt::time_stamp() - begin;
    }
    return taken;
}

// Page tables stay as long as their address space: each time another place is taken, which no table covers yet.
ipc::KernelResult<std::uint64_t> map_first_pages(std::uint64_t count) {
    constexpr std::uint64_t first_place = 0x1000'0000'0000;
    constexpr std::uint64_t covered_by_root_entry = std::uint64_t{1} << 39;
    static constinit std::uint64_t place = first_place;
    std::uint64_t taken = 0;
    for (std::uint64_t i = 0; i < count; ++i, place += covered_by_root_entry) {
        const auto memory = TRY(ipc::own_bank()->create_memory(abi::page_size));
        const std::uint64_t begin = rt::time_stamp();
        TRY(ipc::own_space()->map(memory, {.address = place, .length = abi::page_size}));
        *reinterpret_cast<volatile std::uint8_t*>(place) = 1;
        taken += rt::time_stamp() - begin;
        TRY(ipc::own_space()->unmap(place, abi::page_size));
    }
    return taken;
}

}  // namespace

ipc::KernelResult<void> measure_switches(std::uint8_t priority) {
    const auto bank = ipc::own_bank();
    meeting.endpoint = TRY(bank->create_endpoint());
    meeting.reply = TRY(bank->create_reply());
    meeting.bell = TRY(bank->create_notification());
    meeting.silent = TRY(bank->create_notification());

    Process other = TRY(Process::start(echo, payload_bytes, priority));
    measure("ipc_call_10w", 1000, call_with_payload);
    other.destroy();
    other = TRY(Process::start(ring, 0, priority - 1));
    measure_batches("signal_wakes", 1000, listen);
    other.destroy();
    measure("poll_empty", 1000, [] {
        const auto bits = meeting.silent->poll();
        return bits || bits.error() != abi::Error::would_block ? abi::Error::changed
                                                               : abi::Error::ok;
    });
    measure_batches("yield_alone", 1000, yield);
    other = TRY(Process::start(give_way, 0, priority));
    measure_batches("yield_switch", 1000, yield_to_other);
    other.destroy();
    measure_batches("thread_destroy", 50, destroy_threads);
    measure_batches("address_space_create", 50, create_spaces);
    measure_batches("address_space_first_page", 5, map_first_pages);

    const rt::Thread echoing = TRY(rt::Thread::start(echo_here, nullptr, {.priority = priority}));
    const abi::CapIndex endpoint = meeting.endpoint.index();
    measure("ipc_call_same_space", 1000,
            [endpoint] { return ipc::sys::call(endpoint, {abi::make_tag(1), {}}).error; });
    return {};
}

}  // namespace bench
