// SPDX-License-Identifier: MIT
#include "apps/login/users.hpp"

#include <algorithm>
#include <optional>

// The parser alone, and errors as values.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_WINDOWS_COMPAT 0
#include <toml++/toml.h>

#include "libs/base/result.hpp"

namespace login {

namespace {

template <class T>
using Checked = std::expected<T, UsersError>;

constexpr std::int64_t largest_id = 0xffff'fffe;

std::unexpected<UsersError> mistake(const toml::source_region& where, std::string message) {
    return std::unexpected(UsersError{where.begin.line, where.begin.column, std::move(message)});
}

Checked<std::string> text_at(const toml::table& table, std::string_view key) {
    const toml::node* node = table.get(key);
    if (node == nullptr) return mistake(table.source(), "`" + std::string(key) + "` is missing");
    auto value = node->value_exact<std::string>();
    if (!value)
        return mistake(node->source(), "`" + std::string(key) + "` must be a text in quotes");
    if (value->contains('\0'))
        return mistake(node->source(), "a text without a zero byte is needed");
    return *value;
}

Checked<std::string> path_at(const toml::table& table, std::string_view key) {
    std::string path = TRY(text_at(table, key));
    if (!path.starts_with('/'))
        return mistake(table.get(key)->source(),
                       "`" + std::string(key) + "` must be an absolute path");
    return path;
}

Checked<std::uint32_t> id_of(const toml::node& node, std::string_view key) {
    auto value = node.value_exact<std::int64_t>();
    if (!value || *value < 0 || *value > largest_id)
        return mistake(node.source(),
                       "`" + std::string(key) + "` must be a number from 0 to 4294967294");
    return static_cast<std::uint32_t>(*value);
}

// What can stand before a prompt, in a path and in a log without surprise.
bool is_user_name(std::string_view name) {
    if (name.empty() || name.size() > 32 || name[0] == '-') return false;
    return std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

Checked<void> check_keys(const toml::table& table) {
    constexpr std::string_view known[] = {"name", "id",    "group",   "groups",
                                          "home", "shell", "password"};
    for (const auto& [key, node] : table) {
        if (std::ranges::find(known, key.str()) == std::end(known))
            return mistake(
                key.source(),
                "`" + std::string(key.str()) +
                    "` is unknown; expected name, id, group, groups, home, shell or password");
    }
    return {};
}

Checked<std::vector<std::uint32_t>> groups_at(const toml::table& table) {
    std::vector<std::uint32_t> result;
    const toml::node* node = table.get("groups");
    if (node == nullptr) return result;
    const toml::array* groups = node->as_array();
    if (groups == nullptr) return mistake(node->source(), "`groups` must be a list of numbers");
    for (const toml::node& group : *groups) result.push_back(TRY(id_of(group, "groups")));
    return result;
}

Checked<User> user_from(const toml::table& table) {
    TRY(check_keys(table));
    User user;
    user.name = TRY(text_at(table, "name"));
    if (!is_user_name(user.name))
        return mistake(table.get("name")->source(), "`name` must be 1 to 32 of a-z 0-9 _ -");
    const toml::node* id = table.get("id");
    if (id == nullptr) return mistake(table.source(), "`id` is missing");
    user.id = TRY(id_of(*id, "id"));
    const toml::node* group = table.get("group");
    user.group = group != nullptr ? TRY(id_of(*group, "group")) : user.id;
    user.groups = TRY(groups_at(table));
    user.home = TRY(path_at(table, "home"));
    if (table.contains("shell")) user.shell = TRY(path_at(table, "shell"));
    if (table.contains("password")) {
        user.password_hash = TRY(text_at(table, "password"));
        if (!user.password_hash.starts_with("$argon2id$"))
            return mistake(table.get("password")->source(),
                           "`password` must be what `login --hash` prints");
    }
    return user;
}

}  // namespace

std::expected<std::vector<User>, UsersError> parse_users(std::string_view text) {
    toml::parse_result parsed = toml::parse(text);
    if (!parsed) return mistake(parsed.error().source(), std::string(parsed.error().description()));
    const toml::table& document = parsed.table();
    for (const auto& [key, node] : document) {
        if (key.str() != "user") return mistake(key.source(), "only [[user]] is expected here");
    }
    const toml::node* node = document.get("user");
    const toml::array* list = node != nullptr ? node->as_array() : nullptr;
    if (list == nullptr) return std::unexpected(UsersError{1, 1, "no [[user]] in the file"});
    std::vector<User> users;
    for (const toml::node& entry : *list) {
        const toml::table* table = entry.as_table();
        if (table == nullptr) return mistake(entry.source(), "each user must be a table: [[user]]");
        User user = TRY(user_from(*table));
        if (std::ranges::find(users, user.name, &User::name) != users.end())
            return mistake(table->get("name")->source(),
                           "there is another user named `" + user.name + "`");
        users.push_back(std::move(user));
    }
    return users;
}

}  // namespace login
