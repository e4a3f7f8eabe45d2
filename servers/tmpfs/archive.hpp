// SPDX-License-Identifier: MIT
// Fills a file system from an archive (cpio, "newc"). Directories that a file needs and that the
// archive does not name are made with mode 755. Everything belongs to user 0.
#pragma once

#include "libs/fs_server/backend.hpp"

namespace tmpfs {

// What was unpacked before an error stays.
fs_server::Result<void> unpack(std::span<const std::byte> archive, fs_server::Backend& to);

}  // namespace tmpfs
