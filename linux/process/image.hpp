// SPDX-License-Identifier: MIT
// The block that describes a new image (process::ImageStart): checked when it is read, built when a
// program executes another. Pure, so that it is tested and fuzzed on the host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "interfaces/process_image.hpp"

namespace linux {

inline constexpr std::uint64_t longest_image_block = 4 * 1024 * 1024;

// Views into the block.
struct Image {
    const process::ImageStart* header = nullptr;
    std::vector<std::string_view> arguments;
    std::vector<std::string_view> environment;
    std::string_view path;
    std::string_view directory;
};

// Nothing if any offset or count leads outside, or a string does not end. The block must be 8-byte
// aligned.
std::optional<Image> read_image(std::span<const std::byte> block);

struct ImageParts {
    std::span<const std::string_view> arguments;
    std::span<const std::string_view> environment;
    std::string_view path;
    std::string_view directory;
    std::span<const process::ImageDescriptor> descriptors;
};

// Offsets, counts and strings; the other fields of `header` are taken over.
std::vector<std::byte> build_image(process::ImageStart header, const ImageParts& parts);

}  // namespace linux
