// SPDX-License-Identifier: MIT
// Volume: an opened ext2 file system, and whether the disk says that it is whole.
//
// The superblock's flag "valid" is kept true to the word: it is taken away on the disk before the
// first change, and put back when a flush has brought everything there. So a disk that nobody has
// written to since the last flush (they come by themselves a few seconds after a change) needs no
// check, whatever happens to the machine. A disk that was not valid at first never becomes so here:
// that is e2fsck's matter.
//
//      whole --begin_change--> changed --flush, no orphans--> whole
#pragma once

#include <ext2fs/ext2fs.h>

#include <functional>
#include <memory>
#include <string>

#include "libs/fs_server/types.hpp"
#include "servers/ext2fs/io_manager.hpp"

namespace ext2 {

template <class T>
using Result = fs_server::Result<T>;

using Log = std::function<void(const std::string&)>;

// What an error of libext2fs means to a client. Damage of the disk's structures goes to the log.
Status status_of(errcode_t error, const Log& log);

class Volume {
public:
    // On failure the reason is in `why`, for a person.
    static std::unique_ptr<Volume> open(BlockDevice& device, Log log, std::string& why);
    ~Volume();
    Volume(const Volume&) = delete;
    Volume& operator=(const Volume&) = delete;

    [[nodiscard]] ext2_filsys fs() const { return fs_; }
    [[nodiscard]] BlockCache& cache() { return cache_; }
    [[nodiscard]] const Log& log() const { return log_; }
    [[nodiscard]] std::uint32_t block_bytes() const { return fs_->blocksize; }
    [[nodiscard]] bool read_only() const { return (fs_->flags & EXT2_FLAG_RW) == 0; }
    // Has anything changed since the last flush?
    [[nodiscard]] bool changed() const { return changed_; }

    // Of all directories together.
    [[nodiscard]] std::size_t& names_in_memory() { return names_in_memory_; }

    // Before anything is changed: the bitmaps are read, the disk is marked. read_only: it may not be.
    [[nodiscard]] Result<void> begin_change();
    [[nodiscard]] Result<void> flush();
    // For one block and all indirect blocks that it may need. To be asked first: the library leaves
    // blocks lost when it finds no more in the middle of an operation.
    [[nodiscard]] bool has_room() const { return ext2fs_free_blocks_count(fs_->super) >= 8; }
    // Nodes without a name that are still open: a check would find them, so the disk is not whole.
    void add_orphan() { ++orphans_; }
    void remove_orphan() { --orphans_; }

    [[nodiscard]] Result<void> check(errcode_t error) const {
        if (error != 0) {
            return base::fail(status_of(error, log_));
        }
        return {};
    }

private:
    Volume(BlockDevice& device, Log log) : cache_(device, max_pages), log_(std::move(log)) {}

    static constexpr std::size_t max_pages = 384;

    [[nodiscard]] std::string open_on_disk(bool read_only);
    [[nodiscard]] Result<void> write_state(bool whole);

    BlockCache cache_;
    Log log_;
    ext2_filsys fs_ = nullptr;
    bool was_whole_ = false;
    bool bitmaps_read_ = false;
    bool marked_ = false;  // the disk says that it is not whole
    bool changed_ = false;
    unsigned orphans_ = 0;
    std::size_t names_in_memory_ = 0;
};

}  // namespace ext2
