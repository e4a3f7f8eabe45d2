// SPDX-License-Identifier: MIT
// Making, removing and renaming names.
#include "libs/fs_server/permissions.hpp"
#include "libs/fs_server/service_walk.hpp"

namespace fs_server {
namespace {

constexpr std::uint32_t mode_bits = 07777;
constexpr std::uint32_t set_group_bit = 02000;

struct TwoPaths {
    std::string_view first, second;
};

Result<TwoPaths> split(std::string_view payload, std::uint32_t first_length) {
    if (first_length > payload.size()) {
        return base::fail(Status::malformed);
    }
    return TwoPaths{payload.substr(0, first_length), payload.substr(first_length)};
}

// May `who` put a new name where this walk ended?
Result<fs::Attributes> check_new_name(Backend& backend, const Walk& at, fs::Identity who) {
    if (at.node) {
        return base::fail(Status::exists);
    }
    const auto directory = TRY(backend.attributes(at.parent));
    if (!may(directory, who, Permission::write)) {
        return base::fail(Status::access_denied);
    }
    return directory;
}

Result<void> make(Backend& backend, const Walk& at, fs::Identity who, NewNode node) {
    const auto directory = TRY(check_new_name(backend, at, who));
    node.user = who.user;
    node.group = who.group;
    node.mode &= mode_bits;
    if ((directory.mode & set_group_bit) != 0) {
        node.group = directory.group;
        node.mode |= node.kind == fs::Kind::directory ? set_group_bit : 0;
    }
    backend.note_names();
    TRY(backend.make(at.place(), node));
    return {};
}

// Is `directory` the node itself, or somewhere below it?
Result<bool> lies_below(Backend& backend, Inode directory, Inode node) {
    while (directory != node) {
        if (directory == backend.root()) {
            return false;
        }
        directory = TRY(backend.parent(directory));
    }
    return true;
}

Status check_replacement(const Walk& from, const Walk& to) {
    const bool moves_directory = from.attributes.kind == fs::Kind::directory;
    const bool hits_directory = to.attributes.kind == fs::Kind::directory;
    if (moves_directory && !hits_directory) {
        return Status::not_directory;
    }
    return !moves_directory && hits_directory ? Status::is_directory : Status::ok;
}

}  // namespace

Result<fs::MakeNode::Reply> Service::handle(const fs::MakeNode& node, ipc::Request& request) {
    using Reply = fs::MakeNode::Reply;
    const bool device =
        node.kind == fs::Kind::character_device || node.kind == fs::Kind::block_device;
    if (node.kind == fs::Kind::none || node.kind > fs::Kind::socket ||
        node.kind == fs::Kind::symbolic_link) {
        return base::fail(Status::invalid);
    }
    if (device && node.identity.user != 0) {
        return base::fail(Status::not_permitted);
    }
    return with_path<fs::MakeNode>(request, keep_path(request), node.identity, Last::keep,
                                   [&](Backend& backend, const Walk& at) -> Result<Reply> {
                                       TRY(make(backend, at, node.identity,
                                                {.kind = node.kind,
                                                 .mode = node.mode,
                                                 .device_major = node.device_major,
                                                 .device_minor = node.device_minor}));
                                       if (watchers_.any()) {
                                           tell_of_new(backend, at, node.kind);
                                       }
                                       return Reply{};
                                   });
}

Result<fs::MakeSymbolicLink::Reply> Service::handle(const fs::MakeSymbolicLink& link,
                                                    ipc::Request& request) {
    using Reply = fs::MakeSymbolicLink::Reply;
    const TwoPaths texts = TRY(split(keep_path(request), link.first_length));
    if (texts.first.empty()) {
        return base::fail(Status::not_found);
    }
    if (texts.first.find('\0') != texts.first.npos) {
        return base::fail(Status::invalid);
    }
    return with_path<fs::MakeSymbolicLink>(
        request, texts.second, link.identity, Last::keep,
        [&](Backend& backend, const Walk& at) -> Result<Reply> {
            TRY(make(backend, at, link.identity,
                     {.kind = fs::Kind::symbolic_link, .mode = 0777, .target = texts.first}));
            if (watchers_.any()) {
                tell_of_new(backend, at, fs::Kind::symbolic_link);
            }
            return Reply{};
        });
}

Result<fs::Remove::Reply> Service::handle(fs::Remove remove, ipc::Request& request) {
    using Reply = fs::Remove::Reply;
    const Entrance* from = entrance_of(request);
    const std::string_view path = admit(remove, request, from);
    if (from != nullptr && from->read_only) {
        return base::fail(Status::read_only);
    }
    return with_path<fs::Remove>(
        request, path, remove.identity, Last::keep,
        [&](Backend& backend, const Walk& at) -> Result<Reply> {
            if (!at.node) {
                return base::fail(Status::not_found);
            }
            if (at.name.empty()) {
                return base::fail(Status::busy);
            }
            const bool is_directory = at.attributes.kind == fs::Kind::directory;
            if (is_directory != (remove.directory != 0)) {
                return base::fail(is_directory ? Status::is_directory : Status::not_directory);
            }
            const auto directory = TRY(backend.attributes(at.parent));
            if (!may_remove(directory, at.attributes, remove.identity)) {
                return base::fail(Status::access_denied);
            }
            backend.note_names();
            TRY(backend.remove(at.place(), *at.node));
            if (watchers_.any()) {
                tell_of_removal(backend, at);
            }
            return Reply{};
        },
        from);
}

Result<fs::Link::Reply> Service::handle(const fs::Link& link, ipc::Request& request) {
    using Reply = fs::Link::Reply;
    Backend* backend = TRY(root_of(request));
    const TwoPaths paths = TRY(split(keep_path(request), link.first_length));
    const Walk from = TRY(walk(*backend, paths.first, link.identity, Last::keep));
    if (from.redirected != fs::Redirected::no) {
        set_redirect(request, from);
        return Reply{.redirected = from.redirected, .which = 0};
    }
    const Walk to = TRY(walk(*backend, paths.second, link.identity, Last::keep));
    if (to.redirected != fs::Redirected::no) {
        set_redirect(request, to);
        return Reply{.redirected = to.redirected, .which = 1};
    }
    if (!from.node) {
        return base::fail(Status::not_found);
    }
    if (from.attributes.kind == fs::Kind::directory) {
        return base::fail(Status::not_permitted);
    }
    TRY(check_new_name(*backend, to, link.identity));
    backend->note_names();
    TRY(backend->link(to.place(), *from.node));
    if (watchers_.any()) {
        watchers_.tell({backend, *from.node}, {.mask = fs::Event::attributes});
        tell_of_new(*backend, to, from.attributes.kind);
    }
    return Reply{};
}

Result<fs::Rename::Reply> Service::handle(const fs::Rename& rename, ipc::Request& request) {
    using Reply = fs::Rename::Reply;
    Backend* backend = TRY(root_of(request));
    const TwoPaths paths = TRY(split(keep_path(request), rename.first_length));
    if ((rename.flags & ~fs::Rename::no_replace) != 0) {
        return base::fail(Status::invalid);
    }
    const Walk from = TRY(walk(*backend, paths.first, rename.identity, Last::keep));
    if (from.redirected != fs::Redirected::no) {
        set_redirect(request, from);
        return Reply{.redirected = from.redirected, .which = 0};
    }
    const Walk to = TRY(walk(*backend, paths.second, rename.identity, Last::keep));
    if (to.redirected != fs::Redirected::no) {
        set_redirect(request, to);
        return Reply{.redirected = to.redirected, .which = 1};
    }
    TRY(check_rename(*backend, from, to, rename));
    if (to.node == from.node) {
        return Reply{};  // two names of one file: POSIX asks to leave both
    }
    backend->note_names();
    TRY(backend->rename(from.place(), *from.node, to.place(), to.node));
    files_.move({backend, *from.node}, from.place(), to.place());
    if (watchers_.any()) {
        tell_of_move(*backend, from, to);
    }
    return Reply{};
}

Result<void> Service::check_rename(Backend& backend, const Walk& from, const Walk& to,
                                   const fs::Rename& rename) {
    if (!from.node) {
        return base::fail(Status::not_found);
    }
    if (from.name.empty() || to.name.empty()) {
        return base::fail(Status::busy);
    }
    if (to.node && (rename.flags & fs::Rename::no_replace) != 0) {
        return base::fail(Status::exists);
    }
    const auto source = TRY(backend.attributes(from.parent));
    const auto target = TRY(backend.attributes(to.parent));
    const bool may_put = to.node ? may_remove(target, to.attributes, rename.identity)
                                 : may(target, rename.identity, Permission::write);
    if (!may_remove(source, from.attributes, rename.identity) || !may_put) {
        return base::fail(Status::access_denied);
    }
    if (to.node) {
        if (const Status bad = check_replacement(from, to); bad != Status::ok) {
            return base::fail(bad);
        }
    }
    if (from.attributes.kind == fs::Kind::directory && to.node != from.node &&
        TRY(lies_below(backend, to.parent, *from.node))) {
        return base::fail(Status::invalid);
    }
    return {};
}

}  // namespace fs_server
