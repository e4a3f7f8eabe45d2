// SPDX-License-Identifier: MIT
#include "linux/process/image.hpp"

#include <algorithm>
#include <cstring>

#include "libs/base/align.hpp"

namespace linux {
namespace {

std::optional<std::string_view> string_at(std::span<const std::byte> block, std::uint64_t offset) {
    if (offset >= block.size()) {
        return std::nullopt;
    }
    const char* start = reinterpret_cast<const char*>(block.data()) + offset;
    const void* end = std::memchr(start, 0, block.size() - offset);
    if (end == nullptr) {
        return std::nullopt;
    }
    return std::string_view{start, static_cast<std::size_t>(static_cast<const char*>(end) - start)};
}

bool read_strings(std::span<const std::byte> block, std::uint64_t offset, std::uint32_t count,
                  std::vector<std::string_view>& to) {
    if (count > block.size()) {
        return false;  // each has at least its zero
    }
    to.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto text = string_at(block, offset);
        if (!text) {
            return false;
        }
        to.push_back(*text);
        offset += text->size() + 1;
    }
    return true;
}

class Writer {
public:
    explicit Writer(std::vector<std::byte>& block) : block_(block) {}
    std::uint32_t strings(std::span<const std::string_view> list) {
        const auto offset = static_cast<std::uint32_t>(block_.size());
        for (const std::string_view text : list) {
            const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
            block_.insert(block_.end(), bytes, bytes + text.size());
            block_.push_back(std::byte{0});
        }
        return offset;
    }

private:
    std::vector<std::byte>& block_;
};

}  // namespace

std::optional<Image> read_image(std::span<const std::byte> block) {
    using process::ImageDescriptor;
    using process::ImageStart;
    if (block.size() < sizeof(ImageStart)) {
        return std::nullopt;
    }
    Image image;
    image.header = reinterpret_cast<const ImageStart*>(block.data());
    const ImageStart& header = *image.header;
    if (header.magic != ImageStart::magic_value || header.bytes != block.size() ||
        header.descriptor_offset % alignof(ImageDescriptor) != 0 ||
        !base::range_fits(header.descriptor_offset,
                          header.descriptor_count * std::uint64_t{sizeof(ImageDescriptor)},
                          block.size())) {
        return std::nullopt;
    }
    const auto path = string_at(block, header.path_offset);
    const auto directory = string_at(block, header.directory_offset);
    if (!path || !directory ||
        !read_strings(block, header.argument_offset, header.argument_count, image.arguments) ||
        !read_strings(block, header.environment_offset, header.environment_count,
                      image.environment)) {
        return std::nullopt;
    }
    image.path = *path;
    image.directory = *directory;
    return image;
}

std::vector<std::byte> build_image(process::ImageStart header, const ImageParts& parts) {
    constexpr std::size_t usual_bytes = 1000;
    std::vector<std::byte> block;
    block.reserve(usual_bytes);
    block.resize(sizeof header);
    header.descriptor_offset = static_cast<std::uint32_t>(block.size());
    header.descriptor_count = static_cast<std::uint32_t>(parts.descriptors.size());
    const auto descriptors = std::as_bytes(parts.descriptors);
    block.insert(block.end(), descriptors.begin(), descriptors.end());
    Writer writer{block};
    header.argument_count = static_cast<std::uint32_t>(parts.arguments.size());
    header.argument_offset = writer.strings(parts.arguments);
    header.environment_count = static_cast<std::uint32_t>(parts.environment.size());
    header.environment_offset = writer.strings(parts.environment);
    header.path_offset = writer.strings({&parts.path, 1});
    header.directory_offset = writer.strings({&parts.directory, 1});
    header.bytes = block.size();
    std::memcpy(block.data(), &header, sizeof header);
    return block;
}

}  // namespace linux
