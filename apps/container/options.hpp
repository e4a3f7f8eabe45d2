// SPDX-License-Identifier: MIT
// The words after a subcommand's name, as Docker's tools take them: options before, between and behind the names; letters
// together (`-aq`), a value attached (`-n5`, `--tail=5`) or as the next word; after `--` there are only names. Pure, and
// tested on the host.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace container_tool {

struct Option {
    char letter = 0;        // 0: it has only a name
    std::string_view name;  // without the `--`
    bool has_value = false;
};

inline constexpr Option format_option{.name = "format", .has_value = true};
inline constexpr Option quiet_option{.letter = 'q', .name = "quiet"};
inline constexpr Option force_option{.letter = 'f', .name = "force"};

class Options {
public:
    // Nothing: an option that is none of these, or lacks its value, or has one that it does not take.
    static std::optional<Options> parse(std::span<char* const> words,
                                        std::span<const Option> known);

    [[nodiscard]] bool has(std::string_view name) const { return values_.contains(name); }
    // What stood there last.
    [[nodiscard]] std::optional<std::string_view> value(std::string_view name) const;
    [[nodiscard]] std::span<char* const> names() const { return names_; }

private:
    bool take_letters(std::string_view letters, std::span<char* const>& rest,
                      std::span<const Option> known);
    bool take_name(std::string_view word, std::span<char* const>& rest,
                   std::span<const Option> known);

    std::map<std::string_view, std::string_view> values_;
    std::vector<char*> names_;
};

// No `--format`, or one that all have: json.
inline bool has_known_format(const Options& options) {
    return options.value("format").value_or("json") == "json";
}

}  // namespace container_tool
