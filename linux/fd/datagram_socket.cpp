// SPDX-License-Identifier: MIT
#include "linux/fd/datagram_socket.hpp"

#include <algorithm>

#include "linux/fd/image.hpp"
#include "linux/fd/named_socket.hpp"
#include "linux/process/state.hpp"
#include "linux/signal/interruption.hpp"

namespace linux::fd {

namespace {

constexpr std::uint32_t backlog = 128;

}  // namespace

Result<Handle> DatagramSocket::adopt(const process::ImageDescriptor& from) {
    auto* socket = new DatagramSocket(from.state[0]);
    socket->socket_options().adopt(from);
    MutexGuard guard{socket->lock_};
    if (from.capabilities[0] != abi::no_capability) {
        socket->file_ = ipc::Capability<fs::File>{from.capabilities[0]};
    }
    return Handle{socket};
}

bool DatagramSocket::describe(process::ImageDescriptor& to) const
    __attribute__((no_thread_safety_analysis)) {
    if (!file_ && connected_.end) {
        return connected_.end->describe(to);
    }
    to.kind = image_kind::local_socket;
    to.capabilities[0] = file_.index();
    to.state[0] = status();
    to.state[2] = static_cast<std::uint32_t>(Framing::datagrams);
    socket_options().describe(to);
    return true;
}

void DatagramSocket::share() {
    MutexGuard guard{lock_};
    if (connected_.end) {
        connected_.end->share();
    }
}

Result<void> DatagramSocket::bind(Path path, std::string_view name) {
    MutexGuard guard{lock_};
    if (file_ && name.empty()) {
        return {};  // as LocalSocket::bind
    }
    if (file_) {
        return base::fail(Errno::einval);
    }
    BoundName bound = TRY(bind_name(path, name, Framing::datagrams, status()));
    TRY(listen_at(bound.file, backlog, Framing::datagrams));
    file_ = std::move(bound.file);
    name_ = std::move(bound.name);
    return {};
}

Result<Handle> DatagramSocket::find_way(const std::string& path, std::string_view name) {
    const auto known = std::ranges::find(ways_, path, &Way::path);
    if (known != ways_.end()) {
        if (!known->end->socket()->is_abandoned()) {
            return Handle::share(known->end.get());
        }
        ways_.erase(known);
    }
    Handle end = TRY(connect_to_name(
        path, {.framing = Framing::datagrams, .status = 0, .own_name = name_, .peer_name = name}));
    if (ways_.size() == most_ways) {
        ways_.erase(ways_.begin());
    }
    ways_.push_back({path, Handle::share(end.get())});
    return end;
}

Result<Handle> DatagramSocket::way_to(Path path, std::string_view name) {
    MutexGuard guard{lock_};
    return ready_to_send(TRY(find_way(std::string{path.text}, name)));
}

Result<void> DatagramSocket::connect(Path path, std::string_view name) {
    MutexGuard guard{lock_};
    const std::string text{path.text};
    connected_ = {text, TRY(find_way(text, name))};
    peer_name_ = name;
    return {};
}

void DatagramSocket::disconnect() {
    MutexGuard guard{lock_};
    connected_ = {};
    peer_name_.clear();
}

// Who has gone is not looked for again: another one may have the name by now.
Result<Handle> DatagramSocket::default_way() {
    MutexGuard guard{lock_};
    if (!connected_.end) {
        return base::fail(Errno::enotconn);
    }
    if (connected_.end->socket()->is_abandoned()) {
        return base::fail(Errno::econnrefused);
    }
    return ready_to_send(Handle::share(connected_.end.get()));
}

// The ends by which it sends are nobody else's, and wait as long as it does.
Handle DatagramSocket::ready_to_send(Handle way) {
    way->socket_options().send_limit.store(socket_options().send_limit.load());
    return way;
}

std::string DatagramSocket::name() {
    MutexGuard guard{lock_};
    return name_;
}

Result<std::string> DatagramSocket::peer_name() {
    MutexGuard guard{lock_};
    if (!connected_.end) {
        return base::fail(Errno::enotconn);
    }
    return std::string{peer_name_};
}

// Lets in who has come, and forgets who has gone and left nothing.
void DatagramSocket::admit() {
    std::erase_if(sources_, [this](const Handle& one) __attribute__((no_thread_safety_analysis)) {
        const bool gone = one->socket()->is_abandoned();
        arrived_ += gone ? one->arrivals()->input : 0;
        return gone;
    });
    while (file_) {
        auto end = accept_by_name(file_.ref(), Framing::datagrams, true);
        if (!end) {
            return;
        }
        sources_.push_back(std::move(*end));
    }
}

PipeEnd* DatagramSocket::oldest() {
    PipeEnd* first = nullptr;
    std::uint64_t earliest = 0;
    for (const Handle& source : sources_) {
        PipeEnd* end = source->socket();
        const auto stamp = end->next_stamp();
        if (stamp && (first == nullptr || *stamp < earliest)) {
            first = end;
            earliest = *stamp;
        }
    }
    return first;
}

std::int64_t DatagramSocket::receive(UserBuffer& buffer, PipeEnd::Options options,
                                     PipeEnd::Received* received) {
    const bool waits = !options.no_wait && !non_blocking();
    const Patience patience{socket_options().receive_limit.load()};
    options.no_wait = true;
    for (;;) {
        {
            MutexGuard guard{lock_};
            admit();
            while (PipeEnd* end = oldest()) {
                const std::int64_t count = end->receive(buffer, options, received);
                if (count != -Errno::eagain) {
                    return count;
                }
            }
        }
        if (!waits) {
            return -Errno::eagain;
        }
        if (const std::int64_t stop = wait_readable(patience); stop != 0) {
            return stop;
        }
    }
}

std::int64_t DatagramSocket::read(UserBuffer& buffer, Offset offset) {
    return offset != current_offset ? -Errno::espipe : receive(buffer, {});
}

std::int64_t DatagramSocket::write(UserBuffer& buffer, Offset offset) {
    if (offset != current_offset) {
        return -Errno::espipe;
    }
    const auto way = default_way();
    return way ? (*way)->socket()->send(buffer, {.no_wait = non_blocking()}) : -way.error();
}

Result<fs::Attributes> DatagramSocket::attributes() {
    return own_attributes(fs::Kind::socket, 0777, id());
}

std::uint32_t DatagramSocket::poll(std::uint32_t events, WakeTarget target) {
    MutexGuard guard{lock_};
    admit();
    std::uint32_t ready = 0;
    Asked asked{target, {}};
    for (const Handle& source : sources_) {
        ready |= source->poll(events & fs::Poll::readable, target) & fs::Poll::readable;
        if (target) {
            asked.sources.push_back(Handle::share(source.get()));
        }
    }
    if (target) {
        asked_.push_back(std::move(asked));
        if (file_) {
            const auto news =
                ipc::call(file_.ref(), fs::Poll{.events = events & fs::Poll::readable, .bits = 1},
                          {.capabilities = {target}});
            ready |= news ? news->reply.ready : 0;
        }
    }
    if ((events & fs::Poll::writable) != 0) {
        ready |= connected_.end ? connected_.end->poll(fs::Poll::writable, {}) & fs::Poll::writable
                                : fs::Poll::writable;
    }
    return ready & events;
}

std::optional<Arrivals> DatagramSocket::arrivals() {
    MutexGuard guard{lock_};
    admit();
    Arrivals result{.input = arrived_};
    for (const Handle& source : sources_) {
        result.input += source->arrivals()->input;
    }
    if (connected_.end) {
        result.output = connected_.end->arrivals()->output + 1;
    }
    return result;
}

void DatagramSocket::end_poll(WakeTarget target) {
    MutexGuard guard{lock_};
    const auto found = std::ranges::find(asked_, target, &Asked::target);
    if (found != asked_.end()) {
        for (const Handle& source : found->sources) {
            source->end_poll(target);
        }
        asked_.erase(found);
    }
}

// The lock is held: by enter_fork.
void DatagramSocket::on_fork_child() __attribute__((no_thread_safety_analysis)) {
    for (const Handle& source : sources_) {
        source->on_fork_child();
    }
    for (const Way& way : ways_) {
        way.end->on_fork_child();
    }
    if (connected_.end) {
        connected_.end->on_fork_child();
    }
}

}  // namespace linux::fd
