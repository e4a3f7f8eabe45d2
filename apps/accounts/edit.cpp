// SPDX-License-Identifier: MIT
#include "apps/accounts/edit.hpp"

#include <algorithm>

namespace accounts {

namespace {

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1);
        lines.emplace_back(text.substr(0, end + 1));
        text.remove_prefix(end + 1);
    }
    return lines;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line;
    return text;
}

std::optional<std::string> checked(std::string text, const Users& wanted) {
    const auto read = parse_users(text);
    return read && *read == wanted ? std::optional{std::move(text)} : std::nullopt;
}

std::string password_line(const std::string& hash) { return "password = \"" + hash + "\""; }

User* find(Users& users, std::string_view name) {
    const auto found = std::ranges::find(users.users, name, &User::name);
    return found == users.users.end() ? nullptr : &*found;
}

bool holds(const std::vector<std::string>& lines, const Place& place) {
    return place.line != 0 && place.line <= place.end_line && place.end_line <= lines.size();
}

}  // namespace

std::optional<std::string> with_password(std::string_view text, std::string_view name,
                                         const std::string& hash) {
    auto users = parse_users(text);
    User* user = users ? find(*users, name) : nullptr;
    if (user == nullptr) return std::nullopt;
    std::vector<std::string> lines = lines_of(text);
    const Place place = user->password_hash.empty() ? user->place : user->password_place;
    if (!holds(lines, place)) return std::nullopt;
    std::string& line = lines[place.line - 1];
    if (user->password_hash.empty()) {
        // Right after the table's head: there no other value can be in the way.
        if (!line.ends_with('\n')) return std::nullopt;
        line += password_line(hash) + "\n";
    } else {
        if (place.line != place.end_line || place.column == 0 || place.end_column < place.column ||
            place.end_column > line.size() + 1)
            return std::nullopt;
        line.replace(place.column - 1, place.end_column - place.column, "\"" + hash + "\"");
    }
    user->password_hash = hash;
    return checked(joined(lines), *users);
}

std::optional<std::string> with_user(std::string_view text, const User& user) {
    auto users = parse_users(text);
    if (!users) return std::nullopt;
    std::string result(text);
    if (!result.ends_with('\n')) result += '\n';
    result += "\n[[user]]\nname = \"" + user.name + "\"\nid = " + std::to_string(user.id) + "\n";
    if (user.group != user.id) result += "group = " + std::to_string(user.group) + "\n";
    if (!user.groups.empty()) {
        std::string list;
        for (const std::uint32_t group : user.groups)
            list += (list.empty() ? "" : ", ") + std::to_string(group);
        result += "groups = [" + list + "]\n";
    }
    result += "home = \"" + user.home + "\"\n";
    if (user.shell != User{}.shell) result += "shell = \"" + user.shell + "\"\n";
    users->users.push_back(user);
    return checked(std::move(result), *users);
}

std::optional<std::string> without_user(std::string_view text, std::string_view name) {
    auto users = parse_users(text);
    User* user = users ? find(*users, name) : nullptr;
    if (user == nullptr) return std::nullopt;
    std::vector<std::string> lines = lines_of(text);
    if (!holds(lines, user->place)) return std::nullopt;
    auto first = lines.begin() + user->place.line - 1;
    auto last = lines.begin() + user->place.end_line;
    // One empty line goes with it, if there is one on both sides.
    if (first != lines.begin() && *(first - 1) == "\n" && (last == lines.end() || *last == "\n"))
        --first;
    lines.erase(first, last);
    std::erase_if(users->users, [name](const User& one) { return one.name == name; });
    return checked(joined(lines), *users);
}

}  // namespace accounts
