// SPDX-License-Identifier: MIT
// Entrances: asking a file system about paths directly, without a message to vfs for each.
//
// An entrance is a Directory that a file system's process makes for one holder of a view, when vfs
// asks for it: what lies below `start`, as that identity, read-only if the mount is. So it shows what
// the view shows there and no more. It answers Open, GetPathAttributes and Remove only. A path that
// meets a symbolic link is answered `redirected` without saying where to: only vfs goes on from
// there, so the holder asks its view instead; likewise for a device, whose File comes from another
// server.
//
// A view's holder must ask its view about paths at or below another mount: only vfs knows what is
// mounted over what.
#pragma once

#include "interfaces/fs.hpp"

namespace fs {

struct Enter {  // on the root Directory of a file system; payload: the start
    static constexpr std::uint16_t label = 14;
    static constexpr std::size_t payload = max_path;
    static constexpr std::size_t reply_capabilities = 1;  // Directory, drop-guarded
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
    static constexpr std::size_t reply_capabilities = 1;
    struct Reply {};
};

}  // namespace names
