// SPDX-License-Identifier: MIT
//
// Names that mean something of the process's own, which no server can know: /proc/self (the own
// number), the descriptors under /proc/self/fd with their other name /dev/fd, and the links cwd,
// root and exe. Paths are absolute and tidy.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace linux::fd {

// Most paths are told apart by their second byte.
inline bool may_be_proc(std::string_view path) { return path.size() > 1 && path[1] == 'p'; }

// The descriptor that the path names: /proc/self/fd/N, /proc/OWN-PID/fd/N, /dev/fd/N, /dev/stdin, ...
std::optional<std::int64_t> named_descriptor(std::string_view path);

// What a link of the own process points to; nothing if the path is no such link.
std::optional<std::string> own_link(std::string_view path);

// The part of the path behind /proc/self or /proc/OWN-PID (it may be empty), if it is that or below.
std::optional<std::string_view> below_own_proc(std::string_view path);

// Is it /proc/self, or below? Then the rest of the path (which may be empty).
std::optional<std::string_view> below_proc_self(std::string_view path);

void append_number(std::string& text, std::uint64_t value);

}  // namespace linux::fd
