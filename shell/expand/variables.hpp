// SPDX-License-Identifier: MIT
// The shell's variables, and which of them programs receive as their environment.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shell {

class Variables {
public:
    // Takes over what is well-formed in an environment; all of it is exported.
    void import(char** environment);

    std::optional<std::string_view> get(std::string_view name) const;
    std::string_view get_or(std::string_view name, std::string_view fallback) const;
    void set(std::string_view name, std::string_view value);
    void export_variable(std::string_view name);
    void unset(std::string_view name);

    // NAME=VALUE of each exported variable.
    std::vector<std::string> environment() const;

    struct Variable {
        std::string value;
        bool has_value = false;  // exported before it was set
        bool exported = false;
    };
    const std::map<std::string, Variable, std::less<>>& all() const { return all_; }

private:
    Variable& at(std::string_view name);
    std::map<std::string, Variable, std::less<>> all_;
};

}  // namespace shell
