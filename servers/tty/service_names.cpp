// SPDX-License-Identifier: MIT
// The file system of pseudo-terminals: one directory, with "ptmx" and the numbers of those that a branch may find.
#include <charconv>

#include "libs/fs_server/directory_records.hpp"
#include "libs/fs_server/permissions.hpp"
#include "servers/tty/service.hpp"

namespace tty {

namespace {

constexpr std::uint64_t device_number = 6;  // what stat says of this file system
constexpr std::uint32_t file_system_kind = 4;
constexpr std::uint64_t directory_inode = 1, master_inode = 2, first_slave_inode = 3;
constexpr std::string_view master_name = "ptmx";

}  // namespace

Branch* Service::branch_of(const ipc::Request& request) {
    if (request.badge() == badge_pairs_directory) {
        return &pairs_.root();
    }
    const auto found = opened_.find(request.badge());
    const bool is_branch = found != opened_.end() && found->second.kind == Opened::Kind::branch;
    return is_branch ? found->second.branch : nullptr;
}

Result<Service::Name> Service::look_up(const Branch& branch, std::string_view path) const {
    if (path.empty()) {
        return Name{};
    }
    if (path == master_name) {
        return Name{.kind = Name::Kind::master};
    }
    std::uint32_t number = 0;
    const char* end = path.data() + path.size();
    const auto parsed = std::from_chars(path.data(), end, number);
    const bool is_number = parsed.ec == std::errc{} && parsed.ptr == end;
    PseudoTerminal* pair = is_number ? pairs_.find(branch, number) : nullptr;
    if (pair == nullptr || (path.size() > 1 && path.front() == '0')) {
        return base::fail(Status::not_found);
    }
    return Name{.kind = Name::Kind::slave, .pair = pair};
}

fs::Attributes Service::attributes_of(const Name& name) {
    fs::Attributes attributes;
    attributes.kind = fs::Kind::character_device;
    attributes.links = 1;
    switch (name.kind) {
        case Name::Kind::directory:
            attributes.kind = fs::Kind::directory;
            attributes.mode = 0755;
            attributes.links = 2;
            attributes.inode = directory_inode;
            break;
        case Name::Kind::master:
            attributes.mode = 0666;
            attributes.inode = master_inode;
            attributes.device_major = console_major;
            attributes.device_minor = master_minor;
            break;
        case Name::Kind::slave:
            attributes = name.pair->attributes;
            attributes.links = 1;
            attributes.inode = first_slave_inode + name.pair->number();
            attributes.device_major = slave_major;
            attributes.device_minor = name.pair->number();
            break;
    }
    attributes.device = device_number;
    attributes.block_size = 1024;
    return attributes;
}

Result<fs::GetPathAttributes::Reply> Service::handle(const fs::GetPathAttributes& /*get*/,
                                                     ipc::Request& request) {
    const Branch* branch = branch_of(request);
    if (branch == nullptr) {
        return base::fail(Status::unsupported);
    }
    request.set_reply_object(attributes_of(TRY(look_up(*branch, request.text()))));
    return fs::GetPathAttributes::Reply{};
}

Result<fs::CheckAccess::Reply> Service::handle(const fs::CheckAccess& check,
                                               ipc::Request& request) {
    const Branch* branch = branch_of(request);
    if (branch == nullptr) {
        return base::fail(Status::unsupported);
    }
    const fs::Attributes attributes = attributes_of(TRY(look_up(*branch, request.text())));
    if (!fs_server::may(attributes, check.identity, check.mode)) {
        return base::fail(Status::access_denied);
    }
    return fs::CheckAccess::Reply{};
}

Result<fs::ReadSymbolicLink::Reply> Service::handle(const fs::ReadSymbolicLink& /*read*/,
                                                    ipc::Request& request) {
    const Branch* branch = branch_of(request);
    if (branch == nullptr) {
        return base::fail(Status::unsupported);
    }
    TRY(look_up(*branch, request.text()));
    return base::fail(Status::invalid);  // there are none
}

// Of slaves alone, by name or by an open File.
Result<fs::SetAttributes::Reply> Service::handle(const fs::SetAttributes& set,
                                                 ipc::Request& request) {
    using Set = fs::SetAttributes;
    fs::Attributes values;
    const auto payload = request.payload();
    if (!ipc::read_payload(payload, values)) {
        return base::fail(Status::malformed);
    }
    PseudoTerminal* pair = nullptr;
    fs::Identity who = set.identity;
    if (const Branch* branch = branch_of(request)) {
        pair = TRY(look_up(*branch, ipc::text(payload.subspan(sizeof values)))).pair;
    } else {
        const Opened* file = TRY(opened_of(request));
        pair = file->kind == Opened::Kind::terminal ? file->pair : nullptr;
        who = file->identity;
    }
    if (pair == nullptr) {
        return base::fail(Status::not_permitted);
    }
    fs::Attributes& attributes = pair->attributes;
    if (const Status may = fs_server::may_change(attributes, who, set.which, values);
        may != Status::ok) {
        return base::fail(may);
    }
    attributes.mode = (set.which & Set::mode) != 0 ? values.mode & 07777 : attributes.mode;
    attributes.user = (set.which & Set::user) != 0 ? values.user : attributes.user;
    attributes.group = (set.which & Set::group) != 0 ? values.group : attributes.group;
    return Set::Reply{};
}

Result<fs::GetUsage::Reply> Service::handle(const fs::GetUsage& /*get*/, ipc::Request& request) {
    if (branch_of(request) == nullptr && TRY(opened_of(request))->branch == nullptr) {
        return base::fail(Status::unsupported);
    }
    return fs::GetUsage::Reply{.type = file_system_kind};
}

// The cursor is the place of the next entry: ".", "..", "ptmx", and the numbers.
Result<fs::ReadDirectory::Reply> Service::handle(const fs::ReadDirectory& read,
                                                 ipc::Request& request) {
    Opened* file = TRY(opened_of(request));
    if (file->kind != Opened::Kind::directory) {
        return base::fail(Status::not_directory);
    }
    if (read.cursor != fs::current_offset) {
        file->cursor = read.cursor;
    }
    fs_server::DirectoryRecords records{
        request.reply_payload().first(std::min<std::size_t>(read.length, abi::message_bytes)),
        file->cursor};
    const auto add = [&](std::string_view name, std::uint64_t inode, std::uint64_t place,
                         fs::Kind kind) {
        return place < file->cursor || records.add({.name = name,
                                                    .inode = fs_server::Inode{inode},
                                                    .kind = kind,
                                                    .next_cursor = place + 1});
    };
    bool more = add(".", directory_inode, 0, fs::Kind::directory) &&
                add("..", directory_inode, 1, fs::Kind::directory) &&
                add(master_name, master_inode, 2, fs::Kind::character_device);
    pairs_.for_each([&](PseudoTerminal& pair) {
        if (!more || pairs_.find(*file->branch, pair.number()) == nullptr) {
            return;
        }
        char digits[12];
        const auto end = std::to_chars(digits, digits + sizeof digits, pair.number()).ptr;
        more = add({digits, end}, first_slave_inode + pair.number(), 3 + pair.number(),
                   fs::Kind::character_device);
    });
    if (records.too_small()) {
        return base::fail(Status::invalid);
    }
    file->cursor = records.next_cursor();
    request.set_reply_length(records.used());
    return fs::ReadDirectory::Reply{.next_cursor = file->cursor};
}

Result<fs::Seek::Reply> Service::handle(const fs::Seek& seek, ipc::Request& request) {
    Opened* file = TRY(opened_of(request));
    if (file->kind != Opened::Kind::directory) {
        return base::fail(Status::not_seekable);
    }
    if (seek.whence != fs::Seek::from_start || seek.offset < 0) {
        return base::fail(Status::invalid);
    }
    file->cursor = static_cast<std::uint64_t>(seek.offset);
    return fs::Seek::Reply{.offset = file->cursor};
}

Result<names::Branch::Reply> Service::handle(const names::Branch& /*branch*/,
                                             ipc::Request& request) {
    Branch* parent = branch_of(request);
    if (parent == nullptr) {
        return base::fail(Status::unsupported);
    }
    Branch* made = TRY(pairs_.fork(*parent));
    auto directory = add({.kind = Opened::Kind::branch, .branch = made});
    pairs_.release(made);  // now the capability's
    request.add_capability(TRY(std::move(directory)));
    return names::Branch::Reply{};
}

}  // namespace tty
