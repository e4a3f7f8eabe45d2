// SPDX-License-Identifier: MIT
#include "servers/procmgr/model/image_block.hpp"

#include <cstring>
#include <string_view>

#include "libs/base/align.hpp"

namespace procmgr {
namespace {

using process::ImageDescriptor;
using process::ImageStart;

constexpr std::size_t max_shown_arguments = 4096;

class Reader {
public:
    explicit Reader(std::span<const std::byte> block)
        : text_(reinterpret_cast<const char*>(block.data()), block.size()) {}

    // The string that begins at `offset`, and in `offset` where the next one begins.
    Result<std::string> next(std::uint64_t& offset) const {
        if (offset >= text_.size()) {
            return base::fail(Status::invalid);
        }
        const std::size_t end = text_.find('\0', offset);
        if (end == std::string_view::npos) {
            return base::fail(Status::invalid);
        }
        std::string found{text_.substr(offset, end - offset)};
        offset = end + 1;
        return found;
    }

    Result<std::vector<std::string>> list(std::uint64_t offset, std::uint64_t count) const {
        if (count > text_.size()) {  // each takes at least its zero byte
            return base::fail(Status::invalid);
        }
        std::vector<std::string> strings;
        strings.reserve(count);
        for (std::uint64_t i = 0; i < count; ++i) {
            strings.push_back(TRY(next(offset)));
        }
        return strings;
    }

private:
    std::string_view text_;
};

Result<std::vector<ImageDescriptor>> descriptors_of(std::span<const std::byte> block,
                                                    const ImageStart& header) {
    if (header.descriptor_count > max_image_descriptors) {
        return base::fail(Status::too_big);
    }
    const std::uint64_t bytes = header.descriptor_count * sizeof(ImageDescriptor);
    if (!base::range_fits(header.descriptor_offset, bytes, block.size())) {
        return base::fail(Status::invalid);
    }
    std::vector<ImageDescriptor> descriptors(header.descriptor_count);
    if (bytes != 0) {
        std::memcpy(descriptors.data(), block.data() + header.descriptor_offset, bytes);
    }
    return descriptors;
}

class Writer {
public:
    explicit Writer(std::vector<std::byte>& out) : out_(out) {}
    std::uint32_t here() const { return static_cast<std::uint32_t>(out_.size()); }
    void add(std::string_view text) {
        const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
        out_.insert(out_.end(), bytes, bytes + text.size());
        out_.push_back(std::byte{0});
    }
    std::uint32_t add_list(const std::vector<std::string>& list) {
        const std::uint32_t start = here();
        for (const std::string& text : list) {
            add(text);
        }
        return start;
    }

private:
    std::vector<std::byte>& out_;
};

std::size_t bytes_of(const std::vector<std::string>& list) {
    std::size_t bytes = 0;
    for (const std::string& text : list) {
        bytes += text.size() + 1;
    }
    return bytes;
}

}  // namespace

Result<ImageBlock> parse_image(std::span<const std::byte> block) {
    if (block.size() > max_image_block) {
        return base::fail(Status::too_big);
    }
    ImageStart header;
    if (block.size() < sizeof header) {
        return base::fail(Status::invalid);
    }
    std::memcpy(&header, block.data(), sizeof header);
    if (header.magic != ImageStart::magic_value || header.bytes != block.size()) {
        return base::fail(Status::invalid);
    }
    const Reader reader{block};
    ImageBlock image;
    image.descriptors = TRY(descriptors_of(block, header));
    image.arguments = TRY(reader.list(header.argument_offset, header.argument_count));
    image.environment = TRY(reader.list(header.environment_offset, header.environment_count));
    std::uint64_t offset = header.path_offset;
    image.path = TRY(reader.next(offset));
    offset = header.directory_offset;
    image.directory = TRY(reader.next(offset));
    image.executable = header.executable;
    image.umask = header.umask & 0777;
    image.ignored_signals = header.ignored_signals;
    image.blocked_signals = header.blocked_signals;
    std::memcpy(image.limits, header.limits, sizeof image.limits);
    return image;
}

Result<std::vector<std::byte>> build_image(const ImageBlock& image) {
    const std::size_t descriptor_bytes = image.descriptors.size() * sizeof(ImageDescriptor);
    const std::size_t total = sizeof(ImageStart) + descriptor_bytes + bytes_of(image.arguments) +
                              bytes_of(image.environment) + image.path.size() +
                              image.directory.size() + 2;
    if (total > max_image_block) {
        return base::fail(Status::too_big);
    }
    std::vector<std::byte> out;
    out.reserve(total);
    out.resize(sizeof(ImageStart) + descriptor_bytes);
    if (descriptor_bytes != 0) {
        std::memcpy(out.data() + sizeof(ImageStart), image.descriptors.data(), descriptor_bytes);
    }
    Writer writer{out};
    ImageStart header;
    header.bytes = total;
    header.descriptor_count = static_cast<std::uint32_t>(image.descriptors.size());
    header.descriptor_offset = sizeof(ImageStart);
    header.argument_count = static_cast<std::uint32_t>(image.arguments.size());
    header.argument_offset = writer.add_list(image.arguments);
    header.environment_count = static_cast<std::uint32_t>(image.environment.size());
    header.environment_offset = writer.add_list(image.environment);
    header.path_offset = writer.here();
    writer.add(image.path);
    header.directory_offset = writer.here();
    writer.add(image.directory);
    header.executable = image.executable;
    header.umask = image.umask;
    header.ignored_signals = image.ignored_signals;
    header.blocked_signals = image.blocked_signals;
    std::memcpy(header.limits, image.limits, sizeof header.limits);
    std::memcpy(out.data(), &header, sizeof header);
    return out;
}

std::string joined_arguments(const ImageBlock& image) {
    std::string joined;
    for (const std::string& argument : image.arguments) {
        if (joined.size() + argument.size() + 1 > max_shown_arguments) {
            break;
        }
        joined += argument;
        joined += '\0';
    }
    return joined;
}

}  // namespace procmgr
