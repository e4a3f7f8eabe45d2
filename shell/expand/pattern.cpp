// SPDX-License-Identifier: MIT
#include "shell/expand/pattern.hpp"

#include <optional>

#include "shell/line/utf8.hpp"

namespace shell {

namespace {

bool in_class(std::string_view name, char32_t c) {
    bool lower = c >= 'a' && c <= 'z';
    bool upper = c >= 'A' && c <= 'Z';
    bool digit = c >= '0' && c <= '9';
    if (name == "alpha") return lower || upper;
    if (name == "digit") return digit;
    if (name == "alnum") return lower || upper || digit;
    if (name == "lower") return lower;
    if (name == "upper") return upper;
    if (name == "space") return c == ' ' || (c >= '\t' && c <= '\r');
    if (name == "blank") return c == ' ' || c == '\t';
    if (name == "punct") return c > ' ' && c < 0x7f && !lower && !upper && !digit;
    if (name == "xdigit") return digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    return false;
}

// One member of a bracket expression, or the end of a range, at the start of `rest`.
char32_t take_member(std::string_view& rest) {
    if (rest.size() > 1 && rest[0] == '\\') rest.remove_prefix(1);
    Character member = character_at(rest, 0);
    rest.remove_prefix(member.length);
    return member.code;
}

// Matches one character against the bracket expression that begins at pattern[0] == '['. Gives the
// length of the expression and whether it matched; nothing if the bracket has no end and so stands
// for itself.
struct Bracket {
    std::size_t length;
    bool matched;
};
std::optional<Bracket> match_bracket(std::string_view pattern, char32_t c) {
    std::string_view rest = pattern.substr(1);
    bool negated = rest.starts_with('!') || rest.starts_with('^');
    if (negated) rest.remove_prefix(1);
    bool matched = false;
    for (bool first = true; !rest.empty(); first = false) {
        if (rest[0] == ']' && !first) {
            return Bracket{pattern.size() - rest.size() + 1, matched != negated};
        }
        if (rest.starts_with("[:")) {
            std::size_t end = rest.find(":]", 2);
            if (end != rest.npos) {
                matched |= in_class(rest.substr(2, end - 2), c);
                rest.remove_prefix(end + 2);
                continue;
            }
        }
        char32_t low = take_member(rest);
        char32_t high = low;
        if (rest.size() > 1 && rest[0] == '-' && rest[1] != ']') {
            rest.remove_prefix(1);
            high = take_member(rest);
        }
        matched |= low <= c && c <= high;
    }
    return std::nullopt;
}

// Matches the pattern's first element, which is no star, against the text's first character. Gives
// the lengths of both; nothing if they do not match.
struct Step {
    std::size_t pattern, text;
};
std::optional<Step> match_one(std::string_view pattern, std::string_view text) {
    if (text.empty()) return std::nullopt;
    Character character = character_at(text, 0);
    if (pattern[0] == '?') return Step{1, character.length};
    if (pattern[0] == '[') {
        if (auto bracket = match_bracket(pattern, character.code)) {
            if (!bracket->matched) return std::nullopt;
            return Step{bracket->length, character.length};
        }
    }
    std::size_t escape = pattern[0] == '\\' && pattern.size() > 1 ? 1 : 0;
    if (pattern[escape] != text[0]) return std::nullopt;
    return Step{escape + 1, 1};
}

}  // namespace

// Only the last star ever needs to be tried again: whatever an earlier one could take, this one can
// take too. So the time is at most the product of both lengths.
bool matches(std::string_view pattern, std::string_view text) {
    std::size_t p = 0, t = 0;
    std::optional<std::size_t> star;
    std::size_t star_text = 0;
    while (t < text.size() || p < pattern.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = ++p;
            star_text = t;
            continue;
        }
        if (p < pattern.size()) {
            if (auto step = match_one(pattern.substr(p), text.substr(t))) {
                p += step->pattern;
                t += step->text;
                continue;
            }
        }
        if (!star || star_text >= text.size()) return false;
        star_text += character_at(text, star_text).length;
        p = *star;
        t = star_text;
    }
    return true;
}

bool has_wildcards(std::string_view pattern) {
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '\\') {
            ++i;
        } else if (pattern[i] == '*' || pattern[i] == '?' || pattern[i] == '[') {
            return true;
        }
    }
    return false;
}

std::string escape_pattern(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (char c : text) {
        if (std::string_view("*?[]\\-!^").contains(c)) result += '\\';
        result += c;
    }
    return result;
}

std::string unescape_pattern(std::string_view pattern) {
    std::string result;
    result.reserve(pattern.size());
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
        result += pattern[i];
    }
    return result;
}

}  // namespace shell
