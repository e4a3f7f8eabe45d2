// SPDX-License-Identifier: MIT
// Passwords while they are in memory.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "interfaces/accounts.hpp"
#include "libs/base/wipe.hpp"

namespace accounts {

using base::wipe;

// A password on its way: never copied, and overwritten when it goes out of scope.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string_view text);
    ~Secret();
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;

    void clear();
    // What comes after a length that nobody can want is dropped, and the password is never right.
    void push(char c);
    std::string_view text() const { return {bytes_.data(), size_}; }
    bool empty() const { return size_ == 0; }
    bool too_long() const { return too_long_; }

private:
    std::array<char, longest_password> bytes_{};
    std::size_t size_ = 0;
    bool too_long_ = false;
};

}  // namespace accounts
