// SPDX-License-Identifier: MIT
// Entrances: asking a file system about paths directly, without a message to vfs for each.
//
// An entrance is a Directory that a file system's process makes for one holder of a view, when vfs
// asks for it: what lies below `start`, as that identity, read-only if the mount is. So it shows what
// the view shows there and no more. It answers Open, GetPathAttributes, CheckAccess and Remove
// only. A path that meets a symbolic link is answered `redirected` without saying where to: only vfs goes on from
// there, so the holder asks its view instead; likewise for a device, whose File comes from another
// server.
//
// A view's holder must ask its view about paths at or below another mount: only vfs knows what is
// mounted over what.
//
// Versions: what a holder may remember of the answers. With the entrance comes a page that the file
// system alone writes to, whoever caused the change, and before the change: as long as the two
// counters are what they were when the answer was given, the answer is what the file system would
// give again. So nobody needs to be told, and nobody can be late to hear.
// It tells that something has changed on the file system, not what; so do its free blocks and the
// numbers of its inodes, which everybody may ask for who has a path to it.
#pragma once

#include <array>
#include <atomic>

#include "interfaces/fs.hpp"

namespace fs {

struct Versions {
    using Counter = std::atomic<std::uint64_t>;
    static constexpr std::size_t places = 256;

    // Of all names, modes, owners, links, and attributes of directories.
    Counter names = 1;
    // Of what else can change of a file: its size, times and blocks. Files share counters by number.
    std::array<Counter, places> contents;

    static constexpr std::size_t place_of(std::uint64_t inode) { return inode % places; }
};
static_assert(sizeof(Versions) <= 4096 && Versions::Counter::is_always_lock_free);

struct Enter {  // on the root Directory of a file system; payload: the start
    static constexpr std::uint16_t label = 14;
    static constexpr std::size_t payload = max_path;
    // Directory, drop-guarded; and a Memory of one page with Versions, to be read, if the file system
    // has such.
    static constexpr std::size_t reply_capabilities = 2;
    Identity identity;
    std::uint32_t read_only = 0;
    std::uint32_t reserved = 0;
    struct Reply {};
};

}  // namespace fs

namespace names {

// On a view whose mounts never change (not a Manager); payload: an absolute path. -> the entrance to
// the mount that it lies in; reply payload: where that is mounted, then all mounts that lie further
// below, each in the view's form ("" is the root) and with a zero byte after it.
struct Enter {
    static constexpr std::uint16_t label = 69;
    static constexpr std::size_t payload = fs::max_path;
    static constexpr std::size_t reply_payload = 4096;
    static constexpr std::size_t reply_capabilities = 2;  // as fs::Enter's
    struct Reply {};
};

}  // namespace names
