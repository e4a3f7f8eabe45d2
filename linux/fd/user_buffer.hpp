// SPDX-License-Identifier: MIT
//
// The memory that a program names in read, write and their relatives: one range or several (iovec),
// and how far a transfer has come. Copying is all or nothing per call; a fault leaves the cursor
// where it was. A copy of a UserBuffer is a cursor of its own (a pipe tries, and may try again).
// Calls that move bytes between two descriptors use one over the library's own memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "abi/linux/file.hpp"
#include "linux/syscalls/errno_map.hpp"

namespace linux::fd {

class UserBuffer {
public:
    UserBuffer(std::span<const linux_abi::IoVector> segments, std::uint64_t total)
        : segments_(segments), remaining_(total) {}

    explicit UserBuffer(std::span<std::byte> own) : own_(own.data()), remaining_(own.size()) {}

    [[nodiscard]] std::uint64_t remaining() const { return remaining_; }
    // Each moves on by what it copied.
    [[nodiscard]] Result<void> put(std::span<const std::byte> from);  // to the program
    [[nodiscard]] Result<void> get(std::span<std::byte> to);          // from the program
    [[nodiscard]] Result<void> zero(std::uint64_t count);

private:
    template <class Copy>
    Result<void> each(std::uint64_t count, Copy&& copy);
    void advance_own(std::uint64_t count) {
        own_ += count;
        remaining_ -= count;
    }

    std::span<const linux_abi::IoVector> segments_;
    std::uint64_t done_ = 0;    // of the first segment
    std::byte* own_ = nullptr;  // or: the library's memory
    std::uint64_t remaining_;
};

// The segments, copied in and checked.
class UserSegments {
public:
    // One range. Longer than Linux moves at once: cut.
    static Result<UserSegments> one(std::uint64_t address, std::uint64_t length);
    static Result<UserSegments> list(std::uint64_t vector, std::uint64_t count);

    [[nodiscard]] UserBuffer buffer() const {
        return UserBuffer{
            count_ <= few_.size() ? std::span{few_}.first(count_) : std::span{many_.get(), count_},
            total_};
    }

private:
    std::array<linux_abi::IoVector, 8> few_{};
    std::unique_ptr<linux_abi::IoVector[]> many_;
    std::size_t count_ = 0;
    std::uint64_t total_ = 0;
};

}  // namespace linux::fd
