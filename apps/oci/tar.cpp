// SPDX-License-Identifier: MIT
#include "apps/oci/tar.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "apps/oci/tar_format.hpp"

namespace oci {

namespace {

constexpr std::size_t longest_path = 4095;
constexpr std::size_t longest_name = 255;
constexpr int deepest = 64;
constexpr std::uint64_t longest_extension = 256 * 1024;
constexpr std::uint64_t largest_file = std::uint64_t{1} << 40;

using Header = std::span<const std::byte>;

std::string_view text_of(Header header, Field field) {
    const char* begin = reinterpret_cast<const char*>(header.data()) + field.offset;
    const std::string_view all(begin, field.length);
    return all.substr(0, all.find('\0'));
}

// Octal digits between blanks and zero bytes; or, with the first bit set, a binary number, highest
// byte first (GNU).
std::optional<std::uint64_t> number_of(Header header, Field field) {
    const Header bytes = header.subspan(field.offset, field.length);
    constexpr unsigned binary = 0x80;
    if ((std::to_integer<unsigned>(bytes[0]) & binary) != 0) {
        std::uint64_t number = std::to_integer<unsigned>(bytes[0]) & ~binary;
        for (const std::byte byte : bytes.subspan(1)) {
            if (number >> 55 != 0) return std::nullopt;
            number = number << 8 | std::to_integer<std::uint64_t>(byte);
        }
        return number;
    }
    std::string_view text = text_of(header, field);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    text = text.substr(0, text.find(' '));
    std::uint64_t number = 0;
    if (text.empty()) return number;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 8);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

bool is_empty(Header header) {
    return std::ranges::all_of(header, [](std::byte byte) { return byte == std::byte{0}; });
}

// The sum of all bytes, with blanks in the place of the sum itself.
bool has_right_checksum(Header header) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < header.size(); ++i) {
        const bool own =
            i >= checksum_field.offset && i < checksum_field.offset + checksum_field.length;
        sum += own ? ' ' : std::to_integer<unsigned>(header[i]);
    }
    return number_of(header, checksum_field) == sum;
}

std::optional<std::uint64_t> decimal(std::string_view text) {
    // Times may have a fraction.
    text = text.substr(0, text.find('.'));
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

}  // namespace

Result<std::string> normal_path(std::string_view path) {
    const auto wrong = [path](std::string_view why) {
        return std::unexpected("'" + std::string(path.substr(0, 80)) + "' " + std::string(why));
    };
    if (path.contains('\0')) return wrong("has a zero byte in its name");
    if (path.size() > longest_path) return wrong("is too long a name");
    if (path.starts_with('/')) return wrong("is an absolute path");
    std::string result;
    for (int depth = 0; !path.empty();) {
        const std::size_t end = std::min(path.find('/'), path.size());
        const std::string_view name = path.substr(0, end);
        if (name == "..") return wrong("leads out of the image");
        if (name.size() > longest_name) return wrong("is too long a name");
        if (!name.empty() && name != ".") {
            if (++depth > deepest) return wrong("lies too deep");
            if (!result.empty()) result += '/';
            result += name;
        }
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return result;
}

Result<void> TarReader::take(std::span<std::byte> to) {
    auto done = from_.read_all(to);
    if (!done) return done;
    position_ += to.size();
    return {};
}

Result<void> TarReader::skip(std::uint64_t bytes) {
    std::array<std::byte, 8192> dropped;
    while (bytes != 0) {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, dropped.size()));
        if (auto done = take(std::span(dropped).first(count)); !done) return done;
        bytes -= count;
    }
    return {};
}

Result<std::size_t> TarReader::read(std::span<std::byte> to) {
    to = to.first(static_cast<std::size_t>(std::min<std::uint64_t>(to.size(), left_)));
    if (auto done = take(to); !done) return std::unexpected(done.error());
    left_ -= to.size();
    return to.size();
}

Result<std::string> TarReader::text(std::uint64_t bytes) {
    if (bytes > longest_extension) return std::unexpected("a name in it is too long");
    std::string result(static_cast<std::size_t>(bytes), '\0');
    if (auto done = take(std::as_writable_bytes(std::span(result))); !done)
        return std::unexpected(done.error());
    if (auto done = skip((block - bytes % block) % block); !done)
        return std::unexpected(done.error());
    return result;
}

Result<std::optional<Entry>> TarReader::next() {
    if (auto done = skip(left_ + padding_); !done) return std::unexpected(done.error());
    left_ = padding_ = 0;
    Extensions extensions;
    for (;;) {
        std::array<std::byte, block> header;
        if (auto done = take(header); !done) return std::unexpected(done.error());
        if (is_empty(header)) return std::nullopt;
        if (!has_right_checksum(header)) return std::unexpected("it is damaged, or no tar archive");
        const auto size = number_of(header, size_field);
        if (!size || *size > largest_file)
            return std::unexpected("an entry has a size that cannot be");
        auto extended = extension(header, *size, extensions);
        if (!extended) return std::unexpected(extended.error());
        if (*extended) continue;
        auto found = entry(header, extensions.size.value_or(*size), extensions);
        if (!found) return std::unexpected(found.error());
        return std::move(*found);
    }
}

// Is the header one that only says more of the entry after it?
Result<bool> TarReader::extension(Header header, std::uint64_t size, Extensions& extensions) {
    const char type = static_cast<char>(header[type_offset]);
    if (type != 'x' && type != 'g' && type != 'L' && type != 'K') return false;
    auto content = text(size);
    if (!content) return std::unexpected(content.error());
    if (type == 'L' || type == 'K') {
        (type == 'L' ? extensions.path : extensions.target) =
            content->substr(0, content->find('\0'));
        return true;
    }
    // Records `LENGTH KEY=VALUE\n`; of those for all entries ('g') none is needed here.
    std::string_view rest = *content;
    while (!rest.empty() && type == 'x') {
        const std::size_t blank = rest.find(' ');
        const auto length = decimal(rest.substr(0, std::min(blank, rest.size())));
        const std::size_t equals = rest.find('=');
        if (!length || *length > rest.size() || equals == rest.npos || blank > equals ||
            *length < equals + 2 || rest[static_cast<std::size_t>(*length) - 1] != '\n')
            return std::unexpected("an extended header is damaged");
        const auto end = static_cast<std::size_t>(*length);
        const std::string_view key = rest.substr(blank + 1, equals - blank - 1);
        const std::string_view value = rest.substr(equals + 1, end - equals - 2);
        if (key == "path") extensions.path = value;
        if (key == "linkpath") extensions.target = value;
        const auto number = decimal(value);
        if (key == "size" || key == "uid" || key == "gid") {
            if (!number || *number > largest_file)
                return std::unexpected("an extended header has a number that cannot be");
            (key == "size"  ? extensions.size
             : key == "uid" ? extensions.user
                            : extensions.group) = number;
        }
        if (key == "mtime" && number) extensions.modified = static_cast<std::int64_t>(*number);
        rest.remove_prefix(end);
    }
    return true;
}

Result<Entry> TarReader::entry(Header header, std::uint64_t size, const Extensions& extensions) {
    Entry result;
    const bool is_ustar = text_of(header, magic_field) == "ustar";
    std::string path(text_of(header, name_field));
    const std::string_view prefix = is_ustar ? text_of(header, prefix_field) : std::string_view{};
    if (!prefix.empty()) path.insert(0, std::string(prefix) + "/");
    auto normal = normal_path(extensions.path.value_or(path));
    if (!normal) return std::unexpected(normal.error());
    result.path = std::move(*normal);
    switch (static_cast<char>(header[type_offset])) {
        case '0':
        case '\0':
        case '7':
            result.kind = path.ends_with('/') ? Entry::Kind::directory : Entry::Kind::file;
            break;
        case '1': result.kind = Entry::Kind::hard_link; break;
        case '2': result.kind = Entry::Kind::symbolic_link; break;
        case '5': result.kind = Entry::Kind::directory; break;
        case '3':
        case '4':
        case '6':
            return std::unexpected("'" + result.path +
                                   "' is a device or a pipe, which no image may have");
        default: return std::unexpected("'" + result.path + "' is of a kind that is not known");
    }
    result.target = extensions.target.value_or(std::string(text_of(header, link_field)));
    if (result.kind == Entry::Kind::hard_link) {
        auto target = normal_path(result.target);
        if (!target) return std::unexpected(target.error());
        result.target = std::move(*target);
    }
    const auto mode = number_of(header, mode_field);
    const auto user = number_of(header, user_field), group = number_of(header, group_field);
    const auto modified = number_of(header, modified_field);
    if (!mode || !user || !group || !modified)
        return std::unexpected("'" + result.path + "' has a header that is damaged");
    result.mode = static_cast<std::uint32_t>(*mode & 0777);
    result.user = static_cast<std::uint32_t>(extensions.user.value_or(*user));
    result.group = static_cast<std::uint32_t>(extensions.group.value_or(*group));
    result.modified = extensions.modified.value_or(static_cast<std::int64_t>(*modified));
    if (result.kind == Entry::Kind::file) {
        result.size = left_ = size;
        padding_ = (block - size % block) % block;
    } else if (size != 0 && result.kind != Entry::Kind::hard_link) {
        return std::unexpected("'" + result.path + "' has data, which its kind cannot have");
    }
    return result;
}

}  // namespace oci
