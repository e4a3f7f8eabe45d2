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
    // False: it is read-only, and keeps its value.
    bool set(std::string_view name, std::string_view value);
    void export_variable(std::string_view name);
    void make_read_only(std::string_view name) { at(name).read_only = true; }
    bool unset(std::string_view name);
    // Whatever is set from now on is exported, too.
    void export_all(bool on) { exports_all_ = on; }

    // Of the command that is carried out: $LINENO, whatever was assigned to it, until it is unset.
    void set_line(std::size_t line) { line_ = line; }

    // NAME=VALUE of each exported variable.
    std::vector<std::string> environment() const;

    struct Variable {
        std::string value;
        bool has_value = false;  // exported before it was set
        bool exported = false;
        bool read_only = false;
    };
    const std::map<std::string, Variable, std::less<>>& all() const { return all_; }

    // For a function's own variables: what the name stood for, and its return.
    std::optional<Variable> saved(std::string_view name) const;
    void restore(std::string_view name, std::optional<Variable> before);

private:
    Variable& at(std::string_view name);
    std::map<std::string, Variable, std::less<>> all_;
    bool exports_all_ = false;
    std::size_t line_ = 0;
    bool has_line_ = true;
    mutable std::string line_text_;
};

// The complaint about a variable that cannot be changed.
std::string read_only(std::string_view name);

}  // namespace shell
