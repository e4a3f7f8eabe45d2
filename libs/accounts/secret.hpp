// SPDX-License-Identifier: MIT
// Passwords while they are in memory.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "interfaces/accounts.hpp"
#include "libs/base/wipe.hpp"

namespace accounts {

using base::wipe;

// Whatever the vector registers hold: the C library copies by them, and what a thread has in its registers is in
// memory while other threads run, or longer, if it ends before its next turn.
void wipe_registers();

// A copy that leaves nothing in registers. There is room for it.
void copy_unseen(std::span<const std::byte> from, std::span<std::byte> to);

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
