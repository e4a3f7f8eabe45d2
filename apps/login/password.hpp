// SPDX-License-Identifier: MIT
// Passwords: where they are kept while they are in memory, and argon2id.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace login {

// A password on its way from the terminal to the hash function: never copied, and overwritten when it goes out of scope.
class Secret {
public:
    Secret() = default;
    ~Secret();
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;

    void clear();
    // What comes after a length that nobody can want is dropped, and the password is never right.
    void push(char c);
    std::string_view text() const { return {bytes_.data(), size_}; }
    bool too_long() const { return too_long_; }

private:
    std::array<char, 256> bytes_{};
    std::size_t size_ = 0;
    bool too_long_ = false;
};

enum class Verdict { right, wrong, cannot_check };

// An empty hash is never right, but takes the time of one that is: so nobody learns which users exist.
Verdict check(const Secret& secret, const std::string& hash);

// With a fresh salt; nothing if there is no randomness or memory to be had.
std::optional<std::string> make_hash(const Secret& secret);

}  // namespace login
