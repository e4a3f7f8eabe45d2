// SPDX-License-Identifier: MIT
// Opening files, and looking at and changing attributes, by path.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "libs/fs_server/permissions.hpp"
#include "libs/fs_server/service_walk.hpp"

namespace fs_server {
namespace {

constexpr std::uint32_t mode_bits = 07777;
constexpr std::uint32_t set_id_bits = 06000;

std::uint32_t wanted_permissions(const fs::Open& open) {
    std::uint32_t wanted = 0;
    wanted |= (open.flags & fs::OpenFlags::read) != 0 ? Permission::read : 0;
    wanted |= (open.flags & (fs::OpenFlags::write | fs::OpenFlags::truncate)) != 0
                  ? Permission::write
                  : 0;
    wanted |= (open.flags & fs::OpenFlags::execute) != 0 ? Permission::execute : 0;
    return wanted;
}

Status check_open(const fs::Attributes& file, const fs::Open& open) {
    using Flags = fs::OpenFlags;
    const bool changes = (open.flags & (Flags::write | Flags::truncate)) != 0;
    const bool is_directory = file.kind == fs::Kind::directory;
    if (is_directory && (changes || (open.flags & Flags::create) != 0)) {
        return Status::is_directory;
    }
    if (!is_directory && (open.flags & Flags::directory) != 0) {
        return Status::not_directory;
    }
    if ((open.flags & Flags::path_only) != 0) {
        return Status::ok;
    }
    if (file.kind == fs::Kind::symbolic_link) {
        return Status::too_many_links;
    }
    if ((open.flags & Flags::execute) != 0 && file.kind != fs::Kind::regular) {
        return Status::access_denied;
    }
    if (!may(file, open.identity, wanted_permissions(open))) {
        return Status::access_denied;
    }
    const bool stored_here = file.kind == fs::Kind::regular;
    return changes && stored_here && (open.flags & Flags::read_only_view) != 0 ? Status::read_only
                                                                               : Status::ok;
}

}  // namespace

Result<fs::Open::Reply> Service::handle(const fs::Open& asked, ipc::Request& request) {
    using Flags = fs::OpenFlags;
    const Entrance* from = entrance_of(request);
    Opening open{asked, from != nullptr ? from->number : 0};
    const std::string_view path = admit<fs::Open>(open, request, from);
    if (from != nullptr) {
        open.flags &= ~Flags::read_only_view;
        open.flags |= from->read_only ? Flags::read_only_view : 0;
    }
    if (open.into != 0 && !files_.is_empty(open.into, open.entrance)) {
        return base::fail(Status::busy);
    }
    const bool exclusive =
        (open.flags & (Flags::create | Flags::exclusive)) == (Flags::create | Flags::exclusive);
    const Last last = exclusive || (open.flags & Flags::no_follow) != 0 ? Last::keep : Last::follow;
    opened_.reset();
    auto reply = with_path<fs::Open>(
        request, path, open.identity, last,
        [&](Backend& backend, const Walk& at) -> Result<fs::Open::Reply> {
            if (at.node && (open.flags & Flags::nameless) != 0) {
                return open_nameless(backend, *at.node, open);
            }
            if (at.node) {
                return exclusive ? base::fail(Status::exists) : open_existing(backend, at, open);
            }
            if ((open.flags & Flags::create) == 0) {
                return base::fail(Status::not_found);
            }
            if ((open.flags & Flags::directory) != 0) {
                return base::fail(Status::invalid);
            }
            const auto directory = TRY(backend.attributes(at.parent));
            if (!may(directory, open.identity, Permission::write)) {
                return base::fail(Status::access_denied);
            }
            if ((open.flags & Flags::read_only_view) != 0) {
                return base::fail(Status::read_only);
            }
            const NewNode node{.kind = fs::Kind::regular,
                               .mode = open.mode & mode_bits,
                               .user = open.identity.user,
                               .group = open.identity.group};
            backend.note_names();
            const Inode made = TRY(backend.make(at.place(), node));
            if (watchers_.any()) {
                tell_of_new(backend, at, fs::Kind::regular);
            }
            return describe(backend, at.place(), made, TRY(backend.attributes(made)), open);
        },
        from);
    if (opened_) {
        request.add_capability(std::move(opened_));
    }
    return reply;
}

// It has a name for a moment, in which nobody else is served.
Result<fs::Open::Reply> Service::open_nameless(Backend& backend, Inode directory,
                                               const Opening& open) {
    const auto attributes = TRY(backend.attributes(directory));
    if (attributes.kind != fs::Kind::directory) {
        return base::fail(Status::not_directory);
    }
    if (!may(attributes, open.identity, Permission::write | Permission::execute)) {
        return base::fail(Status::access_denied);
    }
    if ((open.flags & fs::OpenFlags::read_only_view) != 0) {
        return base::fail(Status::read_only);
    }
    Place place{directory, ".nameless"};
    std::array<char, 32> name;
    for (std::uint32_t number = 0; backend.lookup(place); ++number) {  // somebody's own
        constexpr std::string_view start = ".nameless-";
        const auto digits = std::ranges::copy(start, name.begin()).out;
        const auto end = std::to_chars(digits, name.end(), number).ptr;
        place.name = {name.data(), static_cast<std::size_t>(end - name.data())};
    }
    backend.note_names();
    const Inode inode =
        TRY(backend.make(place, {.kind = fs::Kind::regular,
                                 .mode = open.mode & mode_bits,
                                 .user = open.identity.user,
                                 .group = open.identity.group,
                                 .sealable = (open.flags & fs::OpenFlags::sealable) != 0}));
    auto reply = describe(backend, {directory, {}}, inode, TRY(backend.attributes(inode)), open);
    const auto removed = backend.remove(place, inode);
    if (reply && !removed) {
        opened_.reset();
        return base::fail(removed.error());
    }
    return reply;
}

Result<fs::Open::Reply> Service::open_existing(Backend& backend, const Walk& at,
                                               const Opening& open) {
    if (const Status bad = check_open(at.attributes, open); bad != Status::ok) {
        return base::fail(bad);
    }
    const bool truncate =
        (open.flags & fs::OpenFlags::truncate) != 0 && (open.flags & fs::OpenFlags::path_only) == 0;
    if (truncate && at.attributes.kind == fs::Kind::regular) {
        if (at.attributes.size != 0) {
            backend.note_contents(*at.node);
            TRY(backend.truncate(*at.node, 0));
        }
        if (watchers_.any()) {
            tell_of_node(backend, at, fs::Event::modified);
        }
        if (at.attributes.size != 0) {
            return describe(backend, at.place(), *at.node, TRY(backend.attributes(*at.node)), open);
        }
    }
    return describe(backend, at.place(), *at.node, at.attributes, open);
}

// Makes the description, and its capability if it needs one.
Result<Service::OpenedNode> Service::open_node(const OpenFile& file) {
    const std::uint64_t badge = TRY(files_.add(file));
    auto minted = host_.mint_file(badge);
    if (!minted) {
        files_.remove(badge);
        return base::fail(minted.error());
    }
    return OpenedNode{badge, std::move(*minted)};
}

bool Service::is_open(std::uint64_t badge, const Watched& what) {
    const OpenFile* file = files_.find(badge);
    return file != nullptr && file->backend == what.backend && file->inode == what.inode;
}

Result<fs::Open::Reply> Service::describe(Backend& backend, const Place& place, Inode inode,
                                          const fs::Attributes& attributes, const Opening& open) {
    OpenFile file{.backend = &backend,
                  .inode = inode,
                  .kind = attributes.kind,
                  .flags = open.flags,
                  .opener = open.identity,
                  .entrance = open.entrance,
                  .parent = place.directory};
    if (watchers_.any() && is_named_to_others(file)) {
        file.name =
            place.name;  // looking for it later would take as long as the directory is large
        file.name_known = true;
    }
    std::uint64_t badge = open.into;
    if (open.into != 0) {
        files_.fill(open.into, file);
    } else {
        OpenedNode opened = TRY(open_node(file));
        badge = opened.badge;
        opened_ = std::move(opened.file);
    }
    if (watchers_.any()) {
        note(*files_.find(badge), fs::Event::opened);
    }
    return fs::Open::Reply{.kind = attributes.kind,
                           .device_major = attributes.device_major,
                           .device_minor = attributes.device_minor,
                           .size = attributes.size,
                           .inode = inode.value(),
                           .device = attributes.device};
}

Result<fs::GetPathAttributes::Reply> Service::handle(fs::GetPathAttributes get,
                                                     ipc::Request& request) {
    using Reply = fs::GetPathAttributes::Reply;
    const Entrance* from = entrance_of(request);
    const std::string_view path = admit(get, request, from);
    const Last last = get.follow != 0 ? Last::follow : Last::keep;
    return with_path<fs::GetPathAttributes>(
        request, path, get.identity, last,
        [&](Backend& backend, const Walk& at) -> Result<Reply> {
            if (!at.node) {
                return base::fail(Status::not_found);
            }
            request.set_reply_object(at.attributes);
            return Reply{.names = backend.names_version(),
                         .contents = backend.contents_version(*at.node)};
        },
        from);
}

Result<fs::CheckAccess::Reply> Service::handle(fs::CheckAccess check, ipc::Request& request) {
    using Reply = fs::CheckAccess::Reply;
    const Entrance* from = entrance_of(request);
    const std::string_view path = admit(check, request, from);
    const bool read_only = from != nullptr && from->read_only;
    const Last last = check.follow != 0 ? Last::follow : Last::keep;
    return with_path<fs::CheckAccess>(
        request, path, check.identity, last,
        [&](Backend&, const Walk& at) -> Result<Reply> {
            if (!at.node) {
                return base::fail(Status::not_found);
            }
            if (!may(at.attributes, check.identity, check.mode & 7)) {
                return base::fail(Status::access_denied);
            }
            if (read_only && (check.mode & Permission::write) != 0) {
                return base::fail(Status::read_only);
            }
            return Reply{};
        },
        from);
}

Result<fs::ReadSymbolicLink::Reply> Service::handle(const fs::ReadSymbolicLink& read,
                                                    ipc::Request& request) {
    using Reply = fs::ReadSymbolicLink::Reply;
    return with_path<fs::ReadSymbolicLink>(
        request, keep_path(request), read.identity, Last::keep,
        [&](Backend& backend, const Walk& at) -> Result<Reply> {
            if (!at.node) {
                return base::fail(Status::not_found);
            }
            if (at.attributes.kind != fs::Kind::symbolic_link) {
                return base::fail(Status::invalid);
            }
            if (!backend.may_follow(*at.node, read.identity)) {
                return base::fail(Status::access_denied);
            }
            std::array<char, fs::max_path> buffer;
            request.set_reply_payload(ipc::bytes(TRY(backend.read_link(*at.node, buffer))));
            return Reply{};
        });
}

Result<fs::SetAttributes::Reply> Service::handle(const fs::SetAttributes& set,
                                                 ipc::Request& request) {
    using Reply = fs::SetAttributes::Reply;
    fs::Attributes values;
    if (!ipc::read_payload(request.payload(), values)) {
        return base::fail(Status::malformed);
    }
    if (request.badge() < root_badge) {
        OpenFile* file = TRY(file_of(request));
        if (file->has(fs::OpenFlags::read_only_view)) {
            return base::fail(Status::read_only);
        }
        const std::uint32_t news =
            TRY(change(*file->backend, file->inode, file->opener, set.which, values));
        if (news != 0) {
            note_change(*file, news);
        }
        return Reply{};
    }
    const Last last = set.follow != 0 ? Last::follow : Last::keep;
    return with_path<fs::SetAttributes>(
        request, keep_path(request, sizeof values), set.identity, last,
        [&](Backend& backend, const Walk& at) -> Result<Reply> {
            if (!at.node) {
                return base::fail(Status::not_found);
            }
            const std::uint32_t news =
                TRY(change(backend, *at.node, set.identity, set.which, values));
            if (news != 0 && watchers_.any()) {
                tell_of_node(backend, at, news);
            }
            return Reply{};
        });
}

Result<std::uint32_t> Service::change(Backend& backend, Inode inode, fs::Identity who,
                                      std::uint32_t which, fs::Attributes values) {
    using Set = fs::SetAttributes;
    const auto file = TRY(backend.attributes(inode));
    if (const Status bad = may_change(file, who, which, values); bad != Status::ok) {
        return base::fail(bad);
    }
    if ((which & Set::size) != 0) {
        if (file.kind != fs::Kind::regular) {
            return base::fail(file.kind == fs::Kind::directory ? Status::is_directory
                                                               : Status::invalid);
        }
        backend.note_contents(inode);
        TRY(backend.truncate(inode, values.size));
    }
    const fs::Timestamp now = host_.now();
    if ((which & Set::accessed_now) != 0) {
        values.accessed = now;
        which |= Set::accessed;
    }
    if ((which & Set::modified_now) != 0) {
        values.modified = now;
        which |= Set::modified;
    }
    values.mode &= mode_bits;
    const bool new_owner = (which & (Set::user | Set::group)) != 0;
    const bool was_set_id = file.kind == fs::Kind::regular && (file.mode & set_id_bits) != 0;
    if (new_owner && was_set_id && (which & Set::mode) == 0) {
        values.mode = file.mode & ~set_id_bits;
        which |= Set::mode;
    }
    const std::uint32_t resized = (which & Set::size) != 0 ? fs::Event::modified : 0;
    which &= Set::mode | Set::user | Set::group | Set::accessed | Set::modified;
    if (which == 0) {
        return resized;
    }
    backend.note_names();
    TRY(backend.change(inode, {.which = which, .values = values}));
    // One time alone is told as what would have set it.
    switch (which) {
        case Set::accessed: return resized | fs::Event::accessed;
        case Set::modified: return resized | fs::Event::modified;
        default:            return resized | fs::Event::attributes;
    }
}

Result<fs::GetUsage::Reply> Service::handle(const fs::GetUsage&, ipc::Request& request) {
    using Reply = fs::GetUsage::Reply;
    const auto report = [](Backend& backend) -> Result<Reply> {
        const Usage usage = TRY(backend.usage());
        return Reply{.block_size = usage.block_size,
                     .blocks = usage.blocks,
                     .free_blocks = usage.free_blocks,
                     .inodes = usage.inodes,
                     .free_inodes = usage.free_inodes,
                     .type = usage.type};
    };
    if (request.badge() < root_badge) {
        return report(*TRY(file_of(request))->backend);
    }
    // Anybody may ask; the path only says which file system is meant, and must exist.
    return with_path<fs::GetUsage>(request, keep_path(request), fs::Identity{}, Last::follow,
                                   [&](Backend& backend, const Walk& at) -> Result<Reply> {
                                       if (!at.node) {
                                           return base::fail(Status::not_found);
                                       }
                                       return report(backend);
                                   });
}

}  // namespace fs_server
