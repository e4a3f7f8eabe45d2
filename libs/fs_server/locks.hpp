// SPDX-License-Identifier: MIT
// Advisory locks on ranges of files (fs::Lock), for one file system process.
//
// A lock belongs to an owner: a process, for record locks, or the description through which it was
// taken. One owner's locks on one file never overlap: a new one replaces or splits what it covers. So what a call takes grows with
// the owners that a file has, not with their locks, nor with other files': others wait for who takes many.
// Locks end with the description through which they were taken.
#pragma once

#include <map>
#include <optional>
#include <utility>

#include "libs/fs_server/types.hpp"

namespace fs_server {

class Backend;

using LockedFile = std::pair<const Backend*, Inode>;

struct LockOwner {
    std::uint64_t process = 0;      // 0: the description itself
    std::uint64_t description = 0;  // badge

    using Key = std::pair<std::uint64_t, std::uint64_t>;
    [[nodiscard]] Key key() const { return {process, process == 0 ? description : 0}; }
};

struct FileLock {
    LockedFile file;
    LockOwner owner;
    std::uint64_t start = 0;
    std::uint64_t end = 0;  // exclusive
    bool exclusive = false;

    [[nodiscard]] bool same_place(const FileLock& other) const {
        return file == other.file && owner.key() == other.owner.key() && start == other.start &&
               end == other.end;
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
    // Everything taken through this description of the file. Was there anything?
    bool drop(const LockedFile& file, std::uint64_t description);

private:
    // Of all, and of one owner on one file: he may give them all back by one call, for which others wait.
    static constexpr std::size_t most = 16384, most_of_one = 2048;

    struct Range {
        std::uint64_t end = 0;
        std::uint64_t description = 0;
        bool exclusive = false;
    };
    using Ranges = std::map<std::uint64_t, Range>;  // by their start
    using Owners = std::map<LockOwner::Key, Ranges>;
    using Files = std::map<LockedFile, Owners>;

    template <class Map>
    [[nodiscard]] static auto first_after(Map& ranges, std::uint64_t start);
    void cut(Ranges& ranges, const FileLock& range);

    Files files_;  // those that have locks
    std::size_t count_ = 0;
};

}  // namespace fs_server
