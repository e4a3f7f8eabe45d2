// SPDX-License-Identifier: MIT
#include "servers/procmgr/model/users.hpp"

#include "servers/procmgr/model/text.hpp"

namespace procmgr {
namespace {

// Field `index` of a line whose fields have colons between them.
std::string_view field(std::string_view line, std::size_t index) {
    for (; index > 0; --index) {
        const std::size_t colon = line.find(':');
        if (colon == line.npos) {
            return {};
        }
        line.remove_prefix(colon + 1);
    }
    return line.substr(0, line.find(':'));
}

// The first line with this name, or with this number: NAME:PASSWORD:NUMBER:...
std::string_view entry_of(std::string_view text, std::string_view wanted) {
    const std::size_t key = parse_number(wanted) ? 2 : 0;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        if (field(line, key) == wanted) {
            return line;
        }
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
    return {};
}

}  // namespace

std::optional<Identity> find_user(std::string_view user, std::string_view group,
                                  std::string_view users, std::string_view groups) {
    const std::string_view entry = entry_of(users, user);
    const auto number = parse_number(entry.empty() ? user : field(entry, 2));
    if (!number) {
        return std::nullopt;
    }
    if (group.empty()) {
        return Identity{*number, parse_number(field(entry, 3)).value_or(*number)};
    }
    const std::string_view group_entry = entry_of(groups, group);
    const auto group_number = parse_number(group_entry.empty() ? group : field(group_entry, 2));
    return group_number ? std::optional{Identity{*number, *group_number}} : std::nullopt;
}

}  // namespace procmgr
