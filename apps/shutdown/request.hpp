// SPDX-License-Identifier: MIT
// What shutdown was told.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace shutdown_tool {

enum class End : std::uint8_t { power_off, halt, reboot };

struct Request {
    End end = End::power_off;
    std::uint64_t seconds = 0;  // from now
};

// Options -h, -P, -H and -r, as everywhere; then `now`, `+MINUTES` or `HH:MM` (UTC, the next time that it is), without which it
// is now. `now`: seconds since 1970. Nothing: it is wrong.
[[nodiscard]] std::optional<Request> parse(std::span<const std::string> words, std::uint64_t now);

}  // namespace shutdown_tool
