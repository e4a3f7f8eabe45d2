// SPDX-License-Identifier: MIT
// Badges of procmgr's one endpoint. The top four bits say of what kind the capability is; a clear
// top bit with kind 0, and the file system's root badge, are /proc's (libs/fs_server/types.hpp).
//
//   63..60 kind | 59..32 serial | 31..0 process
//   kind 5: a container's log, its number in the place of the process's, the stream in that of the serial
//   kind 2: the server of terminals (process::sessions_badge)
//   kind 10: an opening of a message queue, its number in the place of the process
//
// A process gets a new serial with each fresh image, so that a capability that outlived its image
// names nothing any more.
#pragma once

#include <cstdint>

#include "servers/procmgr/model/process_table.hpp"

namespace procmgr {

enum class BadgeKind : std::uint8_t {
    file = 0,
    process = 1,
    session = 2,
    manager = 3,
    fault = 4,
    log = 5,
    watching = 6,  // process::Watching; the serial is the watch's own
    queue = 10
};

struct Badge {
    BadgeKind kind = BadgeKind::file;
    std::uint32_t serial = 0;
    Pid pid = 0;

    static constexpr std::uint32_t serial_mask = 0x0fff'ffff;

    [[nodiscard]] constexpr std::uint64_t raw() const {
        return (std::uint64_t{static_cast<std::uint8_t>(kind)} << 60) |
               (std::uint64_t{serial & serial_mask} << 32) | pid;
    }
    static constexpr Badge of(std::uint64_t raw) {
        const auto kind = static_cast<std::uint8_t>(raw >> 60);
        // Anything else, roots and entrances among them, is the file system's.
        const bool own = kind <= static_cast<std::uint8_t>(BadgeKind::watching) ||
                         kind == static_cast<std::uint8_t>(BadgeKind::queue);
        return {own ? static_cast<BadgeKind>(kind) : BadgeKind::file,
                static_cast<std::uint32_t>(raw >> 32) & serial_mask, static_cast<Pid>(raw)};
    }
};

}  // namespace procmgr
