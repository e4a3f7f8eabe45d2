// SPDX-License-Identifier: MIT
// What is known about a file: the stat family, access, statfs.
#include "abi/linux/file.hpp"
#include "libs/ipc/protocol.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/entrances.hpp"
#include "linux/fd/location.hpp"
#include "linux/fd/table.hpp"
#include "linux/process/state.hpp"
#include "linux/syscalls/table.hpp"

namespace linux {

namespace {

using linux_abi::AtFlag;
using linux_abi::FileType;

std::uint32_t file_type(fs::Kind kind) {
    switch (kind) {
        case fs::Kind::regular:          return FileType::regular;
        case fs::Kind::directory:        return FileType::directory;
        case fs::Kind::symbolic_link:    return FileType::symbolic_link;
        case fs::Kind::character_device: return FileType::character;
        case fs::Kind::block_device:     return FileType::block;
        case fs::Kind::fifo:             return FileType::fifo;
        case fs::Kind::socket:           return FileType::socket;
        default:                         return 0;
    }
}

linux_abi::FileTimespec to_timespec(const fs::Timestamp& time) {
    return {time.seconds, time.nanoseconds};
}
linux_abi::StatxTime to_statx_time(const fs::Timestamp& time) {
    return {time.seconds, time.nanoseconds, 0};
}

linux_abi::Stat to_stat(const fs::Attributes& from) {
    linux_abi::Stat to{};
    to.device = from.device;
    to.inode = from.inode;
    to.links = from.links;
    to.mode = file_type(from.kind) | (from.mode & 07777);
    to.user = from.user;
    to.group = from.group;
    to.special_device = linux_abi::make_device(from.device_major, from.device_minor);
    to.size = static_cast<std::int64_t>(from.size);
    to.block_size = from.block_size;
    to.blocks = static_cast<std::int64_t>(from.blocks);
    to.accessed = to_timespec(from.accessed);
    to.modified = to_timespec(from.modified);
    to.changed = to_timespec(from.changed);
    return to;
}

linux_abi::Statx to_statx(const fs::Attributes& from) {
    linux_abi::Statx to{};
    to.mask = linux_abi::statx_basic;
    to.block_size = from.block_size;
    to.links = from.links;
    to.user = from.user;
    to.group = from.group;
    to.mode = static_cast<std::uint16_t>(file_type(from.kind) | (from.mode & 07777));
    to.inode = from.inode;
    to.size = from.size;
    to.blocks = from.blocks;
    to.accessed = to_statx_time(from.accessed);
    to.modified = to_statx_time(from.modified);
    to.changed = to_statx_time(from.changed);
    to.special_major = from.device_major;
    to.special_minor = from.device_minor;
    to.device_major = linux_abi::device_major(from.device);
    to.device_minor = linux_abi::device_minor(from.device);
    return to;
}

// fstat, or a path relative to a directory, as the AT_ flags say.
Result<void> read_attributes_at(std::int32_t directory, std::uint64_t path, std::uint32_t flags,
                                fs::Attributes& to) {
    if ((flags & AtFlag::empty_path) != 0 && TRY(fd::is_empty(path))) {
        if (directory == linux_abi::at_cwd) {
            return fd::read_attributes(TRY(fd::resolve_text(directory, ".")), true, to);
        }
        const fd::Handle description = TRY(fd::table.get(directory));
        to = TRY(description->attributes());
        return {};
    }
    const fd::Path resolved = TRY(fd::resolve(directory, path));
    return fd::read_attributes(resolved, (flags & AtFlag::no_follow) == 0, to);
}

Result<void> stat_at(std::int32_t directory, std::uint64_t path, std::uint64_t to,
                     std::uint32_t flags) {
    constexpr std::uint32_t known = AtFlag::no_follow | AtFlag::no_automount | AtFlag::empty_path;
    if ((flags & ~known) != 0) {
        return base::fail(Errno::einval);
    }
    fs::Attributes attributes;
    TRY(read_attributes_at(directory, path, flags, attributes));
    return user::write(to, to_stat(attributes));
}

Result<void> stat_descriptor(std::int32_t number, std::uint64_t to) {
    const fd::Handle description = TRY(fd::table.get(number));
    return user::write(to, to_stat(TRY(description->attributes())));
}

Result<void> statx_at(const Arguments& arguments) {
    constexpr std::uint32_t known =
        AtFlag::no_follow | AtFlag::no_automount | AtFlag::empty_path | AtFlag::statx_sync_type;
    const std::uint32_t flags = arguments.word(2);
    if ((flags & ~known) != 0 || (flags & AtFlag::statx_sync_type) == AtFlag::statx_sync_type ||
        (arguments.word(3) & linux_abi::statx_reserved) != 0) {
        return base::fail(Errno::einval);
    }
    fs::Attributes attributes;
    TRY(read_attributes_at(arguments.integer(0), arguments[1], flags, attributes));
    return user::write(arguments[4], to_statx(attributes));
}

Result<void> access_at(std::int32_t directory, std::uint64_t path, std::uint32_t mode,
                       std::uint32_t flags) {
    constexpr std::uint32_t known =
        AtFlag::no_follow | AtFlag::empty_path | AtFlag::effective_access;
    if ((mode & ~7U) != 0 || (flags & ~known) != 0) {
        return base::fail(Errno::einval);
    }
    const fd::Path resolved = TRY(fd::resolve(directory, path));
    const bool follow = (flags & AtFlag::no_follow) == 0 || resolved.directory;
    TRY(or_errno(
        fd::ask_path(fs::CheckAccess{.mode = mode, .follow = follow ? 1U : 0U}, resolved.text)));
    return {};
}

// What Linux calls the file systems of these kinds.
std::int64_t file_system_magic(std::uint32_t type) {
    switch (type) {
        case 1:  return 0xef53;
        case 2:  return 0x01021994;
        case 3:  return 0x9fa0;
        case 4:  return 0x1cd1;
        default: return 0;
    }
}

Result<void> write_usage(std::uint64_t to, const fs::GetUsage::Reply& usage) {
    linux_abi::Statfs result{};
    result.type = file_system_magic(usage.type);
    result.block_size = usage.block_size;
    result.fragment_size = usage.block_size;
    result.blocks = usage.blocks;
    result.free_blocks = usage.free_blocks;
    result.available_blocks = usage.free_blocks;
    result.files = usage.inodes;
    result.free_files = usage.free_inodes;
    result.name_length = linux_abi::name_max;
    return user::write(to, result);
}

Result<void> statfs_path(const Arguments& arguments) {
    const fd::Path path = TRY(fd::resolve(linux_abi::at_cwd, arguments[0]));
    const auto answer = TRY(
        or_errno(ipc::call(fd::own_view(), fs::GetUsage{}, {.payload = ipc::bytes(path.text)})));
    return write_usage(arguments[1], answer.reply);
}

Result<void> statfs_descriptor(const Arguments& arguments) {
    const fd::Handle description = TRY(fd::table.get(arguments.integer(0)));
    if (!description->file()) {
        return base::fail(Errno::enosys);
    }
    const auto answer = TRY(or_errno(ipc::call(description->file(), fs::GetUsage{})));
    return write_usage(arguments[1], answer.reply);
}

}  // namespace

namespace calls {

std::int64_t stat(const Arguments& arguments) {
    return to_return(stat_at(linux_abi::at_cwd, arguments[0], arguments[1], 0));
}
std::int64_t lstat(const Arguments& arguments) {
    return to_return(stat_at(linux_abi::at_cwd, arguments[0], arguments[1], AtFlag::no_follow));
}
std::int64_t fstat(const Arguments& arguments) {
    return to_return(stat_descriptor(arguments.integer(0), arguments[1]));
}
std::int64_t newfstatat(const Arguments& arguments) {
    return to_return(stat_at(arguments.integer(0), arguments[1], arguments[2], arguments.word(3)));
}
std::int64_t statx(const Arguments& arguments) { return to_return(statx_at(arguments)); }

std::int64_t access(const Arguments& arguments) {
    return to_return(access_at(linux_abi::at_cwd, arguments[0], arguments.word(1), 0));
}
std::int64_t faccessat(const Arguments& arguments) {
    return to_return(access_at(arguments.integer(0), arguments[1], arguments.word(2), 0));
}
std::int64_t faccessat2(const Arguments& arguments) {
    return to_return(
        access_at(arguments.integer(0), arguments[1], arguments.word(2), arguments.word(3)));
}

std::int64_t statfs(const Arguments& arguments) { return to_return(statfs_path(arguments)); }
std::int64_t fstatfs(const Arguments& arguments) { return to_return(statfs_descriptor(arguments)); }

}  // namespace calls
}  // namespace linux
