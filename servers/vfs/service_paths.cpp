// SPDX-License-Identifier: MIT
// Path operations: found in the view, sent to the file system, the answer passed on.
#include <charconv>

#include "servers/vfs/service.hpp"

namespace vfs {
namespace {

// What a path with a slash at its end asks for, in the operation's own terms. GetUsage and
// CheckAccess follow links anyway.
template <class Op>
Status as_asked(Op&, const Location&) {
    return Status::ok;
}
std::uint32_t flags_at(std::uint32_t flags, const Location& at) {
    flags &= ~fs::OpenFlags::read_only_view;
    flags |= at.mount->read_only ? fs::OpenFlags::read_only_view : 0;
    if (at.as_directory) {
        flags = (flags | fs::OpenFlags::directory) & ~fs::OpenFlags::no_follow;
    }
    return flags;
}
Status as_asked(fs::GetPathAttributes& get, const Location& at) {
    get.follow = at.as_directory ? 1 : get.follow;
    return Status::ok;
}

Status if_writable(const Location& at) {
    return at.mount->read_only ? Status::read_only : Status::ok;
}

// Names that something is mounted on (or that lead to such a name) stay.
Status if_movable(const View& view, const Location& at) {
    if (view.has_mount_in(at.view_path)) {
        return Status::busy;
    }
    return if_writable(at);
}

Status with_own_branch(View& view, const Location& at) {
    if (!at.mount->per_view || at.mount->is_own) {
        return Status::ok;
    }
    const auto branched = view.branch(at.mount->path);
    return branched ? Status::ok : branched.error();
}

struct TwoPaths {
    std::string first, second;
};

Result<TwoPaths> split(const ipc::Request& request, std::uint32_t first_length) {
    const std::string_view text = request.text();
    if (first_length > text.size()) {
        return base::fail(Status::malformed);
    }
    return TwoPaths{std::string{text.substr(0, first_length)},
                    std::string{text.substr(first_length)}};
}

}  // namespace

Result<fs::Open::Reply> Service::handle(fs::Open open, ipc::Request& request) {
    View* view = TRY(view_at(request.badge()));
    Resolver resolver{*view};
    auto answer = TRY(resolver.forward(open, std::string{request.text()}, {},
                                       [&](fs::Open& asked, const Location& at) {
                                           const Status status = with_own_branch(*view, at);
                                           if (status != Status::ok) {
                                               return status;
                                           }
                                           open.flags = asked.flags = flags_at(asked.flags, at);
                                           return Status::ok;
                                       }));
    // A node only names its device; a pseudo-terminal's own file system gives the terminal itself.
    const bool is_node = (answer.reply.kind == fs::Kind::character_device ||
                          answer.reply.kind == fs::Kind::block_device) &&
                         answer.reply.terminal == 0;
    if (is_node && (open.flags & fs::OpenFlags::path_only) == 0 &&
        devices_.contains(answer.reply.device_major)) {
        return open_device(open, answer.reply, request);
    }
    request.add_capability(answer.take<fs::File>());
    return answer.reply;
}

// The node only names the device; the device's server makes the File.
Result<fs::Open::Reply> Service::open_device(const fs::Open& open, const fs::Open::Reply& node,
                                             ipc::Request& request) {
    const FileSystemPointer server = devices_.at(node.device_major);
    std::array<char, 64> words;
    char* end = words.data();
    for (const std::uint64_t number : {std::uint64_t{node.device_minor}, node.inode, node.device}) {
        end = std::to_chars(end, words.data() + words.size(), number).ptr;
        *end++ = ' ';
    }
    --end;
    fs::Open to_server = open;
    to_server.flags &= ~(fs::OpenFlags::create | fs::OpenFlags::exclusive |
                         fs::OpenFlags::truncate | fs::OpenFlags::read_only_view);
    auto answer = TRY(server->ask(to_server, std::string_view{words.data(), end}));
    request.add_capability(answer.take<fs::File>());
    fs::Open::Reply reply = answer.reply;
    reply.redirected = fs::Redirected::no;
    reply.kind = node.kind;
    reply.device_major = node.device_major;
    reply.device_minor = node.device_minor;
    reply.inode = node.inode;
    reply.device = node.device;
    return reply;
}

Result<fs::GetPathAttributes::Reply> Service::handle(fs::GetPathAttributes get,
                                                     ipc::Request& request) {
    View* view = TRY(view_at(request.badge()));
    bool as_directory = false;
    const auto answer =
        TRY(Resolver{*view}.forward(get, std::string{request.text()}, {},
                                    [&](fs::GetPathAttributes& asked, const Location& at) {
                                        as_directory = at.as_directory;
                                        return as_asked(asked, at);
                                    }));
    if (answer.payload.size() != sizeof(fs::Attributes)) {
        return base::fail(Status::io_error);
    }
    if (as_directory) {
        fs::Attributes attributes;
        if (!ipc::read_payload(answer.payload, attributes) ||
            attributes.kind != fs::Kind::directory) {
            return base::fail(Status::not_directory);
        }
    }
    request.set_reply_payload(answer.payload);
    return fs::GetPathAttributes::Reply{};
}

Result<fs::CheckAccess::Reply> Service::handle(const fs::CheckAccess& check,
                                               ipc::Request& request) {
    View* view = TRY(view_at(request.badge()));
    bool read_only = false;
    const auto answer = TRY(Resolver{*view}.forward(
        check, std::string{request.text()}, {}, [&](fs::CheckAccess& asked, const Location& at) {
            read_only = at.mount->read_only;
            return as_asked(asked, at);
        }));
    if (read_only && (check.mode & 2) != 0) {
        return base::fail(Status::read_only);
    }
    return answer.reply;
}

Result<fs::MakeNode::Reply> Service::handle(const fs::MakeNode& make, ipc::Request& request) {
    View* view = TRY(view_at(request.badge()));
    const auto prepare = [&](const fs::MakeNode&, const Location& at) {
        if (!at.mount->read_only) {
            return Status::ok;
        }
        // `mkdir -p` relies on being told that a directory is there, also where it could not be made.
        const auto there = at.mount->file_system->ask(
            fs::GetPathAttributes{.follow = 0, .identity = view->identity}, at.path);
        const bool exists = there && there->reply.redirected == fs::Redirected::no;
        return exists ? Status::exists : Status::read_only;
    };
    return TRY(Resolver{*view}.forward(make, std::string{request.text()}, {}, prepare)).reply;
}

Result<fs::Remove::Reply> Service::handle(const fs::Remove& remove, ipc::Request& request) {
    View* view = TRY(view_at(request.badge()));
    const auto prepare = [&](const fs::Remove&, const Location& at) {
        if (remove.directory == 0 && at.as_directory) {
            return Status::not_directory;
        }
        return if_movable(*view, at);
    };
    return TRY(Resolver{*view}.forward(remove, std::string{request.text()}, {}, prepare)).reply;
}

Result<fs::Rename::Reply> Service::handle(const fs::Rename& rename, ipc::Request& request) {
    View* view = TRY(view_at(request.badge()));
    TwoPaths paths = TRY(split(request, rename.first_length));
    const auto prepare = [&](const fs::Rename&, const Location& from, const Location& to) {
        const Status first = if_movable(*view, from);
        return first != Status::ok ? first : if_movable(*view, to);
    };
    return TRY(Resolver{*view}.forward_two(rename, std::move(paths.first), std::move(paths.second),
                                           prepare))
        .reply;
}

Result<fs::Link::Reply> Service::handle(const fs::Link& link, ipc::Request& request) {
    View* view = TRY(view_at(request.badge()));
    TwoPaths paths = TRY(split(request, link.first_length));
    const auto prepare = [&](const fs::Link&, const Location& from, const Location& to) {
        const Status first = if_writable(from);
        return first != Status::ok ? first : if_writable(to);
    };
    return TRY(Resolver{*view}.forward_two(link, std::move(paths.first), std::move(paths.second),
                                           prepare))
        .reply;
}

Result<fs::MakeSymbolicLink::Reply> Service::handle(const fs::MakeSymbolicLink& make,
                                                    ipc::Request& request) {
    View* view = TRY(view_at(request.badge()));
    TwoPaths texts = TRY(split(request, make.first_length));
    const auto prepare = [](const fs::MakeSymbolicLink&, const Location& at) {
        return if_writable(at);
    };
    return TRY(Resolver{*view}.forward(make, std::move(texts.second), texts.first, prepare)).reply;
}

Result<fs::ReadSymbolicLink::Reply> Service::handle(const fs::ReadSymbolicLink& read,
                                                    ipc::Request& request) {
    View* view = TRY(view_at(request.badge()));
    const auto answer = TRY(Resolver{*view}.forward(read, std::string{request.text()}, {},
                                                    as_asked<fs::ReadSymbolicLink>));
    request.set_reply_payload(answer.payload);
    return answer.reply;
}

Result<fs::SetAttributes::Reply> Service::handle(const fs::SetAttributes& set,
                                                 ipc::Request& request) {
    View* view = TRY(view_at(request.badge()));
    const std::string_view text = request.text();
    if (text.size() < sizeof(fs::Attributes)) {
        return base::fail(Status::malformed);
    }
    const std::string values{text.substr(0, sizeof(fs::Attributes))};
    const auto prepare = [](fs::SetAttributes& asked, const Location& at) {
        asked.follow = at.as_directory ? 1 : asked.follow;
        return if_writable(at);
    };
    return TRY(Resolver{*view}.forward(set, std::string{text.substr(values.size())}, values,
                                       prepare))
        .reply;
}

Result<fs::GetUsage::Reply> Service::handle(const fs::GetUsage&, ipc::Request& request) {
    View* view = TRY(view_at(request.badge()));
    fs::Attributes attributes;
    const Location at = TRY(Resolver{*view}.resolve(std::string{request.text()}, attributes));
    return TRY(at.mount->file_system->ask(fs::GetUsage{}, at.path)).reply;
}

Result<fs::SyncAll::Reply> Service::handle(const fs::SyncAll& sync, ipc::Request& request) {
    View* view = TRY(view_at(request.badge()));
    Status worst = Status::ok;
    for (const Mount& mount : view->mounts()) {
        const auto answer = mount.file_system->ask(sync, {});
        // A file system without anything to write back need not know the operation.
        if (!answer && answer.error() != Status::unsupported) {
            worst = answer.error();
        }
    }
    if (worst != Status::ok) {
        return base::fail(worst);
    }
    return fs::SyncAll::Reply{};
}

}  // namespace vfs
