// SPDX-License-Identifier: MIT
// New users, and users that go.
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "apps/accounts/edit.hpp"
#include "apps/accounts/service.hpp"

namespace accounts {

namespace {

constexpr std::uint32_t first_id = 1000, last_id = 59'999;
constexpr const char* homes = "/home";
constexpr mode_t home_mode = 0750;

template <class Visit>
void for_each_in(const char* folder, Visit visit) {
    DIR* directory = opendir(folder);
    if (directory == nullptr) return;
    while (const dirent* entry = readdir(directory)) {
        struct stat status{};
        const std::string path = std::string(folder) + "/" + entry->d_name;
        if (entry->d_name[0] != '.' && stat(path.c_str(), &status) == 0)
            visit(std::string_view(entry->d_name), status);
    }
    closedir(directory);
}

bool has_processes(std::uint32_t user) {
    bool found = false;
    for_each_in("/proc", [&](std::string_view name, const struct stat& status) {
        found = found || (name[0] >= '0' && name[0] <= '9' && status.st_uid == user);
    });
    return found;
}

bool make_home(const User& user) {
    if (mkdir(user.home.c_str(), home_mode) != 0) return false;
    if (chown(user.home.c_str(), user.id, user.group) == 0 &&
        chmod(user.home.c_str(), home_mode) == 0)
        return true;
    const int error = errno;
    rmdir(user.home.c_str());
    errno = error;
    return false;
}

}  // namespace

std::optional<Service::Decision> Service::commit(const std::optional<std::string>& text) {
    if (!store_.notice().empty())
        return refuse("/etc/users.toml has a mistake: mend it first (" + store_.notice() + ")");
    if (!text) return refuse("/etc/users.toml is written in a form that only a person can change");
    if (const auto wrong = store_.replace(*text)) return refuse(*wrong);
    return std::nullopt;
}

// Above all that are or were: what a former user has left behind is nobody else's.
std::uint32_t Service::free_id() const {
    std::uint32_t highest = first_id - 1;
    const auto count = [&](std::uint32_t id) {
        if (id >= first_id && id <= last_id) highest = std::max(highest, id);
    };
    for (const User& user : store_.users().users) {
        count(user.id);
        count(user.group);
    }
    for (const Group& group : store_.users().groups) count(group.id);
    for_each_in(homes, [&](std::string_view, const struct stat& status) { count(status.st_uid); });
    return highest + 1;
}

Service::Decision Service::add_user(const AddUser& add, const Call& call) {
    const Users& users = store_.users();
    const std::string name(call.texts[0]), by = who(call);
    if (const auto decision = authorise(call.texts[1], "useradd " + name, call);
        decision.outcome != Outcome::done)
        return decision;
    if (const auto wrong = wrong_name(name)) return refuse(*wrong);
    if (users.find(name) != nullptr) return refuse("there is a user `" + name + "` already");
    if (users.group_named(name)) return refuse("there is a group `" + name + "` already");
    User user{.name = name, .id = add.id == any_id ? free_id() : add.id};
    user.group = user.id;
    if (user.id > last_id && add.id == any_id) return refuse("no id is left");
    const auto taken = [&](const auto& one) { return one.id == user.id; };
    if (users.find(user.id) != nullptr || std::ranges::any_of(users.groups, taken))
        return refuse("the id " + std::to_string(user.id) + " is in use");
    user.home = std::string(homes) + "/" + name;
    if (!call.texts[2].empty()) user.shell = call.texts[2];
    if (!user.shell.starts_with('/') || access(user.shell.c_str(), X_OK) != 0)
        return refuse("`" + user.shell + "` is no program with an absolute path");
    if (add.administrator != 0) {
        const auto group = users.group_named(administrators);
        if (!group) return refuse("there is no group `" + std::string(administrators) + "`");
        user.groups = {*group};
    }
    if (!make_home(user)) return refuse(user.home + ": " + strerror(errno));
    if (const auto failed = commit(with_user(store_.text(), user))) {
        rmdir(user.home.c_str());
        return *failed;
    }
    log(by + " added the user " + name);
    return {.first = user.home, .user = user.id, .group = user.group};
}

Service::Decision Service::remove_user(const Call& call) {
    const std::string name(call.texts[0]), by = who(call);
    if (const auto decision = authorise(call.texts[1], "userdel " + name, call);
        decision.outcome != Outcome::done)
        return decision;
    const User* found = store_.users().find(name);
    if (found == nullptr) return refuse("there is no user `" + name + "`");
    const User user = *found;
    if (user.id == 0) return refuse("`" + name + "` is the system's own user");
    if (has_processes(user.id))
        return refuse("`" + name + "` is logged in, or has programs running");
    if (const auto failed = commit(without_user(store_.text(), name))) return *failed;
    log(by + " removed the user " + name);
    return {.first = user.home};
}

}  // namespace accounts
