// SPDX-License-Identifier: MIT
// What a parent learns of its children, and when: the semantics of process::Wait.
//
// `look` only looks; `consume` is called once the parent has really been told (a reply can fail to
// be delivered: the caller was interrupted, and will ask again).
#pragma once

#include "interfaces/process.hpp"
#include "servers/procmgr/model/process_table.hpp"

namespace procmgr {

struct WaitRequest {
    std::int32_t pid = -1;
    std::uint32_t options = process::Wait::exited;
    std::uint64_t started_ns = 0;  // of one child; 0: any with that number
};

struct WaitEvent {
    enum class Kind : std::uint8_t { none, ended, stopped, continued } kind = Kind::none;
    process::Wait::Reply reply;
};

// no_child if no child matches; an event of kind `none` if children match but have nothing to tell.
[[nodiscard]] Result<WaitEvent> look(const ProcessTable& table, Pid parent,
                                     const WaitRequest& request);

// The parent has been told: a zombie is removed and its usage added to the parent's children; other
// news are no longer news. Nothing happens with Wait::keep.
void consume(ProcessTable& table, Pid parent, const WaitRequest& request, const WaitEvent& event);

// Statuses as in process::Wait.
constexpr std::uint32_t status_of_exit(std::uint32_t code) { return (code & 0xff) << 8; }
constexpr std::uint32_t status_of_stop(std::uint32_t signal) { return (signal << 8) | 0x7f; }
inline constexpr std::uint32_t status_of_continue = 0xffff;
// What a client may say of its own end.
[[nodiscard]] std::uint32_t checked_exit_status(std::uint32_t claimed);

}  // namespace procmgr
