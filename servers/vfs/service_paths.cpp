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
bool may(const Location& at, std::uint8_t right) { return (at.rights & right) != 0; }

constexpr std::uint8_t any_right = Rights::read | Rights::write | Rights::create;

// Why not.
Status lacking(const Location& at) {
    return may(at, any_right) ? Status::read_only : Status::access_denied;
}

Status if_creatable(const Location& at) {
    return may(at, Rights::create) ? Status::ok : lacking(at);
}

// An open's flags as they go to the file system, which knows what exists. `unless` is what its answer
// then means that the view forbids.
struct Opening {
    std::uint32_t flags = 0;
    Status unless = Status::ok;
};

Result<Opening> opening_at(std::uint32_t flags, const Location& at) {
    using Flags = fs::OpenFlags;
    Opening opening{flags & ~Flags::read_only_view};
    if (at.as_directory) {
        opening.flags = (opening.flags | Flags::directory) & ~Flags::no_follow;
    }
    const bool reads = (flags & (Flags::read | Flags::execute)) != 0;
    const bool writes = (flags & (Flags::write | Flags::truncate)) != 0;
    const bool creates = (flags & (Flags::create | Flags::nameless)) != 0;
    const bool looks = (flags & Flags::path_only) != 0;
    if (looks) {
        opening.flags |= may(at, Rights::write) ? 0 : Flags::read_only_view;
        return opening;
    }
    const bool may_read = may(at, Rights::read), may_write = may(at, Rights::write);
    if (creates && may(at, Rights::create)) {
        // With its maker's own file anything may be done, as long as it is open.
        const bool only_new = !may_write || (reads && !may_read);
        if (only_new && (flags & (Flags::exclusive | Flags::nameless)) == 0) {
            opening.flags |= Flags::exclusive;
            opening.unless = Status::exists;
        }
        return opening;
    }
    if ((reads && !may_read) || ((writes || creates) && !may(at, any_right))) {
        return base::fail(Status::access_denied);
    }
    if (may_write) {
        if ((flags & Flags::nameless) != 0) {
            return base::fail(Status::read_only);
        }
        if (creates) {
            opening.flags &= ~(Flags::create | Flags::exclusive);
            opening.unless = Status::not_found;
        }
        return opening;
    }
    opening.flags |= Flags::read_only_view;
    return opening;
}

Status as_asked(fs::GetPathAttributes& get, const Location& at) {
    get.follow = at.as_directory ? 1 : get.follow;
    return Status::ok;
}

Status if_writable(const Location& at) { return may(at, Rights::write) ? Status::ok : lacking(at); }

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
    const std::uint32_t wanted = open.flags;
    Status unless = Status::ok;
    auto opened = resolver.forward(open, std::string{request.text()}, {},
                                   [&](fs::Open& asked, const Location& at) {
                                       const Status status = with_own_branch(*view, at);
                                       if (status != Status::ok) {
                                           return status;
                                       }
                                       const auto opening = opening_at(wanted, at);
                                       if (!opening) {
                                           return opening.error();
                                       }
                                       unless = opening->unless;
                                       open.flags = asked.flags = opening->flags;
                                       return Status::ok;
                                   });
    if (!opened && unless != Status::ok && opened.error() == unless) {
        return base::fail(Status::read_only);
    }
    auto answer = TRY(std::move(opened));
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
    // Without its server a device is none (ENXIO).
    auto answer =
        TRY(server->ask(to_server, std::string_view{words.data(), end}, Status::out_of_range));
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
    bool as_directory = false, all_in_one = true;
    const FileSystem* first = nullptr;
    Resolver resolver{*view};
    const auto answer =
        TRY(resolver.forward(get, std::string{request.text()}, {},
                             [&](fs::GetPathAttributes& asked, const Location& at) {
                                 as_directory = at.as_directory;
                                 first = first == nullptr ? at.mount->file_system.get() : first;
                                 all_in_one &= first == at.mount->file_system.get();
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
    all_in_one &= !resolver.has_gone_up();
    return fs::GetPathAttributes::Reply{.names = all_in_one ? answer.reply.names : 0,
                                        .contents = all_in_one ? answer.reply.contents : 0};
}

Result<fs::CheckAccess::Reply> Service::handle(const fs::CheckAccess& check,
                                               ipc::Request& request) {
    View* view = TRY(view_at(request.badge()));
    Status lacks = Status::ok;
    const auto answer = TRY(Resolver{*view}.forward(
        check, std::string{request.text()}, {}, [&](fs::CheckAccess& asked, const Location& at) {
            lacks = (check.mode & 2) != 0 ? if_writable(at) : Status::ok;
            if ((check.mode & 4) != 0 && !may(at, Rights::read)) {
                lacks = Status::access_denied;
            }
            return as_asked(asked, at);
        }));
    if (lacks != Status::ok) {
        return base::fail(lacks);
    }
    return answer.reply;
}

Result<fs::MakeNode::Reply> Service::handle(const fs::MakeNode& make, ipc::Request& request) {
    View* view = TRY(view_at(request.badge()));
    const auto prepare = [&](const fs::MakeNode&, const Location& at) {
        const bool is_directory = make.kind == fs::Kind::directory;
        if (may(at, is_directory ? Rights::make_directory | Rights::create : Rights::create)) {
            return Status::ok;
        }
        // `mkdir -p` relies on being told that a directory is there, also where it could not be made.
        const auto there = at.mount->file_system->ask(
            fs::GetPathAttributes{.follow = 0, .identity = view->identity}, at.path);
        const bool exists = there && there->reply.redirected == fs::Redirected::no;
        return exists ? Status::exists : lacking(at);
    };
    return TRY(Resolver{*view}.forward(make, std::string{request.text()}, {}, prepare)).reply;
}

Result<fs::Remove::Reply> Service::handle(const fs::Remove& remove, ipc::Request& request) {
    View* view = TRY(view_at(request.badge()));
    const auto prepare = [&](const fs::Remove&, const Location& at) {
        if (remove.directory == 0 && at.as_directory) {
            return Status::not_directory;
        }
        const Status movable = if_movable(*view, at);
        const bool on_the_way = remove.directory != 0 && may(at, Rights::remove_directory);
        return movable == Status::access_denied && on_the_way ? Status::ok : movable;
    };
    return TRY(Resolver{*view}.forward(remove, std::string{request.text()}, {}, prepare)).reply;
}

Result<fs::Rename::Reply> Service::handle(const fs::Rename& rename, ipc::Request& request) {
    View* view = TRY(view_at(request.badge()));
    TwoPaths paths = TRY(split(request, rename.first_length));
    bool only_new = false;
    const auto prepare = [&](fs::Rename& asked, const Location& from, const Location& to) {
        if (const Status first = if_movable(*view, from); first != Status::ok) {
            return first;
        }
        if (view->has_mount_in(to.view_path)) {
            return Status::busy;
        }
        only_new = !may(to, Rights::write) && (rename.flags & fs::Rename::no_replace) == 0;
        asked.flags = rename.flags | (only_new ? fs::Rename::no_replace : 0);
        return if_creatable(to);
    };
    auto renamed = Resolver{*view}.forward_two(rename, std::move(paths.first),
                                               std::move(paths.second), prepare);
    if (!renamed && only_new && renamed.error() == Status::exists) {
        return base::fail(Status::read_only);
    }
    return TRY(std::move(renamed)).reply;
}

Result<fs::Link::Reply> Service::handle(const fs::Link& link, ipc::Request& request) {
    View* view = TRY(view_at(request.badge()));
    TwoPaths paths = TRY(split(request, link.first_length));
    const auto prepare = [&](const fs::Link&, const Location& from, const Location& to) {
        const Status first = if_writable(from);
        return first != Status::ok ? first : if_creatable(to);
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
        return if_creatable(at);
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
        if (view->rights(mount.path, view->layers.size()) == 0) {
            continue;
        }
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
