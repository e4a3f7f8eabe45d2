// SPDX-License-Identifier: MIT
#include "apps/container/options.hpp"

#include <algorithm>

namespace container_tool {

namespace {

// Off the front.
std::optional<std::string_view> take_next(std::span<char* const>& rest) {
    if (rest.empty()) return std::nullopt;
    const std::string_view word = rest[0];
    rest = rest.subspan(1);
    return word;
}

}  // namespace

bool Options::take_letters(std::string_view letters, std::span<char* const>& rest,
                           std::span<const Option> known) {
    while (!letters.empty()) {
        const auto option = std::ranges::find(known, letters[0], &Option::letter);
        if (option == known.end()) return false;
        letters.remove_prefix(1);
        if (!option->has_value) {
            values_[option->name] = {};
            continue;
        }
        const auto value = letters.empty() ? take_next(rest) : letters;
        if (!value) return false;
        values_[option->name] = *value;
        break;
    }
    return true;
}

bool Options::take_name(std::string_view word, std::span<char* const>& rest,
                        std::span<const Option> known) {
    const std::size_t equals = word.find('=');
    const auto option = std::ranges::find(known, word.substr(0, equals), &Option::name);
    if (option == known.end() || (equals != word.npos && !option->has_value)) return false;
    auto value = std::optional<std::string_view>("");
    if (equals != word.npos) {
        value = word.substr(equals + 1);
    } else if (option->has_value) {
        value = take_next(rest);
    }
    if (value) values_[option->name] = *value;
    return value.has_value();
}

std::optional<Options> Options::parse(std::span<char* const> words, std::span<const Option> known) {
    Options result;
    while (!words.empty()) {
        char* const whole = words[0];
        const std::string_view word = whole;
        words = words.subspan(1);
        if (word == "--") {
            result.names_.insert(result.names_.end(), words.begin(), words.end());
            break;
        }
        if (word.size() < 2 || word[0] != '-') {
            result.names_.push_back(whole);
        } else if (word.starts_with("--") ? !result.take_name(word.substr(2), words, known)
                                          : !result.take_letters(word.substr(1), words, known)) {
            return std::nullopt;
        }
    }
    return result;
}

std::optional<std::string_view> Options::value(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace container_tool
