// SPDX-License-Identifier: MIT
// A strict reader of tar archives, as OCI layers are made (OCI image specification, layer.md):
// POSIX ustar and pax (IEEE Std 1003.1, pax), and GNU's long names. What it does not know, it
// refuses; what it says of an entry is checked: a path leads nowhere but down.
#pragma once

#include <optional>
#include <string_view>

#include "apps/oci/source.hpp"

namespace oci {

struct Entry {
    enum class Kind : std::uint8_t { file, directory, symbolic_link, hard_link };
    Kind kind = Kind::file;
    std::string path;        // relative, in normal form; empty: the root itself
    std::string target;      // symbolic_link: as it stands; hard_link: like `path`
    std::uint32_t mode = 0;  // the permission bits alone
    std::uint32_t user = 0, group = 0;
    std::uint64_t size = 0;     // of a file
    std::int64_t modified = 0;  // seconds since 1970
};

class TarReader {
public:
    explicit TarReader(Source& from) : from_(from) {}

    // What is left of the entry before is skipped. Nothing: the archive has ended as it should.
    Result<std::optional<Entry>> next();
    // Of the latest entry's data, a file's; 0: that was all.
    Result<std::size_t> read(std::span<std::byte> to);
    // How many bytes of the source have been read.
    [[nodiscard]] std::uint64_t position() const { return position_; }

private:
    struct Extensions {
        std::optional<std::string> path, target;
        std::optional<std::uint64_t> size, user, group;
        std::optional<std::int64_t> modified;
    };
    Result<void> take(std::span<std::byte> to);
    Result<void> skip(std::uint64_t bytes);
    Result<std::string> text(std::uint64_t bytes);
    Result<bool> extension(std::span<const std::byte> header, std::uint64_t size,
                           Extensions& extensions);
    Result<Entry> entry(std::span<const std::byte> header, std::uint64_t size,
                        const Extensions& extensions);

    Source& from_;
    std::uint64_t position_ = 0;
    std::uint64_t left_ = 0;     // of the entry's data
    std::uint64_t padding_ = 0;  // after it
};

// Relative and in normal form: without `.` and empty components. An error if it is absolute, has a
// `..`, a zero byte or is too long.
Result<std::string> normal_path(std::string_view path);

}  // namespace oci
