// SPDX-License-Identifier: MIT
#include "linux/fd/pipe.hpp"

#include <algorithm>
#include <new>

#include "abi/linux/terminal.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/image.hpp"
#include "linux/fd/windows.hpp"
#include "linux/process/state.hpp"
#include "linux/signal/interruption.hpp"

namespace linux::fd {

namespace {

constexpr std::uint32_t signal_pipe = 13;

ipc::Ref<ipc::Bank> container_bank() { return ipc::Ref<ipc::Bank>{process::container_bank}; }

// The right to signal, which sets `gone_bit` with the end of its last copy.
Result<ipc::Capability<ipc::Notification>> make_guard(ipc::Ref<ipc::Notification> of) {
    return or_errno(ipc::mint<ipc::Notification>(of, {.badge = gone_bit,
                                                      .rights = abi::NotificationRights::signal,
                                                      .flags = abi::MintFlags::drop_guard}));
}

}  // namespace

Result<PipeMapping*> PipeMapping::create(ipc::Capability<ipc::Memory> memory) {
    const auto address = pipe_windows.take();
    if (!address) {
        return base::fail(Errno::enfile);
    }
    const auto mapped = ipc::own_space()->map(
        memory,
        {.address = *address,
         .length = PipeRing::memory_bytes,
         .flags = abi::MapFlags::read | abi::MapFlags::write | abi::MapFlags::on_clone_share});
    if (!mapped) {
        pipe_windows.give_back(*address);
        return base::fail(to_errno(mapped.error()));
    }
    return new PipeMapping(std::move(memory), *address);
}

void PipeMapping::release() {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        (void)ipc::own_space()->unmap(address_, PipeRing::memory_bytes);
        pipe_windows.give_back(address_);
        delete this;
    }
}

PipeEnd::PipeEnd(bool writer, std::uint32_t status, PipeMapping* mapping,
                 ipc::Capability<ipc::Notification> wait, ipc::Capability<ipc::Notification> guard)
    : Description(status),
      writer_(writer),
      mapping_(mapping),
      queue_(std::move(wait), writer ? mapping->ring().header().sleeping_writers
                                     : mapping->ring().header().sleeping_readers),
      guard_(std::move(guard)) {}

PipeEnd::~PipeEnd() { mapping_->release(); }

void PipeEnd::wake_other_side() {
    const PipeRing::Header& shared = mapping_->ring().header();
    wake_sleepers(guard_, writer_ ? shared.sleeping_readers : shared.sleeping_writers);
}

template <class Ready>
std::int64_t PipeEnd::sleep(Ready&& ready) {
    auto waiter = Waiter::take();
    if (!waiter) {
        return -waiter.error();
    }
    if (const auto entered = queue_.enter(waiter->target()); !entered) {
        return -entered.error();
    }
    Woken woken = Woken::signalled;
    if (!ready() && !other_side_gone()) {
        woken = waiter->wait();
    }
    queue_.leave(waiter->target());
    return woken == Woken::interrupted ? restart : 0;
}

std::int64_t PipeEnd::read(UserBuffer& buffer, Offset offset) {
    if (offset != current_offset) {
        return -Errno::espipe;
    }
    PipeRing ring = mapping_->ring();
    std::uint64_t moved = 0;
    while (buffer.remaining() != 0) {
        UserBuffer after = buffer;
        const auto part = ring.read(buffer.remaining(), [&](std::span<const std::byte> bytes) {
            after = buffer;
            return static_cast<bool>(after.put(bytes));
        });
        if (part.outcome == PipeRing::Outcome::done) {
            buffer = after;
            moved += part.count;
            continue;
        }
        if (part.outcome == PipeRing::Outcome::fault && moved == 0) {
            return -Errno::efault;
        }
        if (moved != 0) {
            break;
        }
        if (other_side_gone() && ring.empty()) {
            return 0;
        }
        if (non_blocking() && ring.empty()) {
            return -Errno::eagain;
        }
        if (const std::int64_t stop = sleep([&] { return !ring.empty(); }); stop != 0) {
            return stop;
        }
    }
    if (moved != 0) {
        wake_other_side();
    }
    return static_cast<std::int64_t>(moved);
}

std::int64_t PipeEnd::write(UserBuffer& buffer, Offset offset) {
    if (offset != current_offset) {
        return -Errno::espipe;
    }
    PipeRing ring = mapping_->ring();
    std::uint64_t moved = 0;
    const auto result = [&](std::int64_t otherwise) {
        return moved != 0 ? static_cast<std::int64_t>(moved) : otherwise;
    };
    bool look = true;  // at the other side: at the start, and after each sleep
    while (buffer.remaining() != 0) {
        if (look && other_side_gone()) {
            signals::raise(signal_pipe);
            return result(-Errno::epipe);
        }
        look = false;
        UserBuffer after = buffer;
        const std::uint64_t count =
            std::min<std::uint64_t>(buffer.remaining(), PipeRing::page_bytes);
        const auto part = ring.write(count, [&](std::byte* to, std::size_t bytes) {
            after = buffer;
            return static_cast<bool>(after.get({to, bytes}));
        });
        if (part.outcome == PipeRing::Outcome::done) {
            buffer = after;
            moved += part.count;
            continue;
        }
        wake_other_side();
        if (part.outcome == PipeRing::Outcome::fault) {
            return result(-Errno::efault);
        }
        if (non_blocking()) {
            return result(-Errno::eagain);
        }
        if (const std::int64_t stop = sleep([&] { return !ring.full(); }); stop != 0) {
            return result(stop);
        }
        look = true;
    }
    wake_other_side();
    return static_cast<std::int64_t>(moved);
}

Result<fs::Attributes> PipeEnd::attributes() {
    fs::Attributes attributes;
    attributes.kind = fs::Kind::fifo;
    attributes.mode = 0600;
    attributes.links = 1;
    attributes.inode = mapping_->memory();
    attributes.user = identity().user;
    attributes.group = identity().group_id;
    return attributes;
}

std::int64_t PipeEnd::ioctl(std::uint32_t request, std::uint64_t argument) {
    if (request != linux_abi::Ioctl::fionread) {
        return -Errno::enotty;
    }
    return to_return(user::write(argument, static_cast<std::int32_t>(mapping_->ring().readable())));
}

std::uint32_t PipeEnd::ready_events() {
    PipeRing ring = mapping_->ring();
    if (writer_) {
        const std::uint32_t room = ring.full() ? 0 : fs::Poll::writable;
        return room | (other_side_gone() ? fs::Poll::error : 0);
    }
    if (!ring.empty()) {
        return fs::Poll::readable | (other_side_gone() ? fs::Poll::hang_up : 0);
    }
    return other_side_gone() ? fs::Poll::hang_up : 0;
}

std::uint32_t PipeEnd::poll(std::uint32_t events, WakeTarget target) {
    if (target) {
        (void)queue_.enter(target);
    }
    return ready_events() & (events | fs::Poll::hang_up | fs::Poll::error);
}

bool PipeEnd::describe(process::ImageDescriptor& to) const {
    to.kind = writer_ ? image_kind::pipe_writer : image_kind::pipe_reader;
    to.capabilities[0] = mapping_->memory();
    to.capabilities[1] = queue_.source();
    to.capabilities[2] = guard_.index();
    to.state[0] = status();
    return true;
}

Result<PipePair> make_pipe(std::uint32_t status) {
    auto data = TRY(or_errno(container_bank()->create_notification()));
    auto space = TRY(or_errno(container_bank()->create_notification()));
    auto writer_guard = TRY(make_guard(data));
    auto reader_guard = TRY(make_guard(space));
    auto memory = TRY(or_errno(container_bank()->create_memory(PipeRing::memory_bytes)));
    PipeMapping* mapping = TRY(PipeMapping::create(std::move(memory)));
    mapping->retain();
    return PipePair{Handle{new PipeEnd(false, status | OpenFlag::read_only, mapping,
                                       std::move(data), std::move(reader_guard))},
                    Handle{new PipeEnd(true, status | OpenFlag::write_only, mapping,
                                       std::move(space), std::move(writer_guard))}};
}

}  // namespace linux::fd
