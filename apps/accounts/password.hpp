// SPDX-License-Identifier: MIT
// argon2id.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace accounts {

enum class Verdict { right, wrong, cannot_check };

// An empty hash is never right, but takes the time of one that is: so nobody learns which users exist.
Verdict check(std::string_view password, const std::string& hash);

// With a fresh salt; nothing if there is no randomness or memory to be had.
std::optional<std::string> make_hash(std::string_view password);

}  // namespace accounts
