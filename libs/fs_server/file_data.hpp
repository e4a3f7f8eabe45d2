// SPDX-License-Identifier: MIT
// Where the bytes of regular files are: one FileData per file that has ever had any, made by the
// file system's Store. On CLUU a FileData is a Memory object (memory_store.hpp), which is at the same
// time the file's page cache; the unit tests keep the bytes in an array.
#pragma once

#include <memory>

#include "libs/fs_server/backend.hpp"

namespace fs_server {

class FileData {
public:
    virtual ~FileData() = default;

    // Inside the size that was last set.
    [[nodiscard]] virtual Result<void> read(std::uint64_t offset, std::span<std::byte> buffer) = 0;
    [[nodiscard]] virtual Result<void> write(std::uint64_t offset,
                                             std::span<const std::byte> data) = 0;
    // What is gained is zero. Growing takes no memory yet.
    [[nodiscard]] virtual Result<void> resize(std::uint64_t size) = 0;
    // Takes the memory for a range that may go beyond the size.
    [[nodiscard]] virtual Result<void> reserve(std::uint64_t offset, std::uint64_t length) = 0;
    [[nodiscard]] virtual Result<MappedFile> map(bool writable) = 0;
    // Whoever was given it to write to changes nothing here any more, but has a copy of his own.
    [[nodiscard]] virtual Result<void> leave_writers() = 0;
};

struct StoreUsage {
    std::uint64_t limit_bytes = 0;
    std::uint64_t free_bytes = 0;
};

class Store {
public:
    virtual ~Store() = default;
    [[nodiscard]] virtual Result<std::unique_ptr<FileData>> make() = 0;
    [[nodiscard]] virtual StoreUsage usage() = 0;
};

}  // namespace fs_server
