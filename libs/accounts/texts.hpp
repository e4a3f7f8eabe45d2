// SPDX-License-Identifier: MIT
// Several texts in one payload: each with a zero byte after it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "interfaces/accounts.hpp"

namespace accounts {

// Room for the texts of one message. There may be a password among them: it is wiped at its end.
class Texts {
public:
    static constexpr std::size_t most = 3;

    Texts() = default;
    ~Texts();
    Texts(const Texts&) = delete;
    Texts& operator=(const Texts&) = delete;

    // False: it does not fit, or has a zero byte in it, which would make two of it. Nothing is added then.
    [[nodiscard]] bool add(std::string_view text);
    // Takes over a payload that came from elsewhere. False, and no texts, if it is too long, has more than
    // `most`, or does not end with a zero byte.
    [[nodiscard]] bool read(std::span<const std::byte> payload);

    [[nodiscard]] std::span<const std::byte> payload() const {
        return std::as_bytes(std::span{bytes_.data(), size_});
    }
    // One that is not there is empty.
    [[nodiscard]] std::string_view operator[](std::size_t i) const;
    [[nodiscard]] std::size_t size() const { return count_; }

private:
    std::array<char, longest_request> bytes_{};
    std::size_t size_ = 0;
    std::array<std::size_t, most> starts_{};
    std::size_t count_ = 0;
};
static_assert(longest_request == longest_answer);

}  // namespace accounts
