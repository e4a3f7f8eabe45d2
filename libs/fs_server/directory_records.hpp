// SPDX-License-Identifier: MIT
// Packs directory entries into a message: fs::DirectoryEntry, the name, zeros up to the next
// multiple of 8.
#pragma once

#include <cstring>

#include "libs/base/align.hpp"
#include "libs/fs_server/backend.hpp"

namespace fs_server {

class DirectoryRecords final : public DirectorySink {
public:
    explicit DirectoryRecords(std::span<std::byte> buffer, std::uint64_t cursor)
        : buffer_(buffer), next_cursor_(cursor) {}

    bool add(const Entry& entry) override {
        const std::size_t length =
            base::align_up(sizeof(fs::DirectoryEntry) + entry.name.size(), 8);
        if (length > buffer_.size() - used_) {
            full_ = true;
            return false;
        }
        const fs::DirectoryEntry record{
            .inode = entry.inode.value(),
            .next_cursor = entry.next_cursor,
            .record_length = static_cast<std::uint16_t>(length),
            .name_length = static_cast<std::uint16_t>(entry.name.size()),
            .kind = entry.kind};
        std::byte* to = buffer_.data() + used_;
        std::memset(to, 0, length);
        std::memcpy(to, &record, sizeof record);
        std::memcpy(to + sizeof record, entry.name.data(), entry.name.size());
        used_ += length;
        next_cursor_ = entry.next_cursor;
        return true;
    }

    [[nodiscard]] std::size_t used() const { return used_; }
    [[nodiscard]] std::uint64_t next_cursor() const { return next_cursor_; }
    // Not even the first entry fitted.
    [[nodiscard]] bool too_small() const { return full_ && used_ == 0; }

private:
    std::span<std::byte> buffer_;
    std::size_t used_ = 0;
    std::uint64_t next_cursor_ = 0;
    bool full_ = false;
};

}  // namespace fs_server
