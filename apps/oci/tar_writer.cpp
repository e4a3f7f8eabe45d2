// SPDX-License-Identifier: MIT
#include "apps/oci/tar_writer.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "apps/oci/descriptor.hpp"
#include "apps/oci/tar_format.hpp"

namespace oci {

namespace {

constexpr char pax_type = 'x';

char type_of(Entry::Kind kind) {
    switch (kind) {
        case Entry::Kind::file:          return '0';
        case Entry::Kind::hard_link:     return '1';
        case Entry::Kind::symbolic_link: return '2';
        case Entry::Kind::directory:     return '5';
    }
    return '0';
}

using Header = std::array<char, block>;

void put(Header& header, Field field, std::string_view text) {
    std::copy_n(text.begin(), std::min(text.size(), field.length), header.begin() + field.offset);
}

// Octal digits, and a zero byte.
void put(Header& header, Field field, std::uint64_t number) {
    std::string digits(field.length - 1, '0');
    for (std::size_t i = digits.size(); i-- > 0; number >>= 3)
        digits[i] = static_cast<char>('0' + (number & 7));
    put(header, field, digits);
}

bool fits(std::uint64_t number, Field field) { return number >> (3 * (field.length - 1)) == 0; }

// `LENGTH KEY=VALUE\n`, where the length counts its own digits, too.
std::string record(std::string_view key, std::string_view value) {
    const std::string rest = " " + std::string(key) + "=" + std::string(value) + "\n";
    std::size_t length = rest.size() + 1;
    while (std::to_string(length).size() + rest.size() != length) ++length;
    return std::to_string(length) + rest;
}

}  // namespace

Result<void> FileSink::write(std::span<const std::byte> bytes) {
    if (!write_all(file_, bytes))
        return std::unexpected(std::string("cannot be written: ") + strerror(errno));
    return {};
}

Result<void> HashSink::write(std::span<const std::byte> bytes) {
    hash_.add(bytes);
    size_ += bytes.size();
    return to_ == nullptr ? Result<void>{} : to_->write(bytes);
}

Result<void> TarWriter::header(const Entry& entry, char type, std::uint64_t size) {
    Header header{};
    put(header, name_field, entry.path);
    put(header, mode_field, entry.mode);
    put(header, user_field, entry.user);
    put(header, group_field, entry.group);
    put(header, size_field, fits(size, size_field) ? size : 0);
    put(header, modified_field,
        static_cast<std::uint64_t>(std::max<std::int64_t>(entry.modified, 0)));
    header[type_offset] = type;
    put(header, link_field, entry.target);
    put(header, magic_field,
        std::string_view("ustar\0"
                         "00",
                         8));
    put(header, checksum_field, "        ");
    std::uint64_t sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    put(header, Field{checksum_field.offset, checksum_field.length - 1}, sum);
    return to_.write(std::as_bytes(std::span(header)));
}

Result<void> TarWriter::begin(const Entry& entry) {
    if (auto done = pad(); !done) return done;
    const bool is_file = entry.kind == Entry::Kind::file;
    const std::uint64_t size = is_file ? entry.size : 0;
    std::string more;
    if (entry.path.size() > name_field.length) more += record("path", entry.path);
    if (entry.target.size() > link_field.length) more += record("linkpath", entry.target);
    if (!fits(size, size_field)) more += record("size", std::to_string(size));
    if (!more.empty()) {
        const Entry extension{.path = "pax", .mode = 0644};
        if (auto done = header(extension, pax_type, more.size()); !done) return done;
        if (auto done = write(std::as_bytes(std::span(more))); !done) return done;
        if (auto done = pad(); !done) return done;
    }
    return header(entry, type_of(entry.kind), size);
}

Result<void> TarWriter::write(std::span<const std::byte> bytes) {
    written_ += bytes.size();
    return to_.write(bytes);
}

Result<void> TarWriter::pad() {
    const std::array<std::byte, block> nothing{};
    const std::size_t missing = (block - written_ % block) % block;
    written_ = 0;
    return missing == 0 ? Result<void>{} : to_.write(std::span(nothing).first(missing));
}

Result<void> TarWriter::finish() {
    if (auto done = pad(); !done) return done;
    const std::array<std::byte, 2 * block> nothing{};
    return to_.write(nothing);
}

Result<void> TarWriter::add(const std::string& path, std::string_view content) {
    const Entry entry{.path = path, .mode = 0644, .size = content.size()};
    if (auto done = begin(entry); !done) return done;
    return write(std::as_bytes(std::span(content)));
}

}  // namespace oci
