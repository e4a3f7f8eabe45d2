// SPDX-License-Identifier: MIT
// Contents of regular files in memory: LiveInode::data holds a whole file (on CLUU a Memory object,
// which clients map), or there is none and the disk's blocks are used directly.
//
// A write goes to memory, and allocates its blocks at once, so that a full disk is noticed; the blocks
// are written when the file is flushed, neighbours in one request. What clients write into a writable
// mapping is not seen happening: such a file counts as changed as a whole whenever somebody asks for
// it to be on the disk, and when it is let go.
//
// Files that nobody has open keep their memory until it is needed: what was once run is soon run
// again.
#pragma once

#include "servers/ext2fs/inode_table.hpp"

namespace ext2 {

class PageCache {
public:
    PageCache(Volume& volume, fs_server::Store& store, InodeTable& inodes,
              const fs_server::Backend& owner)
        : volume_(volume), store_(store), inodes_(inodes), owner_(owner) {}

    [[nodiscard]] Result<void> read(LiveInode& live, std::uint64_t offset,
                                    std::span<std::byte> buffer);
    // -> how much; the inode's size has grown if it had to.
    [[nodiscard]] Result<std::size_t> write(LiveInode& live, std::uint64_t offset,
                                            std::span<const std::byte> data);
    [[nodiscard]] Result<void> truncate(LiveInode& live, std::uint64_t size);
    // Brings the file into memory.
    [[nodiscard]] Result<void> load(LiveInode& live);

    // To the disk. `unseen`: also what mappings may have changed.
    [[nodiscard]] Result<void> flush(LiveInode& live, bool unseen);
    [[nodiscard]] Result<void> flush_all(bool unseen);
    void drop(LiveInode& live);

    [[nodiscard]] bool dirty() const { return dirty_pages_ != 0; }

private:
    static constexpr std::uint64_t page_bytes = 4096;
    // A file that is there already is brought into memory to be written if it is not longer.
    static constexpr std::uint64_t worth_loading = 256 << 10;
    static constexpr std::size_t many_files = 1024;

    struct Run {  // of neighbouring blocks, on the disk and in the file
        std::uint64_t place = 0;
        std::uint64_t offset = 0;
        std::uint64_t length = 0;
    };

    [[nodiscard]] std::uint64_t memory_limit() { return store_.usage().limit_bytes; }
    [[nodiscard]] bool wants_memory(const LiveInode& live) const;
    [[nodiscard]] Result<std::size_t> write_memory(LiveInode& live, std::uint64_t offset,
                                                   std::span<const std::byte> data);
    [[nodiscard]] Result<void> fill(LiveInode& live, fs_server::FileData& data);
    [[nodiscard]] Result<void> cut(LiveInode& live, std::uint64_t size);
    [[nodiscard]] Result<void> make_room(const LiveInode& but);
    [[nodiscard]] Result<void> flush_page(LiveInode& live, std::uint64_t page, Run& run);
    [[nodiscard]] Result<void> emit(LiveInode& live, Run& run);
    [[nodiscard]] Result<bool> is_zero(LiveInode& live, std::uint64_t offset, std::uint64_t length);
    void mark_dirty(LiveInode& live, std::uint64_t first, std::uint64_t end);
    void forget_pages(LiveInode& live, std::uint64_t first);

    Volume& volume_;
    fs_server::Store& store_;
    InodeTable& inodes_;
    const fs_server::Backend& owner_;
    std::size_t dirty_pages_ = 0;
    std::size_t files_ = 0;
};

}  // namespace ext2
