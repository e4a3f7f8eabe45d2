// SPDX-License-Identifier: MIT
#include "linux/fd/signal_queue.hpp"

#include "linux/fd/image.hpp"
#include "linux/signal/interruption.hpp"
#include "linux/signal/state.hpp"

namespace linux::fd {

namespace {

struct Record {  // struct signalfd_siginfo
    std::uint32_t signal;
    std::int32_t error, code;
    std::uint32_t pid, user;
    std::int32_t descriptor;
    std::uint32_t timer, band, overrun, trap;
    std::int32_t status, value;
    std::uint64_t pointer, user_time, system_time, address;
    std::uint8_t reserved[48];
};
static_assert(sizeof(Record) == 128);

Record to_record(const signals::Taken& taken) {
    const SignalDetails& details = taken.details;
    Record record{};
    record.signal = taken.signal;
    record.code = details.code;
    if (details.code == linux_abi::SignalCode::timer) {
        record.timer = details.status;
        record.overrun = details.pid;
    } else {
        record.pid = details.pid;
        record.user = details.user;
        record.status = static_cast<std::int32_t>(details.status);
    }
    record.value = static_cast<std::int32_t>(details.value);
    record.pointer = details.value;
    return record;
}

}  // namespace

Result<Handle> SignalQueue::adopt(const process::ImageDescriptor& from) {
    return Handle{
        new SignalQueue(from.state[1] | std::uint64_t{from.state[2]} << 32, from.state[0])};
}

bool SignalQueue::describe(process::ImageDescriptor& to) const {
    to.kind = image_kind::signal_queue;
    for (ipc::CapIndex& capability : to.capabilities) {
        capability = abi::no_capability;
    }
    to.state[0] = status();
    to.state[1] = static_cast<std::uint32_t>(set_.load());
    to.state[2] = static_cast<std::uint32_t>(set_.load() >> 32);
    return true;
}

std::int64_t SignalQueue::read(UserBuffer& buffer, Offset offset) {
    if (offset != current_offset) {
        return -Errno::espipe;
    }
    if (buffer.remaining() < sizeof(Record)) {
        return -Errno::einval;
    }
    std::int64_t moved = 0;
    for (;;) {
        while (buffer.remaining() >= sizeof(Record)) {
            const auto taken = signals::take(set_.load());
            if (!taken) {
                break;
            }
            const Record record = to_record(*taken);
            if (const auto put = buffer.put(std::as_bytes(std::span{&record, 1})); !put) {
                return moved != 0 ? moved : -put.error();
            }
            moved += static_cast<std::int64_t>(sizeof record);
        }
        if (moved != 0) {
            return moved;
        }
        if (non_blocking()) {
            return -Errno::eagain;
        }
        if (const std::int64_t error = wait_readable(); error != 0) {
            return error;
        }
    }
}

Result<fs::Attributes> SignalQueue::attributes() {
    fs::Attributes attributes;
    attributes.mode = 0600;
    attributes.links = 1;
    return attributes;
}

std::uint32_t SignalQueue::poll(std::uint32_t events, WakeTarget target) {
    if (target) {
        signals::watch({target, set_.load(), this});
    }
    return (signals::pending() & set_.load()) != 0 ? events & fs::Poll::readable : 0;
}

// Any signal, as on Linux.
std::optional<Arrivals> SignalQueue::arrivals() { return Arrivals{signals::arrived(), 0}; }

void SignalQueue::end_poll(WakeTarget target) { signals::end_watch(target, this); }

}  // namespace linux::fd
