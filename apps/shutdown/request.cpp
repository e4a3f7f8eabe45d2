// SPDX-License-Identifier: MIT
#include "apps/shutdown/request.hpp"

#include <charconv>
#include <string_view>

namespace shutdown_tool {

namespace {

constexpr std::uint64_t minute = 60, day = 24 * 60 * minute;

std::optional<std::uint64_t> number_below(std::string_view text, std::uint64_t limit) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool right = error == std::errc{} && end == text.data() + text.size() && number < limit;
    return right ? std::optional{number} : std::nullopt;
}

// Seconds from now.
std::optional<std::uint64_t> parse_time(std::string_view text, std::uint64_t now) {
    constexpr std::uint64_t most_minutes = 366 * day / minute;
    if (text == "now") return 0;
    if (text.starts_with('+')) {
        const auto minutes = number_below(text.substr(1), most_minutes);
        return minutes ? std::optional{*minutes * minute} : std::nullopt;
    }
    const std::size_t colon = text.find(':');
    if (colon == text.npos) return std::nullopt;
    const auto hour = number_below(text.substr(0, colon), 24);
    const auto minutes = number_below(text.substr(colon + 1), 60);
    if (!hour || !minutes) return std::nullopt;
    return (*hour * 60 * minute + *minutes * minute + day - now % day) % day;
}

}  // namespace

std::optional<Request> parse(std::span<const std::string> words, std::uint64_t now) {
    Request request;
    bool timed = false;
    for (const std::string& word : words) {
        if (word == "-h" || word == "-P") {
            request.end = End::power_off;
        } else if (word == "-H") {
            request.end = End::halt;
        } else if (word == "-r") {
            request.end = End::reboot;
        } else {
            const auto seconds = parse_time(word, now);
            if (!seconds || timed) return std::nullopt;
            request.seconds = *seconds;
            timed = true;
        }
    }
    return request;
}

}  // namespace shutdown_tool
