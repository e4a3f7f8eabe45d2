// SPDX-License-Identifier: MIT
#include "linux/fd/local_socket.hpp"

#include <algorithm>

#include "libs/ipc/protocol.hpp"
#include "linux/fd/image.hpp"
#include "linux/fd/named_socket.hpp"
#include "linux/fd/server_file.hpp"
#include "linux/process/state.hpp"

namespace linux::fd {

LocalSocket::~LocalSocket() {
    if (PipeEnd* end = end_.load()) {
        end->release();
    }
}

Result<Handle> LocalSocket::adopt(const process::ImageDescriptor& from) {
    auto* socket = new LocalSocket(from.state[0], static_cast<Framing>(from.state[2]));
    MutexGuard guard{socket->lock_};
    if (from.capabilities[0] != abi::no_capability) {
        socket->file_ = ipc::Capability<fs::File>{from.capabilities[0]};
    }
    socket->listening_.store(from.state[1] != 0);
    socket->socket_options().adopt(from);
    return Handle{socket};
}

// A connected one travels as what it has become.
bool LocalSocket::describe(process::ImageDescriptor& to) const
    __attribute__((no_thread_safety_analysis)) {
    if (const PipeEnd* end = end_.load()) {
        return end->describe(to);
    }
    to.kind = image_kind::local_socket;
    std::ranges::fill(to.capabilities, abi::no_capability);
    if (file_) {
        to.capabilities[0] = file_.index();
    }
    to.state[0] = status();
    to.state[1] = listening_.load() ? 1 : 0;
    to.state[2] = static_cast<std::uint32_t>(framing_);
    socket_options().describe(to);
    return true;
}

void LocalSocket::share() {
    if (PipeEnd* end = end_.load()) {
        end->share();
    }
}

void LocalSocket::on_fork_child() {
    if (PipeEnd* end = end_.load()) {
        end->on_fork_child();
    }
}

Result<void> LocalSocket::bind(Path path, std::string_view name) {
    MutexGuard guard{lock_};
    if (file_ && name.empty()) {
        return {};  // it has a name: Linux chooses no other, and says nothing
    }
    if (file_ || end_.load() != nullptr) {
        return base::fail(Errno::einval);
    }
    BoundName bound = TRY(bind_name(path, name, framing_, status()));
    file_ = std::move(bound.file);
    name_ = std::move(bound.name);
    return {};
}

Result<void> LocalSocket::listen(std::uint32_t backlog) {
    MutexGuard guard{lock_};
    if (!file_ || end_.load() != nullptr) {
        return base::fail(Errno::einval);
    }
    TRY(listen_at(file_.ref(), backlog, framing_));
    listening_.store(true);
    return {};
}

std::string LocalSocket::name() {
    MutexGuard guard{lock_};
    return name_;
}

// The flags are the connected end's, or kept with the name; before it has either, they are here.
std::uint32_t LocalSocket::current_status() {
    if (PipeEnd* end = end_.load()) {
        return end->current_status();
    }
    MutexGuard guard{lock_};
    if (file_) {
        if (const auto flags = change_file_flags(file_.ref(), 0, 0)) {
            set_flags(OpenFlag::changeable, *flags);
        }
    }
    return status();
}

Result<void> LocalSocket::change_status(std::uint32_t mask, std::uint32_t value) {
    if (PipeEnd* end = end_.load()) {
        return end->change_status(mask, value);
    }
    MutexGuard guard{lock_};
    if (file_) {
        TRY(change_file_flags(file_.ref(), mask, value));
    }
    set_flags(mask, value);
    return {};
}

std::int64_t LocalSocket::connect(Path path, std::string_view name) {
    if (listening_.load()) {
        return -Errno::einval;
    }
    if (end_.load() != nullptr) {
        return -Errno::eisconn;
    }
    // Asking for these uses the message page, where the path stands.
    const std::string to{path.text};
    const std::uint32_t flags = current_status() & OpenFlag::changeable;
    const std::string own_name = this->name();
    auto end = connect_to_name(to, {.framing = framing_,
                                    .status = flags,
                                    .own_name = own_name,
                                    .peer_name = name,
                                    .waits = (flags & OpenFlag::non_block) == 0});
    if (!end) {
        return -end.error();
    }
    MutexGuard guard{lock_};
    if (listening_.load() || end_.load() != nullptr) {
        return -Errno::eisconn;  // another thread was faster; who listens there hears the end
    }
    (*end)->socket_options().copy(socket_options());
    end_.store((*end)->socket());
    (void)end->release();
    return 0;
}

Result<Handle> LocalSocket::accept(std::uint32_t status) {
    if (!listening_.load()) {
        return base::fail(Errno::einval);
    }
    ipc::Ref<fs::File> file;
    {
        MutexGuard guard{lock_};
        file = file_.ref();  // stays as long as this description
    }
    Handle handle = TRY(accept_within(file, Patience{socket_options().receive_limit.load()}));
    TRY(handle->change_status(OpenFlag::changeable, status));
    return handle;
}

Result<Handle> LocalSocket::accept_within(ipc::Ref<fs::File> file, Patience patience) {
    for (;;) {
        auto end = accept_by_name(file, framing_, !patience.is_endless());
        if (end || end.error() != Errno::eagain || patience.is_endless() || non_blocking()) {
            return end;
        }
        if (const std::int64_t stop = wait_readable(patience); stop != 0) {
            return base::fail(static_cast<Errno>(-stop));
        }
    }
}

std::int64_t LocalSocket::read(UserBuffer& buffer, Offset offset) {
    PipeEnd* end = end_.load();
    if (end == nullptr) {
        return -Errno::enotconn;
    }
    return end->read(buffer, offset);
}

std::int64_t LocalSocket::write(UserBuffer& buffer, Offset offset) {
    PipeEnd* end = end_.load();
    if (end == nullptr) {
        return -Errno::enotconn;
    }
    return end->write(buffer, offset);
}

std::int64_t LocalSocket::ioctl(std::uint32_t request, std::uint64_t argument) {
    PipeEnd* end = end_.load();
    return end == nullptr ? -Errno::enotty : end->ioctl(request, argument);
}

Result<fs::Attributes> LocalSocket::attributes() {
    return own_attributes(fs::Kind::socket, 0777, id());
}

std::uint32_t LocalSocket::poll(std::uint32_t events, WakeTarget target) {
    if (PipeEnd* end = end_.load()) {
        return end->poll(events, target);
    }
    return poll_unconnected(events, target, nullptr);
}

std::uint32_t LocalSocket::poll_news(std::uint32_t events, WakeTarget target, Arrivals& seen) {
    if (PipeEnd* end = end_.load()) {
        return end->poll_news(events, target, seen);
    }
    return poll_unconnected(events, target, &seen);
}

std::optional<Arrivals> LocalSocket::arrivals() {
    PipeEnd* end = end_.load();
    return end != nullptr ? end->arrivals() : std::nullopt;
}

// That it is not connected is news once.
std::uint32_t LocalSocket::poll_unconnected(std::uint32_t events, WakeTarget target,
                                            Arrivals* seen) {
    if (!listening_.load()) {
        constexpr Arrivals told{~std::uint64_t{0}, ~std::uint64_t{0}};
        const bool is_news = seen == nullptr || told.are_news(events, *seen);
        if (seen != nullptr) {
            *seen = told;
        }
        return is_news ? (events & fs::Poll::writable) | fs::Poll::hang_up : 0;
    }
    ipc::Ref<fs::File> file;
    {
        MutexGuard guard{lock_};
        file = file_.ref();
    }
    return poll_file(file, events, target, seen);
}

void LocalSocket::end_poll(WakeTarget target) {
    if (PipeEnd* end = end_.load()) {
        end->end_poll(target);
    }
}

}  // namespace linux::fd
