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

namespace {

constexpr std::string_view line_number = "LINENO";

}  // namespace

std::optional<std::string_view> Variables::get(std::string_view name) const {
    if (has_line_ && name == line_number) return line_text_ = std::to_string(line_);
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

bool Variables::set(std::string_view name, std::string_view value) {
    Variable& variable = at(name);
    if (variable.read_only) return false;
    variable.value = value;
    variable.has_value = true;
    variable.exported |= exports_all_;
    return true;
}

void Variables::export_variable(std::string_view name) { at(name).exported = true; }

bool Variables::unset(std::string_view name) {
    if (name == line_number) has_line_ = false;
    auto found = all_.find(name);
    if (found == all_.end()) return true;
    if (found->second.read_only) return false;
    all_.erase(found);
    return true;
}

std::optional<Variables::Variable> Variables::saved(std::string_view name) const {
    auto found = all_.find(name);
    if (found == all_.end()) return std::nullopt;
    return found->second;
}

void Variables::restore(std::string_view name, std::optional<Variable> before) {
    if (before) {
        at(name) = std::move(*before);
    } else if (auto found = all_.find(name); found != all_.end()) {
        all_.erase(found);
    }
}

std::string read_only(std::string_view name) { return std::string(name) + ": is read-only"; }

std::vector<std::string> Variables::environment() const {
    std::vector<std::string> result;
    for (const auto& [name, variable] : all_) {
        if (variable.exported && variable.has_value) result.push_back(name + "=" + variable.value);
    }
    return result;
}

}  // namespace shell
