// SPDX-License-Identifier: MIT
// Reading /etc/users.toml: every mistake has its line and column.
#include "apps/accounts/users.hpp"

#include <algorithm>
#include <iterator>

// The parser alone, and errors as values.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_WINDOWS_COMPAT 0
// Some of its assertions are about the text that it reads: a broken one is an error, not the end of the server.
#define TOML_ASSERT(expression) static_cast<void>(0)
#include <toml++/toml.h>

#include "interfaces/accounts.hpp"
#include "interfaces/clients.hpp"
#include "libs/base/result.hpp"
#include "libs/cluufile/cluufile.hpp"

namespace accounts {

namespace {

template <class T>
using Checked = std::expected<T, UsersError>;

constexpr std::int64_t largest_id = 0xffff'fffe;

std::unexpected<UsersError> mistake(const toml::source_region& where, std::string message) {
    return std::unexpected(UsersError{where.begin.line, where.begin.column, std::move(message)});
}

Place place_of(const toml::source_region& region) {
    return {region.begin.line, region.begin.column, region.end.line, region.end.column};
}

std::string backquoted(std::string_view text) { return "`" + std::string(text) + "`"; }

Checked<std::string> text_of(const toml::node& node, std::string_view key) {
    auto value = node.value_exact<std::string>();
    if (!value) return mistake(node.source(), backquoted(key) + " must be a text in quotes");
    // The tables for other programs have a line for each user, and colons between the fields.
    const auto wrong = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == ':'; };
    if (std::ranges::any_of(*value, wrong))
        return mistake(node.source(), "a text without control bytes and colons is needed");
    return *value;
}

Checked<std::string> text_at(const toml::table& table, std::string_view key) {
    const toml::node* node = table.get(key);
    if (node == nullptr) return mistake(table.source(), backquoted(key) + " is missing");
    return text_of(*node, key);
}

Checked<std::string> path_at(const toml::table& table, std::string_view key) {
    std::string path = TRY(text_at(table, key));
    if (!path.starts_with('/'))
        return mistake(table.get(key)->source(), backquoted(key) + " must be an absolute path");
    return path;
}

Checked<std::string> name_at(const toml::table& table) {
    std::string name = TRY(text_at(table, "name"));
    if (const auto wrong = wrong_name(name))
        return mistake(table.get("name")->source(), "`name`: " + *wrong);
    return name;
}

Checked<std::uint32_t> id_of(const toml::node& node, std::string_view key) {
    auto value = node.value_exact<std::int64_t>();
    if (!value || *value < 0 || *value > largest_id)
        return mistake(node.source(), backquoted(key) + " must be a number from 0 to 4294967294");
    return static_cast<std::uint32_t>(*value);
}

Checked<std::uint32_t> id_at(const toml::table& table) {
    const toml::node* id = table.get("id");
    if (id == nullptr) return mistake(table.source(), "`id` is missing");
    return id_of(*id, "id");
}

Checked<void> check_keys(const toml::table& table, std::initializer_list<std::string_view> known) {
    for (const auto& [key, node] : table) {
        if (std::ranges::find(known, key.str()) != known.end()) continue;
        std::string message = backquoted(key.str()) + " is unknown; expected ";
        for (const std::string_view& one : known) {
            if (&one != known.begin()) message += &one + 1 == known.end() ? " or " : ", ";
            message += one;
        }
        return mistake(key.source(), std::move(message));
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

Checked<std::optional<std::uint32_t>> profiles_at(const toml::table& table) {
    using cluufile::Profile;
    const toml::node* node = table.get("profiles");
    if (node == nullptr) return std::nullopt;
    const toml::array* list = node->as_array();
    if (list == nullptr) return mistake(node->source(), "`profiles` must be a list of texts");
    cluufile::Profiles profiles;
    for (const toml::node& one : *list) {
        const std::string word = TRY(text_of(one, "profiles"));
        if (word != "supervisor" && word != "admin")
            return mistake(one.source(), "a profile here is `supervisor` or `admin`");
        profiles = profiles | (word == "admin" ? Profile::admin : Profile::supervisor);
    }
    return profiles.raw();
}

Checked<std::optional<std::string>> containers_at(const toml::table& table) {
    const toml::node* node = table.get("containers");
    if (node == nullptr) return std::nullopt;
    const toml::array* list = node->as_array();
    if (list == nullptr) return mistake(node->source(), "`containers` must be a list of texts");
    std::string names;
    for (const toml::node& one : *list) {
        const std::string name = TRY(text_of(one, "containers"));
        if (!cluufile::is_image_name(name))
            return mistake(one.source(), backquoted(name) + " is not the name of an image");
        names += name + '\0';
    }
    if (names.size() > process::longest_image_list)
        return mistake(node->source(), "`containers` is too long: " + std::to_string(names.size()) +
                                           " bytes of " +
                                           std::to_string(process::longest_image_list));
    return names;
}

Checked<User> user_from(const toml::table& table) {
    TRY(check_keys(table, {"name", "id", "group", "groups", "home", "shell", "profiles",
                           "containers", "password"}));
    User user;
    user.place = place_of(table.source());
    user.name = TRY(name_at(table));
    user.id = TRY(id_at(table));
    const toml::node* group = table.get("group");
    user.group = group != nullptr ? TRY(id_of(*group, "group")) : user.id;
    user.groups = TRY(groups_at(table));
    user.home = TRY(path_at(table, "home"));
    if (table.contains("shell")) user.shell = TRY(path_at(table, "shell"));
    user.profiles = TRY(profiles_at(table));
    user.containers = TRY(containers_at(table));
    if (table.contains("password")) {
        user.password_hash = TRY(text_at(table, "password"));
        user.password_place = place_of(table.get("password")->source());
        if (!user.password_hash.starts_with("$argon2id$") &&
            !user.password_hash.starts_with("$tpm2$"))
            return mistake(table.get("password")->source(),
                           "`password` must be what `passwd` writes");
    }
    for (const auto& [key, node] : table)
        user.place.end_line = std::max(user.place.end_line, node.source().end.line);
    return user;
}

Checked<Group> group_from(const toml::table& table) {
    TRY(check_keys(table, {"name", "id"}));
    Group group;
    group.name = TRY(name_at(table));
    group.id = TRY(id_at(table));
    return group;
}

// All tables of one kind, in which each name and each id stands once.
template <class T, class Read>
Checked<std::vector<T>> list_of(const toml::table& document, std::string_view kind, Read read) {
    std::vector<T> result;
    const toml::node* node = document.get(kind);
    if (node == nullptr) return result;
    const std::string head = "[[" + std::string(kind) + "]]";
    const toml::array* list = node->as_array();
    if (list == nullptr) return mistake(node->source(), "each must be a table: " + head);
    for (const toml::node& entry : *list) {
        const toml::table* table = entry.as_table();
        if (table == nullptr) return mistake(entry.source(), "each must be a table: " + head);
        T one = TRY(read(*table));
        if (std::ranges::find(result, one.name, &T::name) != result.end())
            return mistake(table->get("name")->source(),
                           "there is another one named " + backquoted(one.name));
        if (std::ranges::find(result, one.id, &T::id) != result.end())
            return mistake(table->get("id")->source(),
                           "there is another one with the id " + std::to_string(one.id));
        result.push_back(std::move(one));
    }
    return result;
}

// The first byte outside of comments that is not ASCII; npos: none. The parser (3.3.0) does not define what it does with
// some of these where it looks for blanks.
std::size_t foreign_byte(std::string_view text) {
    char quote = 0;
    bool comment = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\n') {
            quote = 0;
            comment = false;
        } else if (comment) {
            continue;
        } else if (static_cast<unsigned char>(c) >= 0x80) {
            return i;
        } else if (quote == '"' && c == '\\') {
            if (i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0x80) ++i;
        } else if (quote != 0) {
            if (c == quote) quote = 0;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else {
            comment = c == '#';
        }
    }
    return text.npos;
}

}  // namespace

std::optional<std::string> wrong_name(std::string_view name) {
    if (name.empty()) return "a name is not empty";
    if (name.size() > longest_name)
        return "a name has at most " + std::to_string(longest_name) + " characters";
    const auto lower = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    const auto good = [&](char c) { return lower(c) || (c >= '0' && c <= '9') || c == '-'; };
    if (!lower(name[0]) || !std::ranges::all_of(name, good))
        return "a name is of a-z 0-9 _ -, and begins with none of 0-9 -";
    return std::nullopt;
}

std::expected<Users, UsersError> parse_users(std::string_view text) {
    if (const std::size_t at = foreign_byte(text); at != text.npos) {
        const std::string_view before = text.substr(0, at);
        const auto line = 1 + std::ranges::count(before, '\n');
        const std::size_t column = at - (before.rfind('\n') + 1) + 1;
        return std::unexpected(UsersError{static_cast<std::uint32_t>(line),
                                          static_cast<std::uint32_t>(column),
                                          "only comments may have characters beyond ASCII"});
    }
    toml::parse_result parsed = toml::parse(text);
    if (!parsed) return mistake(parsed.error().source(), std::string(parsed.error().description()));
    const toml::table& document = parsed.table();
    for (const auto& [key, node] : document) {
        if (key.str() != "user" && key.str() != "group")
            return mistake(key.source(), "only [[user]] and [[group]] are expected here");
    }
    Users users;
    users.users = TRY(list_of<User>(document, "user", user_from));
    users.groups = TRY(list_of<Group>(document, "group", group_from));
    if (users.users.empty()) return std::unexpected(UsersError{1, 1, "no [[user]] in the file"});
    return users;
}

}  // namespace accounts
