// SPDX-License-Identifier: MIT
#include "servers/console/font.hpp"

#include <algorithm>
#include <cstring>

namespace console {

namespace {

constexpr std::uint32_t psf2_magic = 0x864ab572;
constexpr std::uint16_t psf1_magic = 0x0436;
constexpr std::uint8_t psf1_has_512 = 1;
constexpr std::uint8_t psf1_has_table = 6;
constexpr std::size_t psf1_header = 4;

struct Psf2Header {
    std::uint32_t magic, version, header_size, flags, length, glyph_size, height, width;
};

}  // namespace

Font::Font(std::span<const std::uint8_t> file) {
    Psf2Header header{};
    if (file.size() >= sizeof(header)) {
        std::memcpy(&header, file.data(), sizeof(header));
    }
    if (header.magic == psf2_magic) {
        const std::uint64_t bytes = std::uint64_t{header.length} * height;
        if (header.width != width || header.height != height || header.glyph_size != height ||
            header.header_size > file.size() || bytes > file.size() - header.header_size) {
            return;
        }
        glyphs_ = file.subspan(header.header_size, bytes);
        read_table_2(file.subspan(header.header_size + bytes), header.length);
    } else if (file.size() > psf1_header && (file[0] | file[1] << 8) == psf1_magic &&
               file[3] == height) {
        const std::uint32_t count = (file[2] & psf1_has_512) != 0 ? 512 : 256;
        if (file.size() - psf1_header < count * height) {
            return;
        }
        glyphs_ = file.subspan(psf1_header, std::size_t{count} * height);
        if ((file[2] & psf1_has_table) != 0) {
            read_table_1(file.subspan(psf1_header + count * height), count);
        }
    }
    std::ranges::sort(entries_, {}, &Entry::character);
}

// Per glyph: 16-bit characters, sequences after 0xfffe, the end 0xffff.
void Font::read_table_1(std::span<const std::uint8_t> table, std::uint32_t count) {
    std::uint32_t glyph = 0;
    bool in_sequence = false;
    for (std::size_t i = 0; i + 1 < table.size() && glyph < count; i += 2) {
        const auto value = static_cast<char32_t>(table[i] | table[i + 1] << 8);
        if (value == 0xffff) {
            ++glyph;
            in_sequence = false;
        } else if (value == 0xfffe) {
            in_sequence = true;
        } else if (!in_sequence) {
            entries_.push_back({value, glyph});
        }
    }
}

// The same in UTF-8, with 0xfe and 0xff.
void Font::read_table_2(std::span<const std::uint8_t> table, std::uint32_t count) {
    std::uint32_t glyph = 0;
    bool in_sequence = false;
    for (std::size_t i = 0; i < table.size() && glyph < count;) {
        const std::uint8_t lead = table[i++];
        if (lead >= 0xfe) {
            in_sequence = lead == 0xfe;
            glyph += lead == 0xff ? 1 : 0;
            continue;
        }
        const int more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
        char32_t character = more == 0 ? lead : lead & (0x3f >> more);
        for (int k = 0; k < more && i < table.size(); ++k) {
            character = character << 6 | (table[i++] & 0x3f);
        }
        if (!in_sequence) {
            entries_.push_back({character, glyph});
        }
    }
}

const Font::Entry* Font::find(char32_t character) const {
    const auto at = std::ranges::lower_bound(entries_, character, {}, &Entry::character);
    return at != entries_.end() && at->character == character ? &*at : nullptr;
}

Font::Glyph Font::glyph(char32_t character) const {
    const Entry* entry = find(character);
    if (entry == nullptr) {
        entry = find(0xfffd);
    }
    if (entry == nullptr) {
        entry = find(U'?');
    }
    return entry == nullptr ? Glyph(nothing_)
                            : Glyph(glyphs_.data() + std::size_t{entry->glyph} * height, height);
}

}  // namespace console
