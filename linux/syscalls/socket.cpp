// SPDX-License-Identifier: MIT
// Sockets. There is no network yet: what exists are local sockets, in pairs (linux/fd/pipe.hpp) or
// with names (linux/fd/local_socket.hpp, linux/fd/datagram_socket.hpp). Asking for another socket is answered as by a kernel
// without that protocol family, so that programs which can do without it go on.
#include "abi/linux/socket.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "abi/linux/file.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/datagram_socket.hpp"
#include "linux/fd/local_socket.hpp"
#include "linux/fd/named_socket.hpp"
#include "linux/fd/pipe.hpp"
#include "linux/fd/table.hpp"
#include "linux/process/state.hpp"
#include "linux/syscalls/socket_control.hpp"
#include "linux/syscalls/table.hpp"
#include "linux/syscalls/wait_time.hpp"
#include "linux/time/clock.hpp"

namespace linux {

namespace {

using fd::DatagramSocket;
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
        const bool unconnected =
            description->local_socket() != nullptr || description->datagram_socket() != nullptr;
        return base::fail(unconnected ? Errno::enotconn : Errno::enotsock);
    }
    return SocketHandle{std::move(description), socket};
}

// One that need not be connected.
Result<Handle> get_any_socket(std::int64_t number) {
    Handle description = TRY(fd::table.get_open(number));
    if (description->socket() == nullptr && description->local_socket() == nullptr &&
        description->datagram_socket() == nullptr) {
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

// The name in a struct sockaddr_un, as the program has it and as an absolute path, which stands at the start
// of the message page. What is abstract stands there as it is.
struct Name {
    std::string text;
    fd::Path path;
};

struct Address {
    std::uint16_t family;
    char path[108];
};
constexpr std::uint64_t path_offset = sizeof(std::uint16_t);

Result<Name> read_name(std::uint64_t address, std::uint64_t length) {
    if (length <= path_offset || length > sizeof(Address)) {
        return base::fail(Errno::einval);
    }
    Address given{};
    TRY(user::copy_in(&given, address, length));
    if (given.family != linux_abi::SocketFamily::local) {
        return base::fail(Errno::einval);
    }
    const std::string_view path{given.path, length - path_offset};
    if (fd::is_abstract(path)) {
        const auto page = ipc::message_page();
        std::ranges::copy(ipc::bytes(path), page.begin());
        return Name{.text = std::string{path},
                    .path = {.text = ipc::text(page.first(path.size()))}};
    }
    Name name{.text = std::string{path.substr(0, path.find('\0'))}, .path = {}};
    name.path = TRY(fd::resolve_text(linux_abi::at_cwd, name.text));
    return name;
}

// -> the length of the address; of it, as much is written as there is room for.
Result<std::uint32_t> put_name(std::uint64_t address, std::uint32_t room, std::string_view name) {
    Address full{.family = linux_abi::SocketFamily::local, .path = {}};
    const bool ends = !name.empty() && !fd::is_abstract(name);  // with a zero byte
    const std::size_t text = name.copy(full.path, sizeof full.path - (ends ? 1 : 0));
    const std::size_t length = path_offset + text + (ends ? 1 : 0);
    TRY(user::copy_out(address, &full, std::min<std::size_t>(room, length)));
    return static_cast<std::uint32_t>(length);
}

// Without a name: an address of the family alone.
Result<void> write_name(std::uint64_t address, std::uint64_t length_at, std::string_view name) {
    const auto room = TRY(user::read<std::uint32_t>(length_at));
    return user::write(length_at, TRY(put_name(address, room, name)));
}

// Where a socket's options are: at the connected end, once there is one.
fd::Description& options_of(fd::Description& socket) {
    return socket.socket() != nullptr ? *socket.socket() : socket;
}

fd::Framing framing_of(fd::Description& socket) {
    if (socket.datagram_socket() != nullptr) {
        return fd::Framing::datagrams;
    }
    return socket.socket() != nullptr ? socket.socket()->framing()
                                      : socket.local_socket()->framing();
}

bool accepts_connections(fd::Description& socket) {
    return socket.local_socket() != nullptr && socket.local_socket()->is_listening();
}

// Only local sockets can be had.
Result<fd::Framing> check_type(const Arguments& arguments) {
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
        case SocketType::stream:   return fd::Framing::stream;
        case SocketType::packets:  return fd::Framing::sequenced;
        case SocketType::raw:      // means the same
        case SocketType::datagram: return fd::Framing::datagrams;
        default:                   return base::fail(Errno::esocktnosupport);
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
    const fd::Framing framing = TRY(check_type(arguments));
    const std::uint32_t type = arguments.word(1);
    Handle socket = framing == fd::Framing::datagrams
                        ? Handle{new DatagramSocket(status_of(type))}
                        : Handle{new LocalSocket(status_of(type), framing)};
    return fd::table.install(std::move(socket), (type & SocketType::close_on_exec) != 0);
}

Result<void> bind_name(const Arguments& arguments) {
    const Handle description = TRY(get_any_socket(arguments.integer(0)));
    const bool chosen = arguments.word(2) == path_offset;
    if (chosen && TRY(user::read<std::uint16_t>(arguments[1])) != linux_abi::SocketFamily::local) {
        return base::fail(Errno::einval);
    }
    const Name name = chosen ? Name{} : TRY(read_name(arguments[1], arguments.word(2)));
    if (DatagramSocket* socket = description->datagram_socket()) {
        return socket->bind(name.path, name.text);
    }
    return TRY(local_of(description, Errno::einval))->bind(name.path, name.text);
}

Result<void> start_listening(const Arguments& arguments) {
    const Handle description = TRY(get_any_socket(arguments.integer(0)));
    if (description->datagram_socket() != nullptr) {
        return base::fail(Errno::eopnotsupp);
    }
    return TRY(local_of(description, Errno::einval))->listen(arguments.word(1));
}

Result<void> connect_datagrams(DatagramSocket& socket, const Arguments& arguments) {
    if (arguments.word(2) >= path_offset &&
        TRY(user::read<std::uint16_t>(arguments[1])) == linux_abi::SocketFamily::none) {
        socket.disconnect();
        return {};
    }
    const Name name = TRY(read_name(arguments[1], arguments.word(2)));
    return socket.connect(name.path, name.text);
}

Result<std::int64_t> connect_to(const Arguments& arguments) {
    const Handle description = TRY(get_any_socket(arguments.integer(0)));
    if (DatagramSocket* datagrams = description->datagram_socket()) {
        TRY(connect_datagrams(*datagrams, arguments));
        return 0;
    }
    LocalSocket* socket = TRY(local_of(description, Errno::eisconn));
    const Name name = TRY(read_name(arguments[1], arguments.word(2)));
    return socket->connect(name.path, name.text);
}

Result<std::int64_t> accept_one(const Arguments& arguments, std::uint32_t flags) {
    if ((flags & ~(SocketType::non_block | SocketType::close_on_exec)) != 0) {
        return base::fail(Errno::einval);
    }
    const Handle description = TRY(get_any_socket(arguments.integer(0)));
    if (description->datagram_socket() != nullptr) {
        return base::fail(Errno::eopnotsupp);
    }
    LocalSocket* socket = TRY(local_of(description, Errno::einval));
    Handle end = TRY(socket->accept(status_of(flags)));
    if (arguments[1] != 0) {
        TRY(write_name(arguments[1], arguments[2], end->socket()->peer_name()));
    }
    return fd::table.install(std::move(end), (flags & SocketType::close_on_exec) != 0);
}

Result<void> make_pair(const Arguments& arguments) {
    const fd::Framing framing = TRY(check_type(arguments));
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

// What a message is received from: an end, or all that have come to a name.
Result<Handle> get_source(std::int64_t number) {
    Handle description = TRY(get_any_socket(number));
    if (description->socket() == nullptr && description->datagram_socket() == nullptr) {
        return base::fail(Errno::enotconn);
    }
    return description;
}

std::int64_t receive(fd::Description& source, const UserSegments& segments, std::uint32_t flags,
                     PipeEnd::Received& received) {
    fd::UserBuffer buffer = segments.buffer();
    const PipeEnd::Options options = to_options(flags);
    PipeEnd* socket = source.socket();
    if (socket == nullptr) {
        return source.datagram_socket()->receive(buffer, options, &received);
    }
    std::int64_t count = socket->receive(buffer, options, &received);
    const bool all = (flags & MessageFlag::wait_all) != 0 && !options.no_wait &&
                     !socket->non_blocking() && !options.keep &&
                     socket->framing() == fd::Framing::stream;
    while (all && count > 0 && buffer.remaining() != 0 && !received.parcel) {
        const std::int64_t more = socket->receive(buffer, options, &received);
        if (more <= 0) {
            break;
        }
        count += more;
    }
    return count;
}

// The end by which a message to this address (0: the one that it is connected with) goes out. After this
// the message page may be used again.
struct Outgoing {
    Handle handle;
    bool no_wait = false;
};

Result<Outgoing> way_out(std::int64_t number, std::uint64_t address, std::uint32_t length) {
    Handle description = TRY(get_any_socket(number));
    if (DatagramSocket* socket = description->datagram_socket()) {
        const bool no_wait = socket->non_blocking();
        if (address == 0) {
            return Outgoing{TRY(socket->default_way()), no_wait};
        }
        const Name name = TRY(read_name(address, length));
        return Outgoing{TRY(socket->way_to(name.path, name.text)), no_wait};
    }
    if (description->socket() == nullptr) {
        return base::fail(address == 0 ? Errno::enotconn : Errno::eopnotsupp);
    }
    if (address != 0) {
        return base::fail(Errno::eisconn);
    }
    return Outgoing{std::move(description)};
}

std::int64_t send(const Outgoing& way, const UserSegments& segments, std::uint32_t flags,
                  fd::Parcel* parcel = nullptr) {
    fd::UserBuffer buffer = segments.buffer();
    PipeEnd::Options options = to_options(flags);
    options.no_wait |= way.no_wait;
    return way.handle->socket()->send(buffer, options, parcel);
}

Result<std::int64_t> send_to(const Arguments& arguments) {
    const Outgoing way = TRY(way_out(arguments.integer(0), arguments[4], arguments.word(5)));
    const auto segments = TRY(UserSegments::one(arguments[1], arguments[2]));
    return send(way, segments, arguments.word(3));
}

Result<std::int64_t> receive_from(const Arguments& arguments) {
    const Handle source = TRY(get_source(arguments.integer(0)));
    const auto segments = TRY(UserSegments::one(arguments[1], arguments[2]));
    PipeEnd::Received received;
    const std::int64_t count = receive(*source, segments, arguments.word(3), received);
    if (count >= 0 && arguments[4] != 0) {
        if (!received.name.empty()) {
            TRY(write_name(arguments[4], arguments[5], received.name));
        } else if (arguments[5] != 0) {
            TRY(user::write(arguments[5], std::uint32_t{0}));
        }
    }
    return count;
}

Result<std::int64_t> send_message(std::int64_t number, std::uint64_t header_at,
                                  std::uint32_t flags) {
    const auto header = TRY(user::read<MessageHeader>(header_at));
    const std::uint64_t address = header.name_length == 0 ? 0 : header.name;
    const Outgoing way = TRY(way_out(number, address, header.name_length));
    const auto segments = TRY(UserSegments::list(header.vectors, header.vector_count));
    fd::Parcel parcel = TRY(read_control(header));
    return send(way, segments, flags, &parcel);
}

Result<std::int64_t> receive_message(std::int64_t number, std::uint64_t header_at,
                                     std::uint32_t flags) {
    const Handle source = TRY(get_source(number));
    auto header = TRY(user::read<MessageHeader>(header_at));
    const auto segments = TRY(UserSegments::list(header.vectors, header.vector_count));
    PipeEnd::Received received;
    const std::int64_t count = receive(*source, segments, flags, received);
    if (count < 0) {
        return count;
    }
    const bool close_on_exec = (flags & MessageFlag::close_on_exec) != 0;
    const std::uint32_t room = std::exchange(header.name_length, 0);
    if (header.name != 0 && !received.name.empty()) {
        header.name_length = TRY(put_name(header.name, room, received.name));
    }
    header.flags = (received.truncated ? MessageFlag::truncated : 0) |
                   (close_on_exec ? MessageFlag::close_on_exec : 0);
    TRY(write_control(header, received, close_on_exec,
                      options_of(*source).socket_options().credentials.load()));
    TRY(user::write(header_at, header));
    return count;
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
    return move_messages(arguments, [&](std::uint64_t at, bool) {
        return send_message(arguments.integer(0), at, arguments.word(3));
    });
}

// The time limit is looked at between two messages only, as on Linux.
Result<std::int64_t> receive_messages(const Arguments& arguments) {
    (void)TRY(get_source(arguments.integer(0)));
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
            return receive_message(arguments.integer(0), at, flags);
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

// A time limit, of which nothing is shown as zero. Linux (net/core/sock.c, sock_set_timeout) takes a negative one for "not at
// all", and one that is too long for none.
std::atomic<std::uint64_t>& limit_of(fd::Description& socket, std::uint32_t option) {
    fd::Description::SocketOptions& options = options_of(socket).socket_options();
    return option == SocketOption::receive_timeout ? options.receive_limit : options.send_limit;
}

Result<void> set_limit(std::atomic<std::uint64_t>& limit, const Arguments& arguments) {
    if (arguments.word(4) < sizeof(linux_abi::Timeval)) {
        return base::fail(Errno::einval);
    }
    const auto time = TRY(user::read<linux_abi::Timeval>(arguments[3]));
    if (time.microseconds < 0 || time.microseconds >= 1'000'000) {
        return base::fail(Errno::edom);
    }
    const bool endless = time.seconds == 0 && time.microseconds == 0;
    limit.store(time.seconds < 0 ? 0 : endless ? fd::no_limit : TRY(to_ns(time)));
    return {};
}

Result<void> get_option(const Arguments& arguments) {
    const Handle socket = TRY(get_any_socket(arguments.integer(0)));
    if (arguments.word(1) != linux_abi::SocketLevel::socket) {
        return base::fail(Errno::eopnotsupp);
    }
    std::int32_t value = 0;
    switch (arguments.word(2)) {
        case SocketOption::type:          value = type_of(framing_of(*socket)); break;
        case SocketOption::domain:        value = linux_abi::SocketFamily::local; break;
        case SocketOption::accepts:       value = accepts_connections(*socket) ? 1 : 0; break;
        case SocketOption::error:
        case SocketOption::keep_alive:
        case SocketOption::reuse_address:
        case SocketOption::protocol:      break;
        case SocketOption::send_buffer:
        case SocketOption::receive_buffer:
            value = framing_of(*socket) == fd::Framing::stream ? fd::PipeRing::capacity
                                                               : fd::PipeRing::packet_capacity;
            break;
        case SocketOption::receive_timeout:
        case SocketOption::send_timeout:    {
            const std::uint64_t limit = limit_of(*socket, arguments.word(2)).load();
            const auto time = to_timeval(limit == fd::no_limit ? 0 : limit);
            return write_option(arguments, std::as_bytes(std::span{&time, 1}));
        }
        case SocketOption::pass_credentials:
            value = options_of(*socket).socket_options().credentials.load() ? 1 : 0;
            break;
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
        case SocketOption::receive_timeout:
        case SocketOption::send_timeout:
            return set_limit(limit_of(*socket, arguments.word(2)), arguments);
        case SocketOption::pass_credentials:
            if (arguments.word(4) < sizeof(std::int32_t)) {
                return base::fail(Errno::einval);
            }
            options_of(*socket).socket_options().credentials.store(
                TRY(user::read<std::int32_t>(arguments[3])) != 0);
            return {};
        default: return base::fail(Errno::enoprotoopt);
    }
}

Result<void> get_name(const Arguments& arguments) {
    const Handle socket = TRY(get_any_socket(arguments.integer(0)));
    std::string name;
    if (socket->datagram_socket() != nullptr) {
        name = socket->datagram_socket()->name();
    } else {
        name =
            socket->socket() != nullptr ? socket->socket()->name() : socket->local_socket()->name();
    }
    return write_name(arguments[1], arguments[2], name);
}

Result<void> get_peer_name(const Arguments& arguments) {
    const Handle socket = TRY(get_source(arguments.integer(0)));
    const std::string name = socket->socket() != nullptr
                                 ? socket->socket()->peer_name()
                                 : TRY(socket->datagram_socket()->peer_name());
    return write_name(arguments[1], arguments[2], name);
}

}  // namespace

namespace calls {

std::int64_t socket(const Arguments& arguments) { return to_return(make_socket(arguments)); }
std::int64_t socketpair(const Arguments& arguments) { return to_return(make_pair(arguments)); }
std::int64_t sendto(const Arguments& arguments) { return to_return(send_to(arguments)); }
std::int64_t recvfrom(const Arguments& arguments) { return to_return(receive_from(arguments)); }
std::int64_t sendmsg(const Arguments& arguments) {
    return to_return(send_message(arguments.integer(0), arguments[1], arguments.word(2)));
}
std::int64_t recvmsg(const Arguments& arguments) {
    return to_return(receive_message(arguments.integer(0), arguments[1], arguments.word(2)));
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
