// SPDX-License-Identifier: MIT
#include "shell/run/options.hpp"

#include <algorithm>

namespace shell {

namespace {

constexpr OptionName names[] = {
    {'a', "allexport", &Options::export_all},   {'e', "errexit", &Options::exit_on_error},
    {'C', "noclobber", &Options::keeps_files},  {'n', "noexec", &Options::no_execution},
    {'f', "noglob", &Options::no_globbing},     {'m', "monitor", &Options::monitor},
    {'u', "nounset", &Options::unset_is_error}, {'\0', "pipefail", &Options::pipe_failure},
    {'v', "verbose", &Options::shows_input},    {'x', "xtrace", &Options::shows_commands},
};

const OptionName* found_at(const OptionName* place) {
    return place == std::end(names) ? nullptr : place;
}

}  // namespace

std::span<const OptionName> option_names() { return names; }

const OptionName* find_option(char letter) {
    if (letter == '\0') return nullptr;
    return found_at(std::ranges::find(names, letter, &OptionName::letter));
}

const OptionName* find_option(std::string_view name) {
    return found_at(std::ranges::find(names, name, &OptionName::name));
}

std::string option_letters(const Options& options) {
    std::string letters;
    for (const OptionName& option : names) {
        if (option.letter != '\0' && options.*option.field) letters += option.letter;
    }
    return letters;
}

}  // namespace shell
