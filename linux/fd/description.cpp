// SPDX-License-Identifier: MIT
#include "linux/fd/description.hpp"

#include "linux/fd/waiter.hpp"
#include "linux/process/state.hpp"
#include "linux/signal/interruption.hpp"

namespace linux::fd {

namespace {
constinit std::atomic<std::uint64_t> latest_id = 0;
}  // namespace

Description::Description(std::uint32_t status)
    : fixed_(status & ~OpenFlag::changeable),
      own_flags_(status & OpenFlag::changeable),
      id_(latest_id.fetch_add(1, std::memory_order_relaxed) + 1),
      card_{.access = static_cast<std::uint8_t>((readable() ? 1 : 0) | (writable() ? 2 : 0)),
            .number = id_} {}

std::uint32_t Description::card_offset() {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Winvalid-offsetof"  // no virtual bases
    return offsetof(Description, card_);
#pragma clang diagnostic pop
}

void Description::set_flags(std::uint32_t mask, std::uint32_t value) {
    mask &= OpenFlag::changeable;
    Flags& flags = *flags_.load(std::memory_order_relaxed);
    std::uint32_t before = flags.load(std::memory_order_relaxed);
    while (!flags.compare_exchange_weak(before, (before & ~mask) | (value & mask),
                                        std::memory_order_relaxed)) {
    }
}

Result<void> Description::change_status(std::uint32_t mask, std::uint32_t value) {
    set_flags(mask, value);
    return {};
}

std::int64_t Description::read(UserBuffer& /*buffer*/, Offset /*offset*/) { return -Errno::einval; }

std::int64_t Description::append(UserBuffer& /*buffer*/, bool /*moves*/) {
    return -Errno::eopnotsupp;
}
std::int64_t Description::write(UserBuffer& /*buffer*/, Offset /*offset*/) {
    return -Errno::einval;
}

Result<std::uint64_t> Description::seek(std::int64_t /*offset*/, std::uint32_t /*whence*/) {
    return base::fail(Errno::espipe);
}

Result<void> Description::set_attributes(std::uint32_t /*which*/, const fs::Attributes& /*to*/) {
    return base::fail(Errno::eperm);
}

Result<void> Description::truncate(std::uint64_t /*size*/) { return base::fail(Errno::einval); }

Result<void> Description::allocate(const fs::Allocate& /*how*/) {
    return base::fail(Errno::espipe);
}

Result<void> Description::sync(bool /*data_only*/) { return base::fail(Errno::einval); }

std::int64_t Description::ioctl(std::uint32_t /*request*/, std::uint64_t /*argument*/) {
    return -Errno::enotty;
}

void Description::end_poll(WakeTarget /*target*/) {}

// What comes from here on wakes the target; what has come up to the count is there when it is looked for.
std::uint32_t Description::poll_news(std::uint32_t events, WakeTarget target, Arrivals& seen) {
    if (target) {
        (void)poll(events, target);
    }
    const auto counted = arrivals();
    const std::uint32_t ready = poll(events, {});
    const Arrivals now = counted ? Arrivals{counted->input + 1, counted->output + 1}
                                 : Arrivals{seen.input + 1, seen.output + 1};
    if (ready == 0 || !now.are_news(events, seen)) {
        return 0;
    }
    seen = now;
    return ready;
}

std::int64_t Description::wait_readable(Patience patience) {
    auto waiter = Waiter::take();
    if (!waiter) {
        return -waiter.error();
    }
    const bool there = poll(fs::Poll::readable, waiter->target()) != 0;
    const Woken woken = there ? Woken::signalled : waiter->wait(patience.deadline());
    end_poll(waiter->target());
    return after_wait(woken, patience);
}

void Description::SocketOptions::copy(const SocketOptions& from) {
    credentials.store(from.credentials.load());
    receive_limit.store(from.receive_limit.load());
    send_limit.store(from.send_limit.load());
}

namespace {

constexpr std::uint64_t millisecond_ns = 1'000'000;

// 31 bits; 0: no limit, as is what does not fit.
std::uint32_t limit_to_ms(std::uint64_t limit_ns) {
    const std::uint64_t ms = std::max<std::uint64_t>(limit_ns / millisecond_ns, 1);
    return limit_ns == no_limit || ms >> 31 != 0 ? 0 : static_cast<std::uint32_t>(ms);
}

std::uint64_t limit_from_ms(std::uint32_t ms) { return ms == 0 ? no_limit : ms * millisecond_ns; }

}  // namespace

void Description::SocketOptions::describe(process::ImageDescriptor& to) const {
    to.state[4] = (credentials.load() ? 1U : 0U) | limit_to_ms(send_limit.load()) << 1;
    to.state[5] = limit_to_ms(receive_limit.load());
}

void Description::SocketOptions::adopt(const process::ImageDescriptor& from) {
    credentials.store((from.state[4] & 1) != 0);
    send_limit.store(limit_from_ms(from.state[4] >> 1));
    receive_limit.store(limit_from_ms(from.state[5]));
}

fs::Attributes own_attributes(fs::Kind kind, std::uint32_t mode, std::uint64_t inode) {
    fs::Attributes attributes;
    attributes.kind = kind;
    attributes.mode = mode;
    attributes.links = 1;
    attributes.inode = inode;
    attributes.user = identity().user;
    attributes.group = identity().group_id;
    return attributes;
}

}  // namespace linux::fd
