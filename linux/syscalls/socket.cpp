// SPDX-License-Identifier: MIT
// Sockets. There is no network yet: what exists are local sockets, in pairs (linux/fd/pipe.hpp) or, of
// streams and sequenced packets, with names (linux/fd/local_socket.hpp). Asking for another socket is answered as by a kernel
// without that protocol family, so that programs which can do without it go on.
#include "abi/linux/socket.hpp"

#include <algorithm>

#include "abi/linux/file.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/local_socket.hpp"
#include "linux/fd/pipe.hpp"
#include "linux/fd/table.hpp"
#include "linux/process/state.hpp"
#include "linux/syscalls/socket_control.hpp"
#include "linux/syscalls/table.hpp"
#include "linux/syscalls/wait_time.hpp"
#include "linux/time/clock.hpp"

namespace linux {

namespace {

using fd::Handle;
using fd::LocalSocket;
using fd::PipeEnd;
using fd::UserSegments;
using linux_abi::MessageFlag;
using linux_abi::MessageHeader;
using linux_abi::SocketOption;
using linux_abi::SocketType;

struct SocketHandle {
    Handle handle;
    PipeEnd* socket;
};

Result<SocketHandle> get_socket(std::int64_t number) {
    Handle description = TRY(fd::table.get_open(number));
    PipeEnd* socket = description->socket();
    if (socket == nullptr) {
        return base::fail(description->local_socket() != nullptr ? Errno::enotconn
                                                                 : Errno::enotsock);
    }
    return SocketHandle{std::move(description), socket};
}

// One that need not be connected.
Result<Handle> get_any_socket(std::int64_t number) {
    Handle description = TRY(fd::table.get_open(number));
    if (description->socket() == nullptr && description->local_socket() == nullptr) {
        return base::fail(Errno::enotsock);
    }
    return description;
}

// The part of a call that asks for a name. EINVAL: it is connected for good (a pair).
Result<LocalSocket*> local_of(const Handle& description, Errno otherwise) {
    if (description->local_socket() == nullptr) {
        return base::fail(otherwise);
    }
    return description->local_socket();
}

// The name in a struct sockaddr_un, as an absolute path.
Result<fd::Path> read_name(std::uint64_t address, std::uint64_t length, Errno no_path) {
    struct Address {
        std::uint16_t family;
        char path[108];
    };
    constexpr std::uint64_t path_offset = sizeof(std::uint16_t);
    if (length < path_offset || length > sizeof(Address)) {
        return base::fail(Errno::einval);
    }
    Address name{};
    TRY(user::copy_in(&name, address, length));
    if (name.family != linux_abi::SocketFamily::local) {
        return base::fail(Errno::einval);
    }
    const std::string_view path{name.path, length - path_offset};
    if (path.empty() || path.front() == '\0') {
        return base::fail(no_path);  // chosen by the system, or outside of the file system
    }
    return fd::resolve_text(linux_abi::at_cwd, path.substr(0, path.find('\0')));
}

// Names are not told: an address of the family alone.
Result<void> write_family(std::uint64_t address, std::uint64_t length_at) {
    const std::uint16_t family = linux_abi::SocketFamily::local;
    const auto room = TRY(user::read<std::uint32_t>(length_at));
    TRY(user::copy_out(address, &family, std::min<std::size_t>(room, sizeof family)));
    return user::write(length_at, std::uint32_t{sizeof family});
}

bool accepts_connections(fd::Description& socket) {
    return socket.local_socket() != nullptr && socket.local_socket()->is_listening();
}

// Only local sockets can be had, those for datagrams in pairs only.
Result<fd::Framing> check_type(const Arguments& arguments, bool pair) {
    const std::uint32_t type = arguments.word(1);
    if (arguments.word(0) != linux_abi::SocketFamily::local) {
        return base::fail(Errno::eafnosupport);
    }
    if ((type & ~(SocketType::mask | SocketType::non_block | SocketType::close_on_exec)) != 0) {
        return base::fail(Errno::einval);
    }
    if (arguments.word(2) > 1) {
        return base::fail(Errno::eprotonosupport);
    }
    switch (type & SocketType::mask) {
        case SocketType::stream:  return fd::Framing::stream;
        case SocketType::packets: return fd::Framing::sequenced;
        case SocketType::raw:  // means the same
        case SocketType::datagram:
            return pair ? Result<fd::Framing>{fd::Framing::datagrams}
                        : base::fail(Errno::esocktnosupport);
        default: return base::fail(Errno::esocktnosupport);
    }
}

std::int32_t type_of(fd::Framing framing) {
    return static_cast<std::int32_t>(
        framing == fd::Framing::stream ? SocketType::stream : static_cast<std::uint32_t>(framing));
}

std::uint32_t status_of(std::uint32_t type) {
    return (type & SocketType::non_block) != 0 ? linux_abi::OpenFlag::non_block : 0;
}

Result<std::int64_t> make_socket(const Arguments& arguments) {
    const fd::Framing framing = TRY(check_type(arguments, false));
    const std::uint32_t type = arguments.word(1);
    return fd::table.install(Handle{new LocalSocket(status_of(type), framing)},
                             (type & SocketType::close_on_exec) != 0);
}

Result<void> bind_name(const Arguments& arguments) {
    const Handle description = TRY(get_any_socket(arguments.integer(0)));
    LocalSocket* socket = TRY(local_of(description, Errno::einval));
    const fd::Path path = TRY(read_name(arguments[1], arguments.word(2), Errno::eaddrnotavail));
    return socket->bind(path);
}

Result<void> start_listening(const Arguments& arguments) {
    const Handle description = TRY(get_any_socket(arguments.integer(0)));
    return TRY(local_of(description, Errno::einval))->listen(arguments.word(1));
}

Result<std::int64_t> connect_to(const Arguments& arguments) {
    const Handle description = TRY(get_any_socket(arguments.integer(0)));
    LocalSocket* socket = TRY(local_of(description, Errno::eisconn));
    const fd::Path path = TRY(read_name(arguments[1], arguments.word(2), Errno::econnrefused));
    return socket->connect(path);
}

Result<std::int64_t> accept_one(const Arguments& arguments, std::uint32_t flags) {
    if ((flags & ~(SocketType::non_block | SocketType::close_on_exec)) != 0) {
        return base::fail(Errno::einval);
    }
    const Handle description = TRY(get_any_socket(arguments.integer(0)));
    LocalSocket* socket = TRY(local_of(description, Errno::einval));
    Handle end = TRY(socket->accept(status_of(flags)));
    if (arguments[1] != 0) {
        TRY(write_family(arguments[1], arguments[2]));
    }
    return fd::table.install(std::move(end), (flags & SocketType::close_on_exec) != 0);
}

Result<void> make_pair(const Arguments& arguments) {
    const fd::Framing framing = TRY(check_type(arguments, true));
    const std::uint32_t type = arguments.word(1);
    const bool close_on_exec = (type & SocketType::close_on_exec) != 0;
    fd::PipePair pair = TRY(fd::make_socket_pair(status_of(type), framing));
    const PipeEnd::Peer self{identity().pid, identity().user, identity().group_id};
    pair.reader->socket()->set_peer(self);
    pair.writer->socket()->set_peer(self);
    const std::int64_t first = TRY(fd::table.install(std::move(pair.reader), close_on_exec));
    const auto second = fd::table.install(std::move(pair.writer), close_on_exec);
    if (!second) {
        (void)fd::table.close(first);
        return base::fail(second.error());
    }
    struct Two {
        std::int32_t first, second;
    };
    const auto written = user::write(
        arguments[3], Two{static_cast<std::int32_t>(first), static_cast<std::int32_t>(*second)});
    if (!written) {
        (void)fd::table.close(first);
        (void)fd::table.close(*second);
    }
    return written;
}

PipeEnd::Options to_options(std::uint32_t flags) {
    return {.no_wait = (flags & MessageFlag::no_wait) != 0,
            .keep = (flags & MessageFlag::peek) != 0,
            .no_signal = (flags & MessageFlag::no_signal) != 0,
            .tell_all = (flags & MessageFlag::truncated) != 0};
}

std::int64_t receive(PipeEnd& socket, const UserSegments& segments, std::uint32_t flags,
                     PipeEnd::Received& received) {
    fd::UserBuffer buffer = segments.buffer();
    const PipeEnd::Options options = to_options(flags);
    std::int64_t count = socket.receive(buffer, options, &received);
    const bool all = (flags & MessageFlag::wait_all) != 0 && !options.no_wait &&
                     !socket.non_blocking() && !options.keep &&
                     socket.framing() == fd::Framing::stream;
    while (all && count > 0 && buffer.remaining() != 0 && !received.parcel) {
        const std::int64_t more = socket.receive(buffer, options, &received);
        if (more <= 0) {
            break;
        }
        count += more;
    }
    return count;
}

std::int64_t send(PipeEnd& socket, const UserSegments& segments, std::uint32_t flags,
                  fd::Parcel* parcel = nullptr) {
    fd::UserBuffer buffer = segments.buffer();
    return socket.send(buffer, to_options(flags), parcel);
}

// The other end of a pair has no name, which is an address of length 0.
Result<void> write_no_name(std::uint64_t length_pointer) {
    return length_pointer == 0 ? Result<void>{} : user::write(length_pointer, std::uint32_t{0});
}

Result<std::int64_t> send_to(const Arguments& arguments) {
    const SocketHandle socket = TRY(get_socket(arguments.integer(0)));
    if (arguments[4] != 0) {
        return base::fail(Errno::eisconn);
    }
    const auto segments = TRY(UserSegments::one(arguments[1], arguments[2]));
    return send(*socket.socket, segments, arguments.word(3));
}

Result<std::int64_t> receive_from(const Arguments& arguments) {
    const SocketHandle socket = TRY(get_socket(arguments.integer(0)));
    const auto segments = TRY(UserSegments::one(arguments[1], arguments[2]));
    PipeEnd::Received received;
    const std::int64_t count = receive(*socket.socket, segments, arguments.word(3), received);
    if (count >= 0 && arguments[4] != 0) {
        TRY(write_no_name(arguments[5]));
    }
    return count;
}

Result<std::int64_t> send_message(PipeEnd& socket, std::uint64_t header_at, std::uint32_t flags) {
    const auto header = TRY(user::read<MessageHeader>(header_at));
    const auto segments = TRY(UserSegments::list(header.vectors, header.vector_count));
    fd::Parcel parcel = TRY(read_control(header));
    return send(socket, segments, flags, &parcel);
}

Result<std::int64_t> receive_message(PipeEnd& socket, std::uint64_t header_at,
                                     std::uint32_t flags) {
    auto header = TRY(user::read<MessageHeader>(header_at));
    const auto segments = TRY(UserSegments::list(header.vectors, header.vector_count));
    PipeEnd::Received received;
    const std::int64_t count = receive(socket, segments, flags, received);
    if (count >= 0) {
        const bool close_on_exec = (flags & MessageFlag::close_on_exec) != 0;
        header.name_length = 0;
        header.flags = (received.truncated ? MessageFlag::truncated : 0) |
                       (close_on_exec ? MessageFlag::close_on_exec : 0);
        TRY(write_control(header, received.parcel, close_on_exec));
        TRY(user::write(header_at, header));
    }
    return count;
}

template <class Move>
Result<std::int64_t> with_socket(const Arguments& arguments, Move&& move) {
    const SocketHandle socket = TRY(get_socket(arguments.integer(0)));
    return move(*socket.socket, arguments[1], arguments.word(2));
}

// sendmmsg and recvmmsg: `move(at, first)` for each header, until one fails. What it moved goes behind
// the header. -> how many; the error is told only if there was none before.
template <class Move>
Result<std::int64_t> move_messages(const Arguments& arguments, Move&& move) {
    constexpr std::uint32_t most = 1024;
    constexpr std::uint64_t stride = sizeof(MessageHeader) + sizeof(std::uint64_t);
    const std::uint32_t count = std::min(arguments.word(2), most);
    std::int64_t done = 0;
    for (std::uint64_t at = arguments[1]; done < count; at += stride) {
        const auto moved = move(at, done == 0);
        if (!moved || *moved < 0) {
            return done != 0 ? Result<std::int64_t>{done} : moved;
        }
        TRY(user::write(at + sizeof(MessageHeader), static_cast<std::uint32_t>(*moved)));
        ++done;
    }
    return done;
}

Result<std::int64_t> send_messages(const Arguments& arguments) {
    const SocketHandle socket = TRY(get_socket(arguments.integer(0)));
    return move_messages(arguments, [&](std::uint64_t at, bool) {
        return send_message(*socket.socket, at, arguments.word(3));
    });
}

// The time limit is looked at between two messages only, as on Linux.
Result<std::int64_t> receive_messages(const Arguments& arguments) {
    const SocketHandle socket = TRY(get_socket(arguments.integer(0)));
    const WaitTime time = TRY(WaitTime::from_timespec(arguments[4]));
    const std::uint64_t deadline = time.deadline();
    std::uint32_t flags = arguments.word(3) & ~MessageFlag::wait_for_one;
    const bool for_one = flags != arguments.word(3);
    const auto received =
        move_messages(arguments, [&](std::uint64_t at, bool first) -> Result<std::int64_t> {
            if (!first && monotonic_now() >= deadline) {
                return base::fail(Errno::eagain);
            }
            flags |= !first && for_one ? MessageFlag::no_wait : 0;
            return receive_message(*socket.socket, at, flags);
        });
    time.store_rest(arguments[4]);
    return received;
}

Result<void> shut_down(const Arguments& arguments) {
    const SocketHandle socket = TRY(get_socket(arguments.integer(0)));
    const std::uint32_t how = arguments.word(1);
    if (how > 2) {
        return base::fail(Errno::einval);
    }
    socket.socket->shut_down(how != 1, how != 0);
    return {};
}

Result<void> write_option(const Arguments& arguments, std::span<const std::byte> value) {
    const auto room = TRY(user::read<std::uint32_t>(arguments[4]));
    const auto length = static_cast<std::uint32_t>(std::min<std::size_t>(room, value.size()));
    TRY(user::copy_out(arguments[3], value.data(), length));
    return user::write(arguments[4], length);
}

Result<void> get_option(const Arguments& arguments) {
    const Handle socket = TRY(get_any_socket(arguments.integer(0)));
    if (arguments.word(1) != linux_abi::SocketLevel::socket) {
        return base::fail(Errno::eopnotsupp);
    }
    std::int32_t value = 0;
    switch (arguments.word(2)) {
        case SocketOption::type:
            value = type_of(socket->socket() != nullptr ? socket->socket()->framing()
                                                        : socket->local_socket()->framing());
            break;
        case SocketOption::domain:           value = linux_abi::SocketFamily::local; break;
        case SocketOption::accepts:          value = accepts_connections(*socket) ? 1 : 0; break;
        case SocketOption::error:
        case SocketOption::keep_alive:
        case SocketOption::reuse_address:
        case SocketOption::protocol:         break;
        case SocketOption::send_buffer:
        case SocketOption::receive_buffer:   value = fd::PipeRing::capacity; break;
        case SocketOption::peer_credentials: {
            constexpr PipeEnd::Peer nobody{0, ~0U, ~0U};
            const PipeEnd* end = socket->socket();
            const PipeEnd::Peer peer = end != nullptr ? end->peer() : nobody;
            return write_option(arguments, std::as_bytes(std::span{&peer, 1}));
        }
        default: return base::fail(Errno::enoprotoopt);
    }
    return write_option(arguments, std::as_bytes(std::span{&value, 1}));
}

// The buffers have the size that they have; asking for another is only a wish.
Result<void> set_option(const Arguments& arguments) {
    const Handle socket = TRY(get_any_socket(arguments.integer(0)));
    if (arguments.word(1) != linux_abi::SocketLevel::socket) {
        return base::fail(Errno::eopnotsupp);
    }
    switch (arguments.word(2)) {
        case SocketOption::send_buffer:
        case SocketOption::receive_buffer:
        case SocketOption::reuse_address:
        case SocketOption::keep_alive:     return {};
        default:                           return base::fail(Errno::enoprotoopt);
    }
}

Result<void> get_name(const Arguments& arguments) {
    (void)TRY(get_any_socket(arguments.integer(0)));
    return write_family(arguments[1], arguments[2]);
}

Result<void> get_peer_name(const Arguments& arguments) {
    (void)TRY(get_socket(arguments.integer(0)));
    return write_family(arguments[1], arguments[2]);
}

}  // namespace

namespace calls {

std::int64_t socket(const Arguments& arguments) { return to_return(make_socket(arguments)); }
std::int64_t socketpair(const Arguments& arguments) { return to_return(make_pair(arguments)); }
std::int64_t sendto(const Arguments& arguments) { return to_return(send_to(arguments)); }
std::int64_t recvfrom(const Arguments& arguments) { return to_return(receive_from(arguments)); }
std::int64_t sendmsg(const Arguments& arguments) {
    return to_return(with_socket(arguments, send_message));
}
std::int64_t recvmsg(const Arguments& arguments) {
    return to_return(with_socket(arguments, receive_message));
}
std::int64_t sendmmsg(const Arguments& arguments) { return to_return(send_messages(arguments)); }
std::int64_t recvmmsg(const Arguments& arguments) { return to_return(receive_messages(arguments)); }
std::int64_t shutdown(const Arguments& arguments) { return to_return(shut_down(arguments)); }
std::int64_t getsockopt(const Arguments& arguments) { return to_return(get_option(arguments)); }
std::int64_t setsockopt(const Arguments& arguments) { return to_return(set_option(arguments)); }
std::int64_t getsockname(const Arguments& arguments) { return to_return(get_name(arguments)); }
std::int64_t getpeername(const Arguments& arguments) { return to_return(get_peer_name(arguments)); }

std::int64_t connect(const Arguments& arguments) { return to_return(connect_to(arguments)); }
std::int64_t accept(const Arguments& arguments) { return to_return(accept_one(arguments, 0)); }
std::int64_t accept4(const Arguments& arguments) {
    return to_return(accept_one(arguments, arguments.word(3)));
}
std::int64_t bind(const Arguments& arguments) { return to_return(bind_name(arguments)); }
std::int64_t listen(const Arguments& arguments) { return to_return(start_listening(arguments)); }

}  // namespace calls
}  // namespace linux
