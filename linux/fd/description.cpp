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

std::int64_t Description::wait_readable() {
    auto waiter = Waiter::take();
    if (!waiter) {
        return -waiter.error();
    }
    const bool there = poll(fs::Poll::readable, waiter->target()) != 0;
    const Woken woken = there ? Woken::signalled : waiter->wait();
    end_poll(waiter->target());
    return woken == Woken::interrupted ? restart : 0;
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
