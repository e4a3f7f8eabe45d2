// SPDX-License-Identifier: MIT
// The inodes that are in use, or were a while ago, in memory. What stands here is the truth; the disk
// gets it when somebody flushes.
//
// libext2fs is only ever given pointers to these inodes, never numbers of inodes that are here and
// dirty, so that it does not work with an old copy.
//
// Pointers are good until the operation of the back end ends: `trim` comes at the start of one.
#pragma once

#include <map>
#include <set>

#include "libs/fs_server/file_data.hpp"
#include "servers/ext2fs/directory_index.hpp"
#include "servers/ext2fs/inode.hpp"

namespace ext2 {

struct LiveInode {
    explicit LiveInode(const DiskInode& inode) : disk(inode) {}

    DiskInode disk;
    bool dirty = false;       // the disk has something else
    std::uint64_t holds = 0;  // open descriptions
    bool orphan = false;      // has no name any more, and will be freed when it is let go
    std::uint64_t used = 0;   // when, counted in uses

    // A file's page cache: all of it, or none. Pages by their number in the file.
    std::unique_ptr<fs_server::FileData> data;
    std::set<std::uint64_t> dirty_pages;
    bool written_behind = false;  // somebody may write into it without telling

    // A directory's names.
    std::unique_ptr<DirectoryIndex> index;

    [[nodiscard]] Inode number() const { return disk.inode(); }
};

class InodeTable {
public:
    explicit InodeTable(Volume& volume) : volume_(volume) {}

    [[nodiscard]] Result<LiveInode*> get(Inode inode);
    // Only if it is here.
    [[nodiscard]] LiveInode* find(Inode inode);
    // One that was just made.
    LiveInode& add(const DiskInode& inode);
    void forget(Inode inode) { live_.erase(inode.value()); }

    [[nodiscard]] Result<void> write(LiveInode& live);
    [[nodiscard]] Result<void> write_all();
    // Lets go what nobody uses, if there is much of it. A failure to write keeps the inode.
    void trim();

    [[nodiscard]] std::map<std::uint64_t, LiveInode>& all() { return live_; }

private:
    static constexpr std::size_t many = 2048;
    static constexpr std::size_t many_names = 100'000;

    Volume& volume_;
    std::map<std::uint64_t, LiveInode> live_;
    std::uint64_t uses_ = 0;
};

}  // namespace ext2
