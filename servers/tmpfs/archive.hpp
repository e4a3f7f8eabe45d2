// SPDX-License-Identifier: MIT
// Fills a file system from a cpio archive in "newc" form: header (6 bytes "070701", then 13 numbers
// of 8 hexadecimal digits), name with a terminating zero, padding to 4, contents, padding to 4.
// Directories that a file needs and that the archive does not name are made with mode 755.
#pragma once

#include "libs/fs_server/backend.hpp"

namespace tmpfs {

using fs_server::Result;
using fs_server::Status;

class ArchiveReader {
public:
    // Exactly that many bytes, or an error.
    [[nodiscard]] virtual Result<void> read(std::uint64_t offset, std::span<std::byte> buffer) = 0;

protected:
    ~ArchiveReader() = default;
};

// invalid: not such an archive, or cut off. What was unpacked before stays.
Result<void> unpack(ArchiveReader& archive, fs_server::Backend& to);

}  // namespace tmpfs
