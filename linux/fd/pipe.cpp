// SPDX-License-Identifier: MIT
#include "linux/fd/pipe.hpp"

#include <algorithm>

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

std::optional<PipeRing> in_ring(Side side, const PipeMapping& mapping) {
    switch (side) {
        case Side::reader:
        case Side::second:
        case Side::named_reader:
        case Side::named_both:   return mapping.ring(0);
        case Side::first:        return mapping.ring(1);
        default:                 return std::nullopt;
    }
}

std::optional<PipeRing> out_ring(Side side, const PipeMapping& mapping) {
    switch (side) {
        case Side::writer:
        case Side::first:
        case Side::named_writer:
        case Side::named_both:   return mapping.ring(0);
        case Side::second:       return mapping.ring(1);
        default:                 return std::nullopt;
    }
}

// Each side counts its sleepers in the ring that it reads, and a pipe's writers in the only one. Of a
// named pipe all sides count as one.
std::atomic<std::uint32_t>& sleepers_of(Side side, const PipeMapping& mapping) {
    switch (side) {
        case Side::writer: return mapping.ring(0).header().sleeping_writers;
        case Side::first:  return mapping.ring(1).header().sleeping_readers;
        default:           return mapping.ring(0).header().sleeping_readers;
    }
}

Side other_side(Side side) {
    switch (side) {
        case Side::reader: return Side::writer;
        case Side::writer: return Side::reader;
        case Side::first:  return Side::second;
        case Side::second: return Side::first;
        default:           return side;
    }
}

std::uint64_t mapped_bytes(bool socket) {
    return socket ? 2 * PipeRing::memory_bytes : PipeRing::memory_bytes;
}

// What the end on the other side of `own` holds of it.
// Of a socket it may also see whether it was the last one on its side.
Result<PipeCapabilities> capabilities_for(ipc::Capability<ipc::Notification> own,
                                          ipc::Ref<ipc::Notification> other, bool socket) {
    const auto rights = static_cast<std::uint8_t>(abi::NotificationRights::signal |
                                                  (socket ? abi::NotificationRights::wait : 0));
    auto signal = TRY(or_errno(ipc::copy(other, rights)));
    auto guard =
        TRY(or_errno(ipc::mint<ipc::Notification>(other, {.badge = gone_bit,
                                                          .rights = abi::NotificationRights::signal,
                                                          .flags = abi::MintFlags::drop_guard})));
    return PipeCapabilities{std::move(own), std::move(signal), std::move(guard), {}};
}

Result<PipePair> make_pair(Side one, std::uint32_t one_status, Side other,
                           std::uint32_t other_status, Framing framing) {
    const std::uint64_t bytes = mapped_bytes(is_socket(one));
    auto of_one = TRY(or_errno(container_bank()->create_notification()));
    auto of_other = TRY(or_errno(container_bank()->create_notification()));
    const auto first = of_one.ref();
    const bool socket = is_socket(one);
    auto for_one = TRY(capabilities_for(std::move(of_one), of_other, socket));
    auto for_other = TRY(capabilities_for(std::move(of_other), first, socket));
    if (socket) {
        for_one.shelf = TRY(or_errno(container_bank()->create_cap_table(Shelf::slots)));
        for_other.shelf = TRY(or_errno(ipc::copy(for_one.shelf.ref())));
    }
    auto memory = TRY(or_errno(container_bank()->create_memory(bytes)));
    PipeMapping* mapping = TRY(PipeMapping::create(std::move(memory), bytes));
    mapping->ring(0).header().framing.store(static_cast<std::uint32_t>(framing));
    mapping->retain();
    PipePair pair{Handle{new PipeEnd(one, one_status, mapping, std::move(for_one))},
                  Handle{new PipeEnd(other, other_status, mapping, std::move(for_other))}};
    TRY(pair.reader->change_status(OpenFlag::changeable, one_status));
    TRY(pair.writer->change_status(OpenFlag::changeable, other_status));
    return pair;
}

}  // namespace

Result<PipeMapping*> PipeMapping::create(ipc::Capability<ipc::Memory> memory, std::uint64_t bytes) {
    static_assert(2 * PipeRing::memory_bytes <= PipeWindows::slot_bytes);
    const auto address = pipe_windows.take();
    if (!address) {
        return base::fail(Errno::enfile);
    }
    const auto mapped = ipc::own_space()->map(
        memory,
        {.address = *address,
         .length = bytes,
         .flags = abi::MapFlags::read | abi::MapFlags::write | abi::MapFlags::on_clone_share});
    if (!mapped) {
        pipe_windows.give_back(*address);
        return base::fail(to_errno(mapped.error()));
    }
    return new PipeMapping(std::move(memory), *address);
}

void PipeMapping::release() {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        // What took the place of lost memory may be more than that was.
        (void)ipc::own_space()->unmap(address_, PipeWindows::slot_bytes);
        pipe_windows.give_back(address_);
        delete this;
    }
}

PipeEnd::PipeEnd(Side side, std::uint32_t status, PipeMapping* mapping,
                 PipeCapabilities capabilities)
    : Description(status),
      side_(side),
      framing_(static_cast<Framing>(mapping->ring(0).header().framing.load())),
      mapping_(mapping),
      in_(in_ring(side, *mapping)),
      out_(out_ring(side, *mapping)),
      queue_(std::move(capabilities.own), sleepers_of(side, *mapping)),
      other_(std::move(capabilities.other)),
      guard_(std::move(capabilities.guard)),
      shelf_(std::move(capabilities.shelf)) {
    show_number(mapping->memory());
    // A named pipe's are its File's: there are many ends.
    if (side < Side::named_reader) {
        const bool is_first = side == Side::reader || side == Side::first;
        share_flags(mapping->ring(0).header().flags[is_first ? 0 : 1]);
    }
}

PipeEnd::~PipeEnd() {
    drop_undelivered();
    mapping_->release();
}

void PipeEnd::wake_other_side() {
    wake_sleepers(other_, sleepers_of(other_side(side_), *mapping_));
}

// Datagrams know no end of file: only the own side can end them.
bool PipeEnd::nothing_will_come() {
    const std::uint32_t ended = in_->header().ended.load();
    return framing_ == Framing::datagrams ? (ended & PipeRing::reading_ended) != 0
                                          : ended != 0 || writers_gone();
}

bool PipeEnd::nobody_will_read() { return out_->header().ended.load() != 0 || readers_gone(); }

template <class Ready>
std::int64_t PipeEnd::sleep(Patience patience, Ready&& ready) {
    auto waiter = Waiter::take();
    if (!waiter) {
        return -waiter.error();
    }
    if (const auto entered = queue_.enter(waiter->target()); !entered) {
        return -entered.error();
    }
    Woken woken = Woken::signalled;
    if (!ready()) {
        woken = waiter->wait(patience.deadline());
    }
    queue_.leave(waiter->target());
    return after_wait(woken, patience);
}

std::optional<std::int64_t> PipeEnd::await_input(Options options, Patience patience) {
    bool ended = false;
    if (options.no_wait || non_blocking()) {
        ended = nothing_will_come();
        return !in_->empty() ? std::nullopt
               : ended       ? std::optional<std::int64_t>{0}
                             : std::optional<std::int64_t>{-Errno::eagain};
    }
    const auto ready = [&] {
        ended = in_->empty() && nothing_will_come();
        return ended || !in_->empty();
    };
    if (const std::int64_t stop = sleep(patience, ready); stop != 0) {
        return stop;
    }
    // What was written before the end is still to be read.
    return ended && in_->empty() ? std::optional<std::int64_t>{0} : std::nullopt;
}

std::int64_t PipeEnd::await_room(Options options, Patience patience, std::size_t bytes) {
    if (options.no_wait || non_blocking()) {
        return -Errno::eagain;
    }
    return sleep(patience, [&] { return out_->has_room_for(bytes) || nobody_will_read(); });
}

std::int64_t PipeEnd::receive(UserBuffer& buffer, Options options, Received* received) {
    if (framing_ != Framing::stream) [[unlikely]] {
        return receive_packet(buffer, options, received);
    }
    if (received != nullptr) {
        received->peer = peer_;
    }
    const Patience patience = to_receive();
    std::uint64_t moved = 0;
    while (buffer.remaining() != 0) {
        UserBuffer after = buffer;
        const auto copy = [&](std::span<const std::byte> bytes) {
            after = buffer;
            return static_cast<bool>(after.put(bytes));
        };
        const auto part = options.keep ? in_->peek(buffer.remaining(), copy)
                                       : in_->read(buffer.remaining(), copy);
        if (part.outcome == PipeRing::Outcome::done) {
            buffer = after;
            moved += part.count;
            if (options.keep) {
                break;
            }
            if (part.note != 0 && is_socket(side_)) [[unlikely]] {
                pick_up(part.note, received);
                break;
            }
            continue;
        }
        if (moved != 0) {
            break;
        }
        if (part.outcome == PipeRing::Outcome::fault) {
            return -Errno::efault;
        }
        if (const auto stop = await_input(options, patience)) {
            return *stop;
        }
    }
    if (moved != 0 && !options.keep) {
        wake_other_side();
    }
    return static_cast<std::int64_t>(moved);
}

std::int64_t PipeEnd::send(UserBuffer& buffer, Options options, Parcel* parcel) {
    if (framing_ != Framing::stream) [[unlikely]] {
        return send_packets(buffer, options, parcel);
    }
    const Patience patience = to_send();
    std::uint64_t moved = 0;
    const auto result = [&](std::int64_t otherwise) {
        return moved != 0 ? static_cast<std::int64_t>(moved) : otherwise;
    };
    bool look = true;  // at the other side: at the start, and after each sleep
    while (buffer.remaining() != 0) {
        if (look && nobody_will_read()) {
            if (!options.no_signal) {
                signals::raise(signal_pipe);
            }
            return result(-Errno::epipe);
        }
        look = false;
        const auto sent = send_piece(
            buffer, PipeRing::page_bytes, parcel,
            [&](auto count, auto&& fill, auto note) { return out_->write(count, fill, note); });
        if (!sent) {
            return -sent.error();
        }
        const PipeRing::Transfer& part = *sent;
        if (part.outcome == PipeRing::Outcome::done) {
            moved += part.count;
            continue;
        }
        wake_other_side();
        if (part.outcome == PipeRing::Outcome::fault) {
            return result(-Errno::efault);
        }
        if (const std::int64_t stop = await_room(options, patience); stop != 0) {
            return result(stop);
        }
        look = true;
    }
    wake_other_side();
    return static_cast<std::int64_t>(moved);
}

std::int64_t PipeEnd::read(UserBuffer& buffer, Offset offset) {
    return offset != current_offset ? -Errno::espipe : receive(buffer, {});
}

std::int64_t PipeEnd::write(UserBuffer& buffer, Offset offset) {
    return offset != current_offset ? -Errno::espipe : send(buffer, {});
}

void PipeEnd::shut_down(bool reading, bool writing) {
    if (reading) {
        in_->header().ended.fetch_or(PipeRing::reading_ended);
    }
    if (writing) {
        out_->header().ended.fetch_or(PipeRing::writing_ended);
    }
    wake_other_side();
}

Result<fs::Attributes> PipeEnd::attributes() {
    return own_attributes(kind(), is_socket(side_) ? 0777 : 0600, mapping_->memory());
}

std::int64_t PipeEnd::ioctl(std::uint32_t request, std::uint64_t argument) {
    if (request != linux_abi::Ioctl::fionread) {
        return -Errno::enotty;
    }
    PipeRing ring = in_ ? *in_ : *out_;
    return to_return(user::write(argument, static_cast<std::int32_t>(ring.readable())));
}

std::uint32_t PipeEnd::ready_events() {
    const bool gone = queue_.had(gone_bit);
    std::uint32_t ready = 0;
    if (in_) {
        const bool ended = in_->header().ended.load() != 0;
        // Of a socket, the end is readable too.
        const bool end_to_read = is_socket(side_) && (gone || ended);
        ready |= !in_->empty() || end_to_read ? fs::Poll::readable : 0;
        ready |= gone ? fs::Poll::hang_up : 0;
        ready |= is_socket(side_) && (gone || ended) ? fs::Poll::peer_done : 0;
        if (framing_ == Framing::datagrams) {
            ready = in_->empty() ? 0 : fs::Poll::readable;
        }
    }
    if (out_) {
        // Who is told that he can send a packet can send any.
        const bool room = framing_ == Framing::stream || !is_socket(side_)
                              ? !out_->full()
                              : out_->has_room_for(PipeRing::largest_packet);
        ready |= room || gone ? fs::Poll::writable : 0;
        ready |= gone && !is_socket(side_) ? fs::Poll::error : 0;
    }
    return ready;
}

std::uint32_t PipeEnd::poll(std::uint32_t events, WakeTarget target) {
    if (target) {
        (void)queue_.enter(target);
    } else if (side_ == Side::reader && queue_.is_silent() && in_->empty()) {
        return 0;  // most of many, mostly
    }
    return ready_events() & (events | fs::Poll::hang_up | fs::Poll::error);
}

// What is taken from a pipe is news to its writer when there was no room before; at a socket always.
std::optional<Arrivals> PipeEnd::arrivals() {
    const std::uint32_t ends = ready_events() & (fs::Poll::hang_up | fs::Poll::error);
    Arrivals result{ends, ends};
    if (in_) {
        const PipeRing::Header& from = in_->header();
        result.input |= std::uint64_t{from.writes.load()} << 8 | from.ended.load();
    }
    if (out_) {
        const PipeRing::Header& to = out_->header();
        const std::uint64_t taken = is_socket(side_) ? to.head.load() : to.openings.load();
        result.output |= taken << 8 | to.ended.load();
    }
    return result;
}

bool PipeEnd::describe(process::ImageDescriptor& to) const {
    to.kind = image_kind::pipe_reader + static_cast<std::uint8_t>(side_);
    to.capabilities[0] = mapping_->memory();
    to.capabilities[1] = queue_.source();
    to.capabilities[2] = other_.index();
    to.capabilities[3] = guard_.index();
    to.capabilities[4] = shelf_.index();
    to.state[0] = status();
    to.state[1] = peer_.pid;
    to.state[2] = peer_.user;
    to.state[3] = peer_.group;
    socket_options().describe(to);
    return true;
}

Result<Handle> PipeEnd::adopt(const process::ImageDescriptor& from, const PipeEnd* partner) {
    const auto side = static_cast<Side>(from.kind - image_kind::pipe_reader);
    PipeMapping* mapping = partner != nullptr ? partner->mapping_ : nullptr;
    if (mapping != nullptr) {
        mapping->retain();
    } else {
        mapping = TRY(PipeMapping::create(ipc::Capability<ipc::Memory>{from.capabilities[0]},
                                          mapped_bytes(is_socket(side))));
    }
    using Notification = ipc::Capability<ipc::Notification>;
    auto* end = new PipeEnd(
        side, from.state[0], mapping,
        {Notification{from.capabilities[1]}, Notification{from.capabilities[2]},
         Notification{from.capabilities[3]}, ipc::Capability<ipc::CapTable>{from.capabilities[4]}});
    end->set_peer({from.state[1], from.state[2], from.state[3]});
    end->socket_options().adopt(from);
    return Handle{end};
}

Result<PipePair> make_pipe(std::uint32_t status) {
    const bool packets = (status & OpenFlag::direct) != 0;
    return make_pair(Side::reader, status | OpenFlag::read_only, Side::writer,
                     status | OpenFlag::write_only,
                     packets ? Framing::pipe_packets : Framing::stream);
}

Result<PipePair> make_socket_pair(std::uint32_t status, Framing framing) {
    status |= OpenFlag::read_write;
    return make_pair(Side::first, status, Side::second, status, framing);
}

}  // namespace linux::fd
