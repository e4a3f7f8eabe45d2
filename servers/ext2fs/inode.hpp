// SPDX-License-Identifier: MIT
// An inode as it is on the disk, and what it means.
#pragma once

#include "servers/ext2fs/volume.hpp"

namespace ext2 {

using fs_server::Inode;

constexpr ext2_ino_t number_of(Inode inode) { return static_cast<ext2_ino_t>(inode.value()); }

class DiskInode {
public:
    static Result<DiskInode> read(Volume& volume, Inode inode);
    // A fresh one, with all times now.
    DiskInode(Inode inode, std::uint16_t mode, fs::Timestamp now);

    [[nodiscard]] Result<void> write(Volume& volume) const;
    [[nodiscard]] Result<void> write_new(Volume& volume) const;

    [[nodiscard]] fs::Attributes attributes(const Volume& volume) const;
    [[nodiscard]] fs::Kind kind() const;
    [[nodiscard]] std::uint64_t size() const;

    void set_mode(std::uint32_t permissions);
    void set_owner(std::uint32_t user, std::uint32_t group);
    void set_device(std::uint32_t major, std::uint32_t minor);
    void set_accessed(fs::Timestamp time);
    void set_modified(fs::Timestamp time);
    void set_changed(fs::Timestamp time);

    // For libext2fs, which knows the first 128 bytes.
    [[nodiscard]] ext2_inode* raw() { return reinterpret_cast<ext2_inode*>(&raw_); }
    [[nodiscard]] ext2_inode_large& large() { return raw_; }
    [[nodiscard]] Inode inode() const { return inode_; }

private:
    explicit DiskInode(Inode inode) : inode_(inode) {}

    Inode inode_;
    ext2_inode_large raw_{};
};

// The number of a kind in a directory entry, and in a mode.
std::uint8_t entry_type(fs::Kind kind);
fs::Kind kind_of_entry(std::uint8_t type);
std::uint16_t mode_bits(fs::Kind kind);

}  // namespace ext2
