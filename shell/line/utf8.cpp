// SPDX-License-Identifier: MIT
#include "shell/line/utf8.hpp"

#include <algorithm>
#include <iterator>

namespace shell {

namespace {

struct Range {
    char32_t first, last;
};

// Joined to the character before them: the blocks of combining marks, joiners and variation
// selectors.
constexpr Range combining[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a},   {0x064b, 0x065f},
    {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff},   {0x1dc0, 0x1dff},
    {0x200b, 0x200f}, {0x2060, 0x2064}, {0x20d0, 0x20ff}, {0x302a, 0x302d},   {0x3099, 0x309a},
    {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0x1f3fb, 0x1f3ff}, {0xe0100, 0xe01ef},
};

// Two columns: East Asian scripts and pictographs.
constexpr Range wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},
    {0x25fd, 0x25fe},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x26aa, 0x26ab},
    {0x26bd, 0x26be},   {0x2705, 0x2705},   {0x270a, 0x270b},   {0x2728, 0x2728},
    {0x274c, 0x274c},   {0x2753, 0x2755},   {0x2795, 0x2797},   {0x2b1b, 0x2b1c},
    {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},
    {0xa000, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
    {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
    {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
};

template <std::size_t N>
bool contains(const Range (&ranges)[N], char32_t code) {
    auto after = std::upper_bound(std::begin(ranges), std::end(ranges), code,
                                  [](char32_t c, const Range& range) { return c < range.first; });
    return after != std::begin(ranges) && code <= std::prev(after)->last;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

Character character_at(std::string_view text, std::size_t at) {
    auto lead = static_cast<unsigned char>(text[at]);
    if (lead < 0x80) return {lead, 1, true};
    std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    Character invalid{lead, 1, false};
    if (lead < 0xc2 || lead > 0xf4 || at + length > text.size()) return invalid;
    char32_t code = lead & (0xff >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if (!is_continuation(text[at + i])) return invalid;
        code = code << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3f);
    }
    constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    bool surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code < smallest[length] || code > 0x10ffff || surrogate) return invalid;
    return {code, length, true};
}

std::size_t next_boundary(std::string_view text, std::size_t at) {
    if (at >= text.size()) return text.size();
    at += character_at(text, at).length;
    while (at < text.size()) {
        Character next = character_at(text, at);
        if (!next.valid || columns(next.code) != 0) break;
        at += next.length;
    }
    return at;
}

std::size_t previous_boundary(std::string_view text, std::size_t at) {
    while (at > 0) {
        // The start of the character that ends at `at`: the nearest lead byte whose character
        // reaches just to here.
        std::size_t start = at - 1;
        for (std::size_t back = 2; back <= 4 && back <= at && is_continuation(text[start]);
             ++back) {
            Character candidate = character_at(text, at - back);
            if (!candidate.valid || candidate.length != back) continue;
            start = at - back;
            break;
        }
        at = start;
        Character character = character_at(text, at);
        if (!character.valid || columns(character.code) != 0) break;
    }
    return at;
}

int columns(char32_t code) {
    if (code < 0x300) return 1;
    if (contains(combining, code)) return 0;
    return contains(wide, code) ? 2 : 1;
}

}  // namespace shell
