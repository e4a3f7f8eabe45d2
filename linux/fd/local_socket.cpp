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
    TRY(listen_at(file_.ref(), backlog));
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
    const std::uint32_t flags = current_status() & OpenFlag::changeable;
    MutexGuard guard{lock_};
    if (listening_.load()) {
        return -Errno::einval;
    }
    if (end_.load() != nullptr) {
        return -Errno::eisconn;
    }
    auto end = connect_to_name(
        path.text, {.framing = framing_, .status = flags, .own_name = name_, .peer_name = name});
    if (!end) {
        return -end.error();
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
    if (!listening_.load()) {
        return (events & fs::Poll::writable) | fs::Poll::hang_up;
    }
    ipc::Ref<fs::File> file;
    {
        MutexGuard guard{lock_};
        file = file_.ref();
    }
    ipc::Options options;
    if (target) {
        options.capabilities = {target};
    }
    const auto answer = ipc::call(file, fs::Poll{.events = events, .bits = 1}, options);
    return answer ? answer->reply.ready : fs::Poll::error;
}

void LocalSocket::end_poll(WakeTarget target) {
    if (PipeEnd* end = end_.load()) {
        end->end_poll(target);
    }
}

}  // namespace linux::fd
