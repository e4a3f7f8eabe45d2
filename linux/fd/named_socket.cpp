// SPDX-License-Identifier: MIT
#include "linux/fd/named_socket.hpp"

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
process::ImageDescriptor from_message(ipc::Answer<fs::Accept>& answer) {
    process::ImageDescriptor end{};
    end.kind = image_kind::socket_second;
    end.state[0] = OpenFlag::read_write;
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

Result<ipc::Capability<fs::File>> make_socket_node(Path path, std::uint32_t status) {
    const std::string name{path.text};
    const auto made = ipc::call(
        own_view(), fs::MakeNode{.kind = fs::Kind::socket, .mode = mode_bits & ~location.umask()},
        {.payload = ipc::bytes(name)});
    if (!made) {
        const Errno error = to_errno(made.error());
        return base::fail(error == Errno::eexist ? Errno::eaddrinuse : error);
    }
    auto opened =
        TRY(or_errno(ipc::call(own_view(),
                               fs::Open{.flags = fs::OpenFlags::path_only |
                                                 fs::OpenFlags::no_follow | to_file_flags(status)},
                               {.payload = ipc::bytes(name)})));
    return opened.take<fs::File>();
}

Result<ipc::Answer<process::OpenSocketName>> open_abstract(std::string_view name,
                                                           const process::OpenSocketName& how) {
    const std::string bytes{name.substr(name.empty() ? 0 : 1)};
    return or_errno(ipc::call(own_process(), how, {.payload = ipc::bytes(bytes)}));
}

Result<BoundName> bind_abstract(std::string_view name, Framing framing, std::uint32_t status) {
    auto answer = open_abstract(
        name,
        {.type = static_cast<std::uint32_t>(framing), .bind = 1, .flags = to_file_flags(status)});
    if (!answer) {
        const Errno error = answer.error();
        return base::fail(error == Errno::eexist   ? Errno::eaddrinuse
                          : error == Errno::eagain ? Errno::enomem  // Linux has no other limit
                                                   : error);
    }
    std::string bound(1, '\0');
    bound += ipc::text(answer->payload);
    return BoundName{answer->take<fs::File>(), std::move(bound)};
}

// The File by which to connect.
Result<ipc::Capability<fs::File>> find_name(std::string_view path, const Connecting& how) {
    if (is_abstract(path)) {
        auto opened = open_abstract(path, {.type = static_cast<std::uint32_t>(how.framing)});
        if (!opened) {
            const Errno error = opened.error();
            return base::fail(error == Errno::enoent ? Errno::econnrefused : error);
        }
        return opened->take<fs::File>();
    }
    auto opened = TRY(or_errno(ipc::call(own_view(), fs::Open{.flags = fs::OpenFlags::write},
                                         {.payload = ipc::bytes(path)})));
    if (opened.reply.kind != fs::Kind::socket) {
        return base::fail(Errno::econnrefused);
    }
    return opened.take<fs::File>();
}

}  // namespace

Result<BoundName> bind_name(Path path, std::string_view name, Framing framing,
                            std::uint32_t status) {
    if (name.empty() || is_abstract(name)) {
        return bind_abstract(name, framing, status);
    }
    return BoundName{TRY(make_socket_node(path, status)), std::string{name}};
}

Result<void> listen_at(ipc::Ref<fs::File> file, std::uint32_t backlog, Framing framing) {
    TRY(or_errno(ipc::call(file, fs::Listen{.backlog = backlog,
                                            .pid = identity().pid,
                                            .type = static_cast<std::uint32_t>(framing)})));
    return {};
}

Result<Handle> connect_to_name(std::string_view path, const Connecting& how) {
    const auto file = TRY(find_name(path, how));
    for (;;) {
        // Each try has a pair of its own: the server may have that of an interrupted one for a while.
        auto pair = TRY(make_socket_pair(how.status, how.framing));
        pair.reader->socket()->set_names(how.own_name, how.peer_name);
        process::ImageDescriptor other{};
        (void)pair.writer->describe(other);
        const auto answer =
            ipc::call(file,
                      fs::Connect{.pid = identity().pid,
                                  .type = static_cast<std::uint32_t>(how.framing),
                                  .wait = how.waits ? 1U : 0U},
                      {.capabilities = TRY(to_message(other)), .interruptible = how.waits});
        if (answer) {
            pair.reader->socket()->set_peer(
                {answer->reply.pid, answer->reply.user, answer->reply.group});
            return std::move(pair.reader);
        }
        if (!is_interruption(answer.error())) {
            const bool refused = answer.error() == ipc::Failure{ipc::Status::closed};
            return base::fail(refused ? Errno::econnrefused : to_errno(answer.error()));
        }
        if (signals::interrupted()) {
            return base::fail(restart_errno);
        }
    }
}

Result<Handle> accept_by_name(ipc::Ref<fs::File> file, Framing framing, bool no_wait) {
    for (;;) {
        // The server knows whether this may wait otherwise.
        auto answer =
            ipc::call(file, fs::Accept{.no_wait = no_wait ? 1U : 0U}, {.interruptible = !no_wait});
        if (answer) {
            auto adopted = adopt_description(from_message(*answer));
            if (!adopted || (*adopted)->socket()->framing() != framing) {
                continue;  // whoever that was hears the end
            }
            (*adopted)->socket()->set_peer(
                {answer->reply.pid, answer->reply.user, answer->reply.group});
            return adopted;
        }
        if (!is_interruption(answer.error())) {
            return base::fail(to_errno(answer.error()));
        }
        if (signals::interrupted()) {
            return base::fail(restart_errno);
        }
    }
}

}  // namespace linux::fd
