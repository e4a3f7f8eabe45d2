// SPDX-License-Identifier: MIT
#include "linux/fd/own_names.hpp"

#include <algorithm>
#include <charconv>

#include "linux/fd/location.hpp"
#include "linux/fd/table.hpp"
#include "linux/process/state.hpp"

namespace linux::fd {

namespace {

// With their lengths: this part of the system has no built-in strlen.
using namespace std::string_view_literals;

// The path without its first part, if that is it and a slash or nothing follows.
std::optional<std::string_view> below(std::string_view path, std::string_view first) {
    if (!path.starts_with(first) || (path.size() > first.size() && path[first.size()] != '/')) {
        return std::nullopt;
    }
    path.remove_prefix(first.size());
    return path;
}

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
    return whole && value >= 0 ? std::optional{value} : std::nullopt;
}

// "/N" and nothing behind.
std::optional<std::int64_t> slash_number(std::string_view text) {
    return text.starts_with('/') ? number(text.substr(1)) : std::nullopt;
}

// As procmgr describes those of other processes.
std::optional<std::string> describe_descriptor(std::int64_t descriptor) {
    const auto description = table.get(descriptor);
    if (!description) {
        return std::nullopt;
    }
    const process::DescriptorCard& card = (*description)->card();
    if (card.path_bytes != 0) {
        return std::string{reinterpret_cast<const char*>(card.path_at), card.path_bytes};
    }
    std::string text{process::nameless(static_cast<fs::Kind>(card.kind))};
    append_number(text, card.number);
    return text += ']';
}

}  // namespace

void append_number(std::string& text, std::uint64_t value) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    text.append(digits, static_cast<std::size_t>(end - digits));
}

std::optional<std::string_view> below_proc_self(std::string_view path) {
    return may_be_proc(path) ? below(path, "/proc/self"sv) : std::nullopt;
}

std::optional<std::string_view> below_own_proc(std::string_view path) {
    if (const auto rest = below_proc_self(path)) {
        return rest;
    }
    auto rest = below(path, "/proc"sv);
    if (!rest || rest->empty()) {
        return std::nullopt;
    }
    const std::size_t end = std::min(rest->find('/', 1), rest->size());
    const auto pid = number(rest->substr(1, end - 1));
    if (!pid || *pid != identity().pid) {
        return std::nullopt;
    }
    return rest->substr(end);
}

std::optional<std::int64_t> named_descriptor(std::string_view path) {
    if (path.size() < 7 || (path[1] != 'd' && path[1] != 'p')) {
        return std::nullopt;
    }
    if (path[1] == 'd') {
        const bool fits = (path[5] == 'f' && path[6] == 'd') || (path[5] == 's' && path[6] == 't');
        if (!fits || !path.starts_with("/dev/"sv)) {
            return std::nullopt;
        }
        if (const auto rest = below(path, "/dev/fd"sv)) {
            return slash_number(*rest);
        }
        return path == "/dev/stdin"sv    ? std::optional{std::int64_t{0}}
               : path == "/dev/stdout"sv ? std::optional{std::int64_t{1}}
               : path == "/dev/stderr"sv ? std::optional{std::int64_t{2}}
                                         : std::nullopt;
    }
    if (!path.starts_with("/proc/"sv)) {
        return std::nullopt;
    }
    const auto own = below_own_proc(path);
    const auto rest = own ? below(*own, "/fd"sv) : std::nullopt;
    return rest ? slash_number(*rest) : std::nullopt;
}

std::optional<std::string> own_link(std::string_view path) {
    if (!path.starts_with("/proc/"sv)) {
        return std::nullopt;
    }
    if (const auto descriptor = named_descriptor(path)) {
        return describe_descriptor(*descriptor);
    }
    const auto rest = below_own_proc(path);
    if (!rest) {
        return std::nullopt;
    }
    // /proc/self, whose name is the own number by now.
    if (rest->empty()) {
        std::string text;
        append_number(text, identity().pid);
        return text;
    }
    if (*rest == "/exe"sv) {
        return state().executable_path;
    }
    if (*rest == "/cwd"sv) {
        return location.directory();
    }
    if (*rest == "/root"sv) {
        return "/";
    }
    return std::nullopt;
}

}  // namespace linux::fd
