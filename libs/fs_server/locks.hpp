// SPDX-License-Identifier: MIT
// Advisory locks on ranges of files (fs::Lock), for one file system process.
//
// A lock belongs to an owner: a process, for record locks, or the description through which it was
// taken. One owner's locks on one file never overlap: a new one replaces or splits what it covers.
// Locks end with the description through which they were taken.
#pragma once

#include <optional>
#include <vector>

#include "libs/fs_server/types.hpp"

namespace fs_server {

class Backend;

struct LockOwner {
    std::uint64_t process = 0;      // 0: the description itself
    std::uint64_t description = 0;  // badge

    [[nodiscard]] bool same(const LockOwner& other) const {
        return process == other.process && (process != 0 || description == other.description);
    }
};

struct FileLock {
    const Backend* backend = nullptr;
    Inode inode;
    LockOwner owner;
    std::uint64_t start = 0;
    std::uint64_t end = 0;  // exclusive
    bool exclusive = false;

    [[nodiscard]] bool same_place(const FileLock& other) const {
        return backend == other.backend && inode == other.inode && owner.same(other.owner) &&
               start == other.start && end == other.end;
    }
};

class Locks {
public:
    static constexpr std::uint64_t to_end = ~std::uint64_t{0};

    // A lock of another owner that excludes this one.
    [[nodiscard]] std::optional<FileLock> conflict(const FileLock& wanted) const;
    // Without a conflict. limit: there are too many.
    [[nodiscard]] Status set(const FileLock& lock);
    // Frees the owner's part of this range.
    [[nodiscard]] Status clear(const FileLock& range);
    // Everything taken through this description. Was there anything?
    bool drop(std::uint64_t description);

private:
    static constexpr std::size_t most = 16384;

    void cut(const FileLock& range);

    std::vector<FileLock> locks_;
};

}  // namespace fs_server
