// SPDX-License-Identifier: MIT
#include "libs/process/archive.hpp"

#include "libs/base/align.hpp"
#include "libs/base/parse.hpp"

namespace loader {
namespace {

constexpr std::size_t header_bytes = 110;
constexpr std::string_view magic = "070701";
constexpr std::string_view last_name = "TRAILER!!!";

// Fields of the header after the magic, eight hexadecimal digits each.
enum Field : std::size_t { mode_field = 1, size_field = 6, name_size_field = 11 };

std::optional<std::uint64_t> field(std::string_view header, Field number) {
    return base::parse_number(header.substr(magic.size() + number * 8, 8), 16);
}

std::string_view plain_name(std::string_view name) {
    if (name.starts_with("./")) {
        name.remove_prefix(2);
    }
    while (name.starts_with('/')) {
        name.remove_prefix(1);
    }
    return name;
}

}  // namespace

void Archive::Iterator::read() {
    at_end_ = true;
    const std::string_view text{reinterpret_cast<const char*>(rest_.data()), rest_.size()};
    if (text.size() < header_bytes || !text.starts_with(magic)) {
        return;
    }
    const auto mode = field(text, mode_field);
    const auto size = field(text, size_field);
    const auto name_size = field(text, name_size_field);
    if (!mode || !size || !name_size || *name_size == 0) {
        return;
    }
    const std::uint64_t data_start = base::align_up(header_bytes + *name_size, 4);
    if (!base::range_fits(data_start, *size, rest_.size())) {
        return;
    }
    // The name ends with its first zero byte; more of them may pad the data to a page boundary.
    std::string_view name = text.substr(header_bytes, *name_size);
    const std::size_t end = name.find('\0');
    name = name.substr(0, end);
    if (end == std::string_view::npos || name == last_name) {
        return;
    }
    entry_ = {plain_name(name), static_cast<std::uint32_t>(*mode),
              rest_.subspan(data_start, *size)};
    const std::uint64_t next = base::align_up(data_start + *size, 4);
    rest_ = next < rest_.size() ? rest_.subspan(next) : std::span<const std::byte>{};
    at_end_ = false;
}

std::optional<std::span<const std::byte>> Archive::find(std::string_view name) const {
    const std::string_view wanted = plain_name(name);
    for (const ArchiveEntry& entry : *this) {
        if (entry.is_regular() && entry.name == wanted) {
            return entry.data;
        }
    }
    return std::nullopt;
}

}  // namespace loader
