// SPDX-License-Identifier: MIT
// The few types that all of libs/fs_server shares.
#pragma once

#include <cstdint>

#include "interfaces/fs.hpp"
#include "interfaces/status.hpp"
#include "libs/base/integer.hpp"
#include "libs/base/result.hpp"

namespace fs_server {

using interfaces::Status;

template <class T>
using Result = base::Result<T, Status>;

// A file of one back end, by the number that stat shows as st_ino.
using Inode = base::Integer<struct InodeTag, std::uint64_t>;

// Badges of a file system's endpoint. Whoever mints them (init, for the first root and the manager;
// the service, for everything else) keeps to this.
//
//   root_badge + n     a Directory: the root of the n-th file system that the process serves
//   manager_badge      the right to make further file systems (fs::MakeFileSystem)
//   entrance_badge + n a Directory: an entrance (interfaces/entrance.hpp)
//                      (no other badge of procmgr begins with these bits)
//   1, 2, ...          Files: open file descriptions
//   nobody_badge       fs::AwaitCloses only
inline constexpr std::uint64_t root_badge = fs::root_badge;
inline constexpr std::uint64_t manager_badge = fs::manager_badge;
inline constexpr std::uint64_t entrance_badge = std::uint64_t{7} << 60;
inline constexpr std::uint64_t nobody_badge = 0;
inline constexpr std::size_t most_entrances = 65536;

// Where a file system gets its time stamps from.
class Clock {
public:
    [[nodiscard]] virtual fs::Timestamp now() const = 0;

protected:
    ~Clock() = default;
};

// Bits of a permission check, as in the last three bits of a mode.
struct Permission {
    static constexpr std::uint32_t read = 4;
    static constexpr std::uint32_t write = 2;
    static constexpr std::uint32_t execute = 1;  // of a directory: search
};

}  // namespace fs_server
