// SPDX-License-Identifier: MIT
// What follows from the list of users: who administers, and the tables that programs for Linux read.
#include <algorithm>

#include "apps/accounts/users.hpp"
#include "libs/cluufile/cluufile.hpp"

namespace accounts {

namespace {

const User& root() {
    static const User user{.name = "root", .home = "/root", .shell = "/bin/admin-shell"};
    return user;
}

template <class T, class Key>
const User* find_in(const std::vector<User>& users, const T& wanted, Key key) {
    const auto found = std::ranges::find(users, wanted, key);
    if (found != users.end()) return &*found;
    const bool named = std::ranges::find(users, 0U, &User::id) != users.end() ||
                       std::ranges::find(users, root().name, &User::name) != users.end();
    return !named && root().*key == wanted ? &root() : nullptr;
}

bool is_in(const User& user, std::uint32_t group) {
    return user.group == group || std::ranges::find(user.groups, group) != user.groups.end();
}

void add_fields(std::string& text, std::initializer_list<std::string> fields) {
    const char* between = "";
    for (const std::string& field : fields) {
        text += between + field;
        between = ":";
    }
    text += '\n';
}

// With user 0, who comes first.
std::vector<const User*> all(const Users& users) {
    std::vector<const User*> result;
    if (const User* first = users.find(0U)) result.push_back(first);
    for (const User& user : users.users) {
        if (user.id != 0) result.push_back(&user);
    }
    return result;
}

}  // namespace

bool operator==(const User& a, const User& b) {
    return a.name == b.name && a.id == b.id && a.group == b.group && a.groups == b.groups &&
           a.home == b.home && a.shell == b.shell && a.password_hash == b.password_hash &&
           a.profiles == b.profiles && a.containers == b.containers;
}

const User* Users::find(std::string_view name) const { return find_in(users, name, &User::name); }
const User* Users::find(std::uint32_t id) const { return find_in(users, id, &User::id); }

std::optional<std::uint32_t> Users::group_named(std::string_view name) const {
    const auto found = std::ranges::find(groups, name, &Group::name);
    return found == groups.end() ? std::nullopt : std::optional{found->id};
}

bool Users::administers(const User& user) const {
    const auto group = group_named(administrators);
    return user.id == 0 || (group && is_in(user, *group));
}

std::uint32_t Users::profiles_of(const User& user) const {
    using cluufile::Profile;
    const cluufile::Profiles ordinary = Profile::supervisor;
    return user.profiles.value_or((administers(user) ? ordinary | Profile::admin : ordinary).raw());
}

std::string passwd_text(const Users& users) {
    std::string text;
    for (const User* user : all(users)) {
        add_fields(text, {user->name, "x", std::to_string(user->id), std::to_string(user->group),
                          user->name, user->home, user->shell});
    }
    return text;
}

std::string group_text(const Users& users) {
    // A group that has no name of its own has that of the first user whose own group it is.
    std::vector<Group> groups = users.groups;
    const auto add = [&groups](const std::string& name, std::uint32_t id) {
        const auto same = [&](const Group& group) { return group.name == name || group.id == id; };
        if (std::ranges::none_of(groups, same)) groups.push_back({name, id});
    };
    for (const User* user : all(users)) add(user->name, user->group);
    std::ranges::sort(groups, {}, &Group::id);
    std::string text;
    for (const Group& group : groups) {
        std::string members;
        for (const User& user : users.users) {
            if (std::ranges::find(user.groups, group.id) != user.groups.end())
                members += (members.empty() ? "" : ",") + user.name;
        }
        add_fields(text, {group.name, "x", std::to_string(group.id), members});
    }
    return text;
}

}  // namespace accounts
