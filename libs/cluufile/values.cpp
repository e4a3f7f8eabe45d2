// SPDX-License-Identifier: MIT
#include "libs/cluufile/values.hpp"

#include <charconv>

#include "libs/cluufile/cluufile.hpp"

namespace cluufile {

namespace {

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Digits and nothing else.
std::optional<std::uint64_t> decimal(std::string_view word) {
    std::uint64_t number = 0;
    const char* end = word.data() + word.size();
    auto [parsed, error] = std::from_chars(word.data(), end, number);
    if (word.empty() || error != std::errc{} || parsed != end) return std::nullopt;
    return number;
}

}  // namespace

bool is_normal_path(std::string_view path) {
    if (path == "/") return true;
    if (!path.starts_with('/') || path.ends_with('/') || path.size() > max_path) return false;
    while (!path.empty()) {
        path.remove_prefix(1);
        std::size_t end = path.find('/');
        std::string_view component = path.substr(0, end);
        if (component.empty() || component == "." || component == "..") return false;
        path = end == path.npos ? std::string_view{} : path.substr(end);
    }
    return true;
}

bool is_copied_path(std::string_view path) {
    if (path.empty() || path.size() > max_path) return false;
    while (!path.empty()) {
        const std::size_t end = path.find('/');
        if (path.substr(0, end) == "..") return false;
        path = end == path.npos ? std::string_view{} : path.substr(end + 1);
    }
    return true;
}

bool is_copy_destination(std::string_view path) {
    if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    return is_normal_path(path);
}

bool is_variable_name(std::string_view name) {
    if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
    for (char c : name) {
        if (!is_letter_or_digit(c) && c != '_') return false;
    }
    return true;
}

bool is_label_name(std::string_view name) {
    if (name.empty() || !is_letter_or_digit(name[0])) return false;
    for (char c : name) {
        if (!is_letter_or_digit(c) && c != '.' && c != '_' && c != '-' && c != '/') return false;
    }
    return true;
}

bool is_user_name(std::string_view name) {
    constexpr std::size_t longest = 32;
    constexpr std::uint64_t highest = 0xffff'fffe;  // -1 is no number of a user
    if (const auto number = decimal(name)) return *number <= highest;
    if (name.empty() || name.size() > longest || name[0] == '-') return false;
    if (name[0] >= '0' && name[0] <= '9') return false;
    for (char c : name) {
        bool lower = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!lower && c != '_' && c != '-') return false;
    }
    return true;
}

std::uint32_t number_up_to(std::uint32_t most, std::string_view word) {
    const auto number = decimal(word);
    return number && *number <= most ? static_cast<std::uint32_t>(*number) : 0;
}

std::optional<std::uint64_t> byte_count(std::string_view word) {
    unsigned shift = 0;
    if (word.ends_with('K')) shift = 10;
    if (word.ends_with('M')) shift = 20;
    if (word.ends_with('G')) shift = 30;
    if (shift != 0) word.remove_suffix(1);
    const auto number = decimal(word);
    if (!number || *number > (max_memory_limit >> shift)) return std::nullopt;
    return *number << shift;
}

std::optional<std::uint64_t> duration_ms(std::string_view word) {
    constexpr struct {
        std::string_view unit;
        std::uint64_t milliseconds;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
    for (const auto& [unit, milliseconds] : units) {
        if (!word.ends_with(unit)) continue;
        const auto number = decimal(word.substr(0, word.size() - unit.size()));
        if (!number || *number > max_time_ms / milliseconds) return std::nullopt;
        const std::uint64_t time = *number * milliseconds;
        return time < min_time_ms ? std::nullopt : std::optional{time};
    }
    return std::nullopt;
}

}  // namespace cluufile
