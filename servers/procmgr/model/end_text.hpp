// SPDX-License-Identifier: MIT
// How a container ended, in words for a person.
#pragma once

#include <string>

#include "interfaces/container.hpp"

namespace procmgr {

struct End {
    std::uint32_t status = 0;  // of its first process, as in process::Wait
    container::Cause cause = container::Cause::none;
    std::uint64_t memory_limit = 0;   // bytes
    std::uint64_t time_limit_ms = 0;  // what was over, if that is the cause
    std::uint32_t bad_checks = 0;     // that made it unhealthy
};

// "exit status 3", "ended by SIGKILL: over its memory of 4 MiB", "stopped by SIGTERM", ...
[[nodiscard]] std::string end_text(const End& end);

}  // namespace procmgr
