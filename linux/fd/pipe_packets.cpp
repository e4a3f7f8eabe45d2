// SPDX-License-Identifier: MIT
// Pipes and socket pairs whose writes stay apart: datagrams, sequenced packets, pipes with O_DIRECT.
#include <algorithm>

#include "linux/fd/pipe.hpp"
#include "linux/signal/interruption.hpp"

namespace linux::fd {

namespace {

constexpr std::uint32_t signal_pipe = 13;

}  // namespace

std::int64_t PipeEnd::receive_packet(UserBuffer& buffer, Options options, Received* received) {
    const Patience patience = to_receive();
    for (;;) {
        UserBuffer after = buffer;
        const auto copy = [&](std::span<const std::byte> bytes, std::size_t at = 0) {
            after = at == 0 ? buffer : after;
            return static_cast<bool>(after.put(bytes));
        };
        const auto packet = options.keep ? in_->peek(buffer.remaining(), copy)
                                         : in_->read_packet(buffer.remaining(), copy);
        if (packet.outcome == PipeRing::Outcome::done) {
            buffer = after;
            if (!options.keep) {
                if (packet.note != 0 && is_socket(side_)) {
                    pick_up(packet.note, received);
                }
                wake_other_side();
            }
            if (received != nullptr) {
                received->truncated = packet.available > packet.count;
                received->peer = peer_;
                received->name = peer_name();
            }
            return static_cast<std::int64_t>(options.tell_all ? packet.available : packet.count);
        }
        if (packet.outcome == PipeRing::Outcome::fault) {
            return -Errno::efault;
        }
        if (const auto stop = await_input(options, patience)) {
            return *stop;
        }
    }
}

// Why nothing can be sent any more; 0: it can.
std::int64_t PipeEnd::refusal(Options options) {
    if (!nobody_will_read()) {
        return 0;
    }
    if (framing_ == Framing::datagrams && out_->header().ended.load() == 0) {
        return std::exchange(disconnected_, true) ? -Errno::enotconn : -Errno::econnrefused;
    }
    if (framing_ == Framing::pipe_packets && !options.no_signal) {
        signals::raise(signal_pipe);
    }
    return -Errno::epipe;
}

// A socket sends one packet, a pipe one for each page.
std::int64_t PipeEnd::send_packets(UserBuffer& buffer, Options options, Parcel* parcel) {
    const bool is_pipe = framing_ == Framing::pipe_packets;
    const std::uint64_t most = is_pipe ? PipeRing::page_bytes : PipeRing::largest_packet;
    if (!is_pipe && buffer.remaining() > most) {
        return -Errno::emsgsize;
    }
    const Patience patience = to_send();
    std::uint64_t moved = 0;
    const auto result = [&](std::int64_t otherwise) {
        return moved != 0 ? static_cast<std::int64_t>(moved) : otherwise;
    };
    bool look = true;  // at the other side: at the start, and after each sleep
    while (buffer.remaining() != 0 || (!is_pipe && look)) {
        if (look) {
            if (const std::int64_t refused = refusal(options); refused != 0) {
                return result(refused);
            }
        }
        look = false;
        const auto sent = send_piece(buffer, most, parcel, [&](auto count, auto&& fill, auto note) {
            return count > PipeRing::page_bytes ? out_->write_large_packet(count, fill, note)
                                                : out_->write_packet(count, fill, note);
        });
        if (!sent) {
            return -sent.error();
        }
        const PipeRing::Transfer& part = *sent;
        if (part.outcome == PipeRing::Outcome::done) {
            moved += part.count;
            wake_other_side();
            continue;
        }
        if (part.outcome == PipeRing::Outcome::fault) {
            return result(-Errno::efault);
        }
        // Pages may be lost (pipe_ring.hpp).
        const std::size_t wanted = is_pipe ? 0 : buffer.remaining();
        if (out_->empty() && !out_->has_room_for(wanted)) {
            return result(-Errno::enobufs);
        }
        if (const std::int64_t stop = await_room(options, patience, wanted); stop != 0) {
            return result(stop);
        }
        look = true;
    }
    return static_cast<std::int64_t>(moved);
}

}  // namespace linux::fd
