// SPDX-License-Identifier: MIT
// The disk's blocks in memory: a write-back cache of 4096-byte pages, the least recently used one
// going first.
//
//   - What is not there is read in runs: one request brings up to `read_ahead` pages.
//   - Written pages stay until there are too many, or until `flush`: then all go to the disk in the
//     order of their numbers, neighbours in one request.
//   - A read of many pages (file contents on their way to a page cache) passes by, but sees what is
//     dirty here.
//
// If the disk refuses a write, the pages stay dirty, and the next flush tries again.
#pragma once

#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "servers/ext2fs/block_device.hpp"

namespace ext2 {

class BlockCache {
public:
    static constexpr std::size_t page_bytes = 4096;
    static constexpr std::size_t read_ahead = 16;

    BlockCache(BlockDevice& device, std::size_t max_pages)
        : device_(device), max_pages_(max_pages) {}

    // Anywhere on the disk, of any length.
    [[nodiscard]] Status read(std::uint64_t offset, std::span<std::byte> to);
    [[nodiscard]] Status write(std::uint64_t offset, std::span<const std::byte> from);
    // From the start of the device's buffer straight to the disk; whole sectors.
    [[nodiscard]] Status write_buffer(std::uint64_t offset, std::size_t length);
    // Dirty pages to the disk; then the disk's own cache to the medium.
    [[nodiscard]] Status flush();

    [[nodiscard]] std::uint64_t bytes() const { return device_.sectors() * sector_bytes; }
    [[nodiscard]] BlockDevice& device() { return device_; }
    [[nodiscard]] std::size_t dirty_pages() const { return dirty_; }

private:
    struct Page {
        std::uint64_t number;
        bool dirty = false;
        std::unique_ptr<std::byte[]> data;
    };
    using Pages = std::list<Page>;  // most recently used first

    [[nodiscard]] Page* find(std::uint64_t number);
    [[nodiscard]] Page* insert(std::uint64_t number);
    [[nodiscard]] Status load(std::uint64_t number, Page*& page);
    [[nodiscard]] Status read_around(std::uint64_t number, std::span<std::byte> to);
    [[nodiscard]] Status transfer_run(std::uint64_t number, std::size_t count, bool write);
    [[nodiscard]] Status make_room(std::size_t count);
    [[nodiscard]] Status write_dirty();

    BlockDevice& device_;
    std::size_t max_pages_;
    std::size_t dirty_ = 0;
    Pages pages_;
    std::unordered_map<std::uint64_t, Pages::iterator> index_;
};

}  // namespace ext2
