// SPDX-License-Identifier: MIT
// Protocol `namespace`: making views. A view is a table of mounts (path -> file system root,
// read-only or not) with the identity of who uses it. It answers all path operations of protocol
// `fs`.
//
// procmgr holds the root view with the manager right (a badge of vfs's choosing) and derives one
// for each container; a process holds only its own view, which it cannot widen.
#pragma once

#include <cstddef>
#include <cstdint>

#include "interfaces/fs.hpp"

namespace names {

struct View;     // speaks fs path operations
struct Manager;  // a view with the right to derive others and to mount

// The badge of the first view, a Manager; for whoever starts vfs to mint.
inline constexpr std::uint64_t root_view_badge = 1;

// What a mount of the parent view becomes in the derived one. `granted` is no mount, but a name (Right).
// `kept`: what the parent has mounted at this path, if it has; read-only. `given`: the same, but if that may
// be replaced (Mount::replaceable), the Directory that comes along. `folder`: what a Manager's own view has at another
// path, read-only, whether the parent sees it or not; not_permitted on any other view.
enum class Access : std::uint8_t {
    none,
    read_only,
    inherit,
    private_tmpfs,
    granted,
    kept,
    given,
    folder,
};

// What may be done with a granted name, and with all that is below it. To look at its attributes, and
// at those of the directories on the way to it, comes with all of them, and with none too. What mounts
// forbid stays forbidden.
struct Right {
    static constexpr std::uint8_t read = 1;   // open for reading, list
    static constexpr std::uint8_t write = 2;  // change what exists, remove it
    static constexpr std::uint8_t create =
        4;  // make it if it does not exist, and directories on the way
    static constexpr std::uint8_t all = 7;
};

// Payload of Derive and Grant: MountRule records, each followed by its path (8-byte aligned). Only what
// is named is in the new view. The path of a rule for a mount has no "..". With `inherit` and `read_only`, a zero byte and
// another path may follow it: then what the parent has there, as it is written, is in the new view at the first path; what it
// has mounted below comes along, but for what may be replaced (`given`). unsupported: of a view that is confined to names.
// With `folder`, one must follow: what is shown, as the Manager's own view has it.
//
// A granted name is looked up once, in the view that the new one is derived from, as it is written.
// What the new view has is that name and each that symbolic links lead to from there; if one of these
// links changes later, it leads to nothing new. One that leads nowhere is granted all the same: it may
// come to exist. A mount goes before the names above it and its own, a granted name before the mounts
// above it, unless they are private ones.
struct MountRule {
    std::uint16_t record_length = 0;
    std::uint16_t path_length = 0;
    Access access = Access::none;
    std::uint8_t rights = 0;  // granted: Right
    std::uint8_t beside =
        0;  // granted: Right, for the names in the same directory, not below those
    std::uint8_t reserved = 0;
    std::uint64_t limit = 0;  // private_tmpfs: bytes; 0: what vfs thinks fit
};

// On any view: the new one has at most what this one has. On a Manager, a view may come along: then
// it is derived from that one, and may have another identity. The Manager vouches that what comes
// along is a view of this vfs. With `with_bank` a Bank comes first, which pays for private mounts and,
// if there are many, for granted names; with 2, another Bank follows, which pays for the names; with `with_given` a
// Directory comes last. limit: more views with granted names are within each other
// than vfs follows, or too many names without a Bank.
struct Derive {
    static constexpr std::uint16_t label = 64;
    static constexpr std::size_t payload = 4096;
    static constexpr std::size_t max_capabilities = 4;
    static constexpr std::size_t reply_capabilities = 1;  // the new View, drop-guarded
    fs::Identity identity;  // taken from the Manager only; else the parent's stays
    std::uint32_t set_identity = 0;
    std::uint32_t with_bank = 0;   // taken from the Manager only
    std::uint32_t names = 0;       // how many will be granted, with those of Grant; may be wrong
    std::uint32_t more = 0;        // Grant follows
    std::uint32_t with_given = 0;  // taken from the Manager only
    std::uint32_t traced = 0;      // taken from the Manager only; see ReadUses
    struct Reply {};
};

// On a Manager, with a view that was derived with `traced`: what has been done through it, and through all
// that were derived from it. Few views are traced at a time (Derive: limit). Reply payload: MountRule records, each a path that was used and what for (Right; none: its
// attributes).
struct ReadUses {
    static constexpr std::uint16_t label = 72;
    static constexpr std::size_t capabilities = 1;
    static constexpr std::size_t reply_payload = 4096;
    std::uint32_t first = 0;
    std::uint32_t reserved = 0;
    struct Reply {
        std::uint32_t next = 0;        // where to go on; 0: that was all
        std::uint32_t incomplete = 0;  // more were used than are kept
    };
};

// On a view that was derived with `more`, until the last one: granted names as in Derive. To be sent
// before the view is given to somebody. not_permitted: any other view; invalid: a rule for a mount.
struct Grant {
    static constexpr std::uint16_t label = 71;
    static constexpr std::size_t payload = 4096;
    std::uint32_t more = 0;
    struct Reply {};
};

struct Mount {  // Manager only; payload: the absolute path; capability: fs::Directory, the root of
                // a file system
    static constexpr std::uint16_t label = 65;
    static constexpr std::size_t payload = fs::max_path;
    static constexpr std::size_t capabilities = 1;
    std::uint32_t read_only = 0;
    // Before something is opened in it through a view that has it from another one, the view gets a
    // branch of its own (Branch), once.
    std::uint32_t per_view = 0;
    std::uint32_t replaceable = 0;  // Access::given
    std::uint32_t reserved = 0;
    struct Reply {};
};

// From vfs to a file system that is mounted per view, on a Directory: another Directory, which shows
// what this one shows and, to nobody else, what is made through it or its branches.
struct Branch {
    static constexpr std::uint16_t label = 70;
    static constexpr std::size_t reply_capabilities = 1;  // Directory, drop-guarded
    struct Reply {};
};

struct Unmount {  // Manager only
    static constexpr std::uint16_t label = 66;
    static constexpr std::size_t payload = fs::max_path;
    struct Reply {};
};

struct ListMounts {  // reply payload: MountRule records
    static constexpr std::uint16_t label = 67;
    static constexpr std::size_t reply_payload = 4096;
    std::uint32_t first = 0;
    struct Reply {
        std::uint32_t count = 0;
    };
};

// Device nodes: opening a character device of this major number goes to this Directory, with the
// path "MINOR INODE DEVICE" (tty.hpp). Devices without state (major 1: null, zero, full, random) are served by the Linux
// library from the numbers alone.
struct RegisterDevice {  // Manager only
    static constexpr std::uint16_t label = 68;
    static constexpr std::size_t capabilities = 1;
    std::uint32_t major = 0;
    struct Reply {};
};

}  // namespace names
