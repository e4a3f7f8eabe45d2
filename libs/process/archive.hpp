// SPDX-License-Identifier: MIT
//
// The initial archive: cpio in the "newc" format (110 bytes of header in hexadecimal, name, data, each part padded to four
// bytes; the entry named TRAILER!!! is the last). Any input is safe: an entry that does not fit ends the archive.
//
//   loader::Archive archive{bytes};
//   if (auto file = archive.find("etc/init.table")) ...
//   for (const loader::ArchiveEntry& entry : archive) ...
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace loader {

struct ArchiveEntry {
    std::string_view name;  // without a leading "/" or "./"
    std::uint32_t mode = 0;
    std::span<const std::byte> data;

    [[nodiscard]] bool is_regular() const { return (mode & 0170000) == 0100000; }
};

class Archive {
public:
    explicit Archive(std::span<const std::byte> bytes) : bytes_(bytes) {}

    class Iterator {
    public:
        Iterator() = default;
        explicit Iterator(std::span<const std::byte> rest) : rest_(rest) { read(); }
        const ArchiveEntry& operator*() const { return entry_; }
        const ArchiveEntry* operator->() const { return &entry_; }
        Iterator& operator++() {
            read();
            return *this;
        }
        bool operator==(const Iterator& other) const { return at_end_ == other.at_end_ && at_end_; }

    private:
        void read();

        std::span<const std::byte> rest_;
        ArchiveEntry entry_;
        bool at_end_ = true;
    };
    [[nodiscard]] Iterator begin() const { return Iterator{bytes_}; }
    [[nodiscard]] static Iterator end() { return {}; }

    // The contents of a regular file. The name may begin with a slash.
    [[nodiscard]] std::optional<std::span<const std::byte>> find(std::string_view name) const;

private:
    std::span<const std::byte> bytes_;
};

}  // namespace loader
