// SPDX-License-Identifier: MIT
// How a container ended, in words for a person.
#pragma once

#include <string>
#include <string_view>

#include "interfaces/container.hpp"

namespace procmgr {

struct End {
    std::uint32_t status = 0;  // of its first process, as in process::Wait
    container::Cause cause = container::Cause::none;
    std::uint64_t memory_limit = 0;   // bytes
    std::uint64_t time_limit_ms = 0;  // what was over, if that is the cause
    std::uint32_t bad_checks = 0;     // that made it unhealthy
    std::uint32_t process_limit = 0;  // if a fork has met it
    std::uint32_t given_up = 0;       // the failures in a row after which RESTART has given up
    std::string_view before;          // whom it needed no longer: that was to be stopped
    std::string_view start_failure;   // why RESTART could not start it again
};

// "exit status 3", "ended by SIGKILL: over its memory of 4 MiB", "stopped by SIGTERM", "exit status 3; given up after 4
// failures in a row", ...
[[nodiscard]] std::string end_text(const End& end);

}  // namespace procmgr
