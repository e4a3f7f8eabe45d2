// SPDX-License-Identifier: MIT
// The console's font: a PSF file, version 1 or 2 (kbd's doc/font-formats), of glyphs 8 pixels wide and 16 high, with a Unicode table.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace console {

class Font {
public:
    static constexpr std::uint32_t width = 8;
    static constexpr std::uint32_t height = 16;
    using Glyph = std::span<const std::uint8_t, height>;

    // An unusable file gives a font that shows nothing.
    explicit Font(std::span<const std::uint8_t> file);

    // The glyph of a character, or of U+FFFD, or of `?`.
    [[nodiscard]] Glyph glyph(char32_t character) const;
    [[nodiscard]] bool usable() const { return !glyphs_.empty(); }

private:
    struct Entry {
        char32_t character;
        std::uint32_t glyph;
    };
    void read_table_1(std::span<const std::uint8_t> table, std::uint32_t count);
    void read_table_2(std::span<const std::uint8_t> table, std::uint32_t count);
    [[nodiscard]] const Entry* find(char32_t character) const;

    std::span<const std::uint8_t> glyphs_;
    std::vector<Entry> entries_;  // sorted by character
    static constexpr std::uint8_t nothing_[height] = {};
};

}  // namespace console
