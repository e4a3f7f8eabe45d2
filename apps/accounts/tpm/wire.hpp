// SPDX-License-Identifier: MIT
// Commands and answers of a TPM 2.0: integers are big-endian, a TPM2B is two bytes of length and then
// so many bytes (Library, part 2, 10.4).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "libs/base/wipe.hpp"

namespace tpm {

inline constexpr std::size_t header_bytes = 10;
inline constexpr std::size_t longest_message = 4096;  // what /dev/tpm0 takes and gives

// A command under construction. It may hold secrets, so it is wiped.
class Command {
public:
    Command(std::uint16_t tag, std::uint32_t code) {
        u16(tag);
        u32(0);
        u32(code);
    }
    ~Command() { base::wipe(bytes_.data(), bytes_.size()); }
    Command(const Command&) = delete;
    Command& operator=(const Command&) = delete;

    Command& u8(std::uint8_t value) {
        if (size_ == bytes_.size()) {
            overflown_ = true;
        } else {
            bytes_[size_++] = std::byte{value};
        }
        return *this;
    }
    Command& u16(std::uint16_t value) {
        return u8(static_cast<std::uint8_t>(value >> 8)).u8(static_cast<std::uint8_t>(value));
    }
    Command& u32(std::uint32_t value) {
        return u16(static_cast<std::uint16_t>(value >> 16)).u16(static_cast<std::uint16_t>(value));
    }
    Command& raw(std::span<const std::byte> bytes) {
        for (const std::byte byte : bytes) u8(std::to_integer<std::uint8_t>(byte));
        return *this;
    }
    Command& sized(std::span<const std::byte> bytes) {
        return u16(static_cast<std::uint16_t>(bytes.size())).raw(bytes);
    }
    // A TPM2B around what `fill` writes.
    template <class Fill>
    Command& sized_by(Fill fill) {
        const std::size_t at = size_;
        u16(0);
        fill(*this);
        const std::size_t length = size_ - at - 2;
        if (!overflown_) patch16(at, static_cast<std::uint16_t>(length));
        return *this;
    }
    // With its size in the header; empty if it became too long.
    std::span<const std::byte> finish() {
        if (overflown_) return {};
        patch16(4, static_cast<std::uint16_t>(size_));
        return std::span{bytes_}.first(size_);
    }

private:
    void patch16(std::size_t at, std::uint16_t value) {
        bytes_[at] = std::byte(value >> 8);
        bytes_[at + 1] = std::byte(value & 0xff);
    }

    std::array<std::byte, 1024> bytes_{};
    std::size_t size_ = 0;
    bool overflown_ = false;
};

// Reads from the left. What is not there reads as zero, and is remembered.
class Reader {
public:
    Reader() = default;
    explicit Reader(std::span<const std::byte> bytes) : rest_(bytes) {}

    [[nodiscard]] bool whole() const { return whole_; }
    std::span<const std::byte> raw(std::size_t count) {
        if (count > rest_.size()) {
            whole_ = false;
            rest_ = {};
            return {};
        }
        const auto taken = rest_.first(count);
        rest_ = rest_.subspan(count);
        return taken;
    }
    std::uint32_t u32() { return number(4); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
    std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
    std::span<const std::byte> sized() { return raw(u16()); }

private:
    std::uint32_t number(std::size_t count) {
        std::uint32_t value = 0;
        for (const std::byte byte : raw(count)) {
            value = value << 8 | std::to_integer<std::uint32_t>(byte);
        }
        return value;
    }

    std::span<const std::byte> rest_;
    bool whole_ = true;
};

}  // namespace tpm
