// SPDX-License-Identifier: MIT
// How the kinds of descriptions travel to another image: ImageDescriptor::kind. Kind 0 (`file`) is
// in interfaces/process_image.hpp, because procmgr makes some too.
#pragma once

#include <cstdint>

namespace linux::fd::image_kind {

inline constexpr std::uint8_t pipe_reader = 1;    // Memory, data, guard of space; status flags
inline constexpr std::uint8_t pipe_writer = 2;    // Memory, space, guard of data; status flags
inline constexpr std::uint8_t event_counter = 3;  // Memory, notification; status flags

}  // namespace linux::fd::image_kind
