// SPDX-License-Identifier: MIT
#include "linux/fd/local_socket.hpp"

#include <algorithm>

#include "libs/ipc/protocol.hpp"
#include "linux/fd/adopt.hpp"
#include "linux/fd/image.hpp"
#include "linux/fd/server_file.hpp"
#include "linux/process/state.hpp"
#include "linux/signal/interruption.hpp"

namespace linux::fd {

namespace {

constexpr std::uint32_t mode_bits = 0777;

// The capabilities of an end, in the order of `describe`, are one more than a message carries. So its
// Memory travels in the table for parcels, in this slot.
constexpr abi::CapIndex memory_slot = 1;

Result<ipc::CapabilityList> to_message(const process::ImageDescriptor& end) {
    using Any = ipc::Ref<ipc::Any>;
    const ipc::Ref<ipc::CapTable> shelf{end.capabilities[4]};
    TRY(or_errno(shelf->copy(Any{end.capabilities[0]}, abi::all_rights, memory_slot)));
    return ipc::CapabilityList{Any{end.capabilities[1]}, Any{end.capabilities[2]},
                               Any{end.capabilities[3]}, Any{end.capabilities[4]}};
}

// Whatever the other side sent: `adopt_description` looks at it.
process::ImageDescriptor from_message(ipc::Answer<fs::Accept>& answer, std::uint32_t status) {
    process::ImageDescriptor end{};
    end.kind = image_kind::socket_second;
    end.state[0] = status | OpenFlag::read_write;
    for (std::size_t i = 0; i < fs::Accept::reply_capabilities; ++i) {
        end.capabilities[i + 1] = answer.take<ipc::Any>(i).release();
    }
    const ipc::Ref<ipc::CapTable> shelf{end.capabilities[4]};
    if (!is_object(shelf.index(), abi::ObjectType::cap_table)) {
        return end;
    }
    if (auto memory = shelf->take<ipc::Memory>(memory_slot)) {
        end.capabilities[0] = memory->release();
    }
    return end;
}

}  // namespace

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
    return true;
}

void LocalSocket::on_fork_child() {
    if (PipeEnd* end = end_.load()) {
        end->on_fork_child();
    }
}

Result<void> LocalSocket::bind(Path path) {
    MutexGuard guard{lock_};
    if (file_ || end_.load() != nullptr) {
        return base::fail(Errno::einval);
    }
    const std::string name{path.text};
    const auto made = ipc::call(
        own_view(), fs::MakeNode{.kind = fs::Kind::socket, .mode = mode_bits & ~location.umask()},
        {.payload = ipc::bytes(name)});
    if (!made) {
        const Errno error = to_errno(made.error());
        return base::fail(error == Errno::eexist ? Errno::eaddrinuse : error);
    }
    auto opened = TRY(
        or_errno(ipc::call(own_view(),
                           fs::Open{.flags = fs::OpenFlags::path_only | fs::OpenFlags::no_follow |
                                             to_file_flags(status())},
                           {.payload = ipc::bytes(name)})));
    file_ = opened.take<fs::File>();
    return {};
}

Result<void> LocalSocket::listen(std::uint32_t backlog) {
    MutexGuard guard{lock_};
    if (!file_ || end_.load() != nullptr) {
        return base::fail(Errno::einval);
    }
    TRY(or_errno(ipc::call(file_, fs::Listen{.backlog = backlog, .pid = identity().pid})));
    listening_.store(true);
    return {};
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

std::int64_t LocalSocket::connect(Path path) {
    const std::uint32_t flags = current_status() & OpenFlag::changeable;
    MutexGuard guard{lock_};
    if (listening_.load()) {
        return -Errno::einval;
    }
    if (end_.load() != nullptr) {
        return -Errno::eisconn;
    }
    auto opened = ipc::call(own_view(), fs::Open{.flags = fs::OpenFlags::write},
                            {.payload = ipc::bytes(path.text)});
    if (!opened) {
        return -to_errno(opened.error());
    }
    const auto file = opened->take<fs::File>();
    if (opened->reply.kind != fs::Kind::socket) {
        return -Errno::econnrefused;
    }
    auto pair = make_socket_pair(flags, framing_);
    if (!pair) {
        return -pair.error();
    }
    process::ImageDescriptor other{};
    (void)pair->writer->describe(other);
    const auto capabilities = to_message(other);
    if (!capabilities) {
        return -capabilities.error();
    }
    const auto answer =
        ipc::call(file, fs::Connect{.pid = identity().pid}, {.capabilities = *capabilities});
    if (!answer) {
        const bool refused = answer.error() == ipc::Failure{ipc::Status::closed};
        return -(refused ? Errno::econnrefused : to_errno(answer.error()));
    }
    PipeEnd* end = pair->reader->socket();
    end->set_peer({answer->reply.pid, answer->reply.user, answer->reply.group});
    (void)pair->reader.release();
    end_.store(end);
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
    for (;;) {
        // The server knows whether this may wait.
        auto answer = ipc::call(file, fs::Accept{}, {.interruptible = true});
        if (answer) {
            auto adopted = adopt_description(from_message(*answer, status));
            if (!adopted || (*adopted)->socket()->framing() != framing_) {
                continue;  // whoever that was hears the end
            }
            Handle handle = std::move(*adopted);
            TRY(handle->change_status(OpenFlag::changeable, status));
            handle->socket()->set_peer(
                {answer->reply.pid, answer->reply.user, answer->reply.group});
            return handle;
        }
        if (!is_interruption(answer.error())) {
            return base::fail(to_errno(answer.error()));
        }
        if (signals::interrupted()) {
            return base::fail(restart_errno);
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
    fs::Attributes attributes;
    attributes.kind = fs::Kind::socket;
    attributes.mode = mode_bits;
    attributes.links = 1;
    attributes.inode = id();
    attributes.user = identity().user;
    attributes.group = identity().group_id;
    return attributes;
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
