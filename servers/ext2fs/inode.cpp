// SPDX-License-Identifier: MIT
#include "servers/ext2fs/inode.hpp"

#include <array>

namespace ext2 {
namespace {

using fs::Kind;

struct KindRow {
    Kind kind;
    std::uint16_t mode;
    std::uint8_t entry;
};
constexpr std::array kinds = {
    KindRow{Kind::regular, LINUX_S_IFREG, EXT2_FT_REG_FILE},
    KindRow{Kind::directory, LINUX_S_IFDIR, EXT2_FT_DIR},
    KindRow{Kind::symbolic_link, LINUX_S_IFLNK, EXT2_FT_SYMLINK},
    KindRow{Kind::character_device, LINUX_S_IFCHR, EXT2_FT_CHRDEV},
    KindRow{Kind::block_device, LINUX_S_IFBLK, EXT2_FT_BLKDEV},
    KindRow{Kind::fifo, LINUX_S_IFIFO, EXT2_FT_FIFO},
    KindRow{Kind::socket, LINUX_S_IFSOCK, EXT2_FT_SOCK},
};

constexpr std::uint64_t disk_device = 0x801;  // as attributes call the one disk
constexpr std::size_t old_bytes = 128;        // of an inode without the extra fields

// The extra field of a time: 2 bits more for the seconds, 30 bits of nanoseconds.
fs::Timestamp time_of(std::uint32_t seconds, std::uint32_t extra) {
    return {.seconds =
                static_cast<std::int32_t>(seconds) + (static_cast<std::int64_t>(extra & 3) << 32),
            .nanoseconds = extra >> 2};
}
std::uint32_t extra_of(fs::Timestamp time) {
    const std::int64_t above = time.seconds - static_cast<std::int32_t>(time.seconds);
    return static_cast<std::uint32_t>((above >> 32) & 3) | (time.nanoseconds << 2);
}

}  // namespace

std::uint8_t entry_type(Kind kind) {
    for (const KindRow& row : kinds) {
        if (row.kind == kind) {
            return row.entry;
        }
    }
    return EXT2_FT_UNKNOWN;
}

Kind kind_of_entry(std::uint8_t type) {
    for (const KindRow& row : kinds) {
        if (row.entry == type) {
            return row.kind;
        }
    }
    return Kind::none;
}

std::uint16_t mode_bits(Kind kind) {
    for (const KindRow& row : kinds) {
        if (row.kind == kind) {
            return row.mode;
        }
    }
    return 0;
}

Result<DiskInode> DiskInode::read(Volume& volume, Inode inode) {
    DiskInode result{inode};
    const auto number = number_of(inode);
    if (number == 0 || number > volume.fs()->super->s_inodes_count) {
        return base::fail(Status::io_error);
    }
    TRY(volume.check(
        ext2fs_read_inode_full(volume.fs(), number, result.raw(), sizeof result.raw_)));
    return result;
}

DiskInode::DiskInode(Inode inode, std::uint16_t mode, fs::Timestamp now) : inode_(inode) {
    raw_.i_mode = mode;
    raw_.i_links_count = 1;
    raw_.i_extra_isize = sizeof(ext2_inode_large) - old_bytes;
    set_accessed(now);
    set_modified(now);
    set_changed(now);
    raw_.i_crtime = raw_.i_ctime;
    raw_.i_crtime_extra = raw_.i_ctime_extra;
}

Result<void> DiskInode::write(Volume& volume) const {
    auto copy = raw_;
    return volume.check(ext2fs_write_inode_full(volume.fs(), number_of(inode_),
                                                reinterpret_cast<ext2_inode*>(&copy), sizeof copy));
}

// The rest of the inode, beyond what is known here, is made zero first.
Result<void> DiskInode::write_new(Volume& volume) const {
    ext2_inode empty{};
    TRY(volume.check(ext2fs_write_new_inode(volume.fs(), number_of(inode_), &empty)));
    return write(volume);
}

Kind DiskInode::kind() const {
    for (const KindRow& row : kinds) {
        if (row.mode == (raw_.i_mode & LINUX_S_IFMT)) {
            return row.kind;
        }
    }
    return Kind::none;
}

std::uint64_t DiskInode::size() const {
    const bool wide = kind() == Kind::regular || kind() == Kind::directory;
    return raw_.i_size | (wide ? std::uint64_t{raw_.i_size_high} << 32 : 0);
}

fs::Attributes DiskInode::attributes(const Volume& volume) const {
    const bool extra = EXT2_INODE_SIZE(volume.fs()->super) > old_bytes;
    fs::Attributes result{.device = disk_device,
                          .inode = inode_.value(),
                          .size = size(),
                          .mode = raw_.i_mode & 07777U,
                          .kind = kind(),
                          .links = raw_.i_links_count,
                          .user = inode_uid(raw_),
                          .group = inode_gid(raw_),
                          .block_size = volume.block_bytes()};
    result.blocks = raw_.i_blocks | (std::uint64_t{raw_.osd2.linux2.l_i_blocks_hi} << 32);
    result.accessed = time_of(raw_.i_atime, extra ? raw_.i_atime_extra : 0);
    result.modified = time_of(raw_.i_mtime, extra ? raw_.i_mtime_extra : 0);
    result.changed = time_of(raw_.i_ctime, extra ? raw_.i_ctime_extra : 0);
    if (result.kind == Kind::character_device || result.kind == Kind::block_device) {
        // The old form, 8 bits each, in the first block number; the new one in the second.
        const std::uint32_t old_form = raw_.i_block[0];
        const std::uint32_t new_form = raw_.i_block[1];
        result.device_major = old_form != 0 ? (old_form >> 8) & 0xff : (new_form >> 8) & 0xfff;
        result.device_minor =
            old_form != 0 ? old_form & 0xff : (new_form & 0xff) | ((new_form >> 12) & 0xfff00);
    }
    return result;
}

void DiskInode::set_mode(std::uint32_t permissions) {
    raw_.i_mode = static_cast<std::uint16_t>((raw_.i_mode & LINUX_S_IFMT) | (permissions & 07777));
}

void DiskInode::set_owner(std::uint32_t user, std::uint32_t group) {
    raw_.i_uid = static_cast<std::uint16_t>(user);
    raw_.osd2.linux2.l_i_uid_high = static_cast<std::uint16_t>(user >> 16);
    raw_.i_gid = static_cast<std::uint16_t>(group);
    raw_.osd2.linux2.l_i_gid_high = static_cast<std::uint16_t>(group >> 16);
}

void DiskInode::set_device(std::uint32_t major, std::uint32_t minor) {
    if (major < 256 && minor < 256) {
        raw_.i_block[0] = (major << 8) | minor;
    } else {
        raw_.i_block[1] = (minor & 0xff) | (major << 8) | ((minor & ~0xffU) << 12);
    }
}

void DiskInode::set_accessed(fs::Timestamp time) {
    raw_.i_atime = static_cast<std::uint32_t>(time.seconds);
    raw_.i_atime_extra = extra_of(time);
}

void DiskInode::set_modified(fs::Timestamp time) {
    raw_.i_mtime = static_cast<std::uint32_t>(time.seconds);
    raw_.i_mtime_extra = extra_of(time);
}

void DiskInode::set_changed(fs::Timestamp time) {
    raw_.i_ctime = static_cast<std::uint32_t>(time.seconds);
    raw_.i_ctime_extra = extra_of(time);
}

}  // namespace ext2
