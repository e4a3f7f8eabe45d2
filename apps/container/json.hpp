// SPDX-License-Identifier: MIT
// JSON for other programs: one object a line, as Docker's tools print it. Pure, and tested on the host.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace container_tool {

// In quotes, always valid: what is not UTF-8 becomes U+FFFD.
std::string json_text(std::string_view text);
std::string json_list(std::span<const std::string> values);  // of values that are JSON already
std::string json_texts(std::span<const std::string> texts);

// From lines of `key: value`: keys in camel case, those that can be there several times (mount, grant, env, step, label) with the
// list of their values.
std::string json_of_lines(std::string_view text);

// From /proc/PID/authority: the statements under "It runs", "It may" and "It may not", each with its reason, and what it holds.
std::string json_of_authority(std::string_view pid, std::string_view text);

// With each member and element in a line of its own.
std::string json_indented(std::string_view json);

class JsonObject {
public:
    JsonObject& add(std::string_view name, std::string_view text) {
        return add_json(name, json_text(text));
    }
    JsonObject& add(std::string_view name, std::uint64_t number) {
        return add_json(name, std::to_string(number));
    }
    JsonObject& add_json(std::string_view name, std::string_view value);
    // Those of another object, which is JSON already.
    JsonObject& add_members(std::string_view object);
    std::string text() const { return "{" + members_ + "}"; }

private:
    std::string members_;
};

}  // namespace container_tool
