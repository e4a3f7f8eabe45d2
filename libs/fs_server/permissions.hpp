// SPDX-License-Identifier: MIT
// Who may do what with a file: mode bits against an identity. User 0 may do everything, except run
// a file that nobody may run.
#pragma once

#include "libs/fs_server/types.hpp"

namespace fs_server {

bool may(const fs::Attributes& file, fs::Identity who, std::uint32_t permissions);

// May `who` take this name away from the directory? In a sticky directory (/tmp) only the owner of
// the file or of the directory may.
bool may_remove(const fs::Attributes& directory, const fs::Attributes& file, fs::Identity who);

bool owns(const fs::Attributes& file, fs::Identity who);

// May `who` change these attributes (fs::SetAttributes bits)? The answer is ok, not_permitted or
// access_denied.
Status may_change(const fs::Attributes& file, fs::Identity who, std::uint32_t which,
                  const fs::Attributes& values);

}  // namespace fs_server
