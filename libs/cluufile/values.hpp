// SPDX-License-Identifier: MIT
// What one word of a Cluufile can be. Pure functions of its text, which say nothing of where it
// stands.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cluufile {

// Absolute, at most max_path bytes, without an empty, `.` or `..` component or a `/` at its end.
bool is_normal_path(std::string_view path);
// What COPY may take: a path in a folder, with no `..` in it. One `/` in front means the folder, too.
bool is_copied_path(std::string_view path);
// Where COPY may put it: a normal path; with a `/` at its end, it is a directory.
bool is_copy_destination(std::string_view path);
// As POSIX has the names of variables: letters, digits and _, not beginning with a digit.
bool is_variable_name(std::string_view name);
// Letters, digits and . _ - /, beginning with a letter or digit.
bool is_label_name(std::string_view name);
// A user or group: its number, or 1 to 32 of a-z 0-9 _ - beginning with a letter or _.
bool is_user_name(std::string_view name);

// A decimal number from 1 to `most`, without a sign; 0: it is none.
std::uint32_t number_up_to(std::uint32_t most, std::string_view word);
// A number of bytes up to max_memory_limit: digits, and K, M or G for 2^10, 2^20 or 2^30.
std::optional<std::uint64_t> byte_count(std::string_view word);
// From min_time_ms to max_time_ms, in milliseconds: digits and ms, s, m or h.
std::optional<std::uint64_t> duration_ms(std::string_view word);

}  // namespace cluufile
