// SPDX-License-Identifier: MIT
#include "shell/expand/variables.hpp"

#include "shell/syntax/lexer.hpp"

namespace shell {

void Variables::import(char** environment) {
    for (; environment != nullptr && *environment != nullptr; ++environment) {
        std::string_view entry = *environment;
        std::size_t equals = entry.find('=');
        if (equals == entry.npos || !is_name(entry.substr(0, equals))) continue;
        set(entry.substr(0, equals), entry.substr(equals + 1));
        export_variable(entry.substr(0, equals));
    }
}

std::optional<std::string_view> Variables::get(std::string_view name) const {
    auto found = all_.find(name);
    if (found == all_.end() || !found->second.has_value) return std::nullopt;
    return found->second.value;
}

std::string_view Variables::get_or(std::string_view name, std::string_view fallback) const {
    return get(name).value_or(fallback);
}

Variables::Variable& Variables::at(std::string_view name) {
    auto found = all_.find(name);
    if (found == all_.end()) found = all_.emplace(name, Variable{}).first;
    return found->second;
}

void Variables::set(std::string_view name, std::string_view value) {
    Variable& variable = at(name);
    variable.value = value;
    variable.has_value = true;
}

void Variables::export_variable(std::string_view name) { at(name).exported = true; }

void Variables::unset(std::string_view name) {
    auto found = all_.find(name);
    if (found != all_.end()) all_.erase(found);
}

std::vector<std::string> Variables::environment() const {
    std::vector<std::string> result;
    for (const auto& [name, variable] : all_) {
        if (variable.exported && variable.has_value) result.push_back(name + "=" + variable.value);
    }
    return result;
}

}  // namespace shell
