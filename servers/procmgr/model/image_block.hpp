// SPDX-License-Identifier: MIT
// The ImageStart block (interfaces/process_image.hpp), taken apart and put together. A block comes
// from a client and is believed in nothing: every offset and count is checked against its length.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "interfaces/process_image.hpp"
#include "servers/procmgr/model/process_table.hpp"

namespace procmgr {

inline constexpr std::uint64_t max_image_block = 1024 * 1024;
inline constexpr std::size_t max_image_descriptors = 1024;

struct ImageBlock {
    std::vector<process::ImageDescriptor> descriptors;
    std::vector<std::string> arguments;
    std::vector<std::string> environment;
    std::string path;
    std::string directory;
    abi::CapIndex executable = 0;
    std::uint32_t umask = 022;
    std::uint64_t ignored_signals = 0;
    std::uint64_t blocked_signals = 0;
    std::uint64_t limits[16][2] = {};
};

// Errors: invalid, too_big.
[[nodiscard]] Result<ImageBlock> parse_image(std::span<const std::byte> block);
[[nodiscard]] Result<std::vector<std::byte>> build_image(const ImageBlock& image);

// Each argument followed by a zero byte, cut to 4096 bytes: what /proc shows.
[[nodiscard]] std::string joined_arguments(const ImageBlock& image);

}  // namespace procmgr
