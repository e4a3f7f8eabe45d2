// SPDX-License-Identifier: MIT
#include "libs/cluufile/proposal.hpp"

#include <algorithm>
#include <map>

#include "libs/cluufile/explain.hpp"
#include "libs/cluufile/text.hpp"

namespace cluufile {

namespace {

constexpr std::size_t most_directories = 8;

// What the uses come to: of each mount by its path, of each kind of names.
struct Needs {
    std::map<std::string, Rights> mounts;  // of `/`: by the directories in it
    bool whole = false;                    // `/` itself is needed
    Grants grants;
};

// The directory in `/` that a path lies in; empty: it is `/` itself.
std::string top_of(std::string_view path) { return std::string{path.substr(0, path.find('/', 1))}; }

std::string_view parent_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == 0 ? "/" : path.substr(0, slash);
}

// Without `.`, `//` and a `/` at the end; a `..` takes the name before it.
std::string normal(std::string_view path) {
    std::string result;
    while (!path.empty()) {
        path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
        const std::string_view name = path.substr(0, path.find('/'));
        path.remove_prefix(name.size());
        if (name == "..") {
            result.erase(std::min(result.rfind('/'), result.size()));
        } else if (!name.empty() && name != ".") {
            result += '/';
            result += name;
        }
    }
    return result.empty() ? "/" : result;
}

struct Named {
    std::string path;
    bool is_directory = false;  // the current one
};

std::vector<Named> names_of(const Plan& plan, const CommandLine& line) {
    std::vector<Named> result;
    Names names{plan, line};
    while (const GrantedName* name = names.next())
        result.push_back({normal(name->path), result.empty()});
    return result;
}

// Whether names explain the use; then it is noted.
bool is_by_name(Needs& needs, const Plan& plan, const std::vector<Named>& names, const Use& use) {
    // To be looked at, something must be readable.
    const Rights needed = use.rights.empty() ? Rights{Right::read} : use.rights;
    for (const Named& name : names) {
        if (name.is_directory || !is_at_or_below(use.path, name.path)) continue;
        needs.grants.argv = needs.grants.argv | (plan.grants.argv & needed);
        return true;
    }
    for (const Named& name : names) {
        const bool is_beside = !name.is_directory && !plan.grants.beside.empty() &&
                               parent_of(use.path) == parent_of(name.path);
        if (!is_beside) continue;
        needs.grants.beside = needs.grants.beside | (plan.grants.beside & needed);
        return true;
    }
    for (const Named& name : names) {
        if (!name.is_directory || !is_at_or_below(use.path, name.path)) continue;
        // That it can be looked at comes with any name.
        if (!(use.rights.empty() && use.path == name.path))
            needs.grants.cwd = needs.grants.cwd | (plan.grants.cwd & needed);
        return true;
    }
    return false;
}

Needs needs_of(const Plan& plan, const CommandLine& line, std::span<const Use> uses) {
    Needs needs;
    const std::vector<Named> names = names_of(plan, line);
    std::vector<Use> all(uses.begin(), uses.end());
    // It cannot start where it sees nothing.
    if (!plan.directory.empty()) all.push_back({plan.directory, {}});
    needs.whole = plan.directory == "/";
    for (const Use& use : all) {
        const auto* mount = mount_at(plan, use.path);
        // A mount goes before the names above it.
        const bool first_by_name = mount == nullptr || mount->first == "/";
        if (first_by_name && is_by_name(needs, plan, names, use)) continue;
        if (mount == nullptr) continue;
        if (mount->first != "/") {
            needs.mounts[mount->first] = needs.mounts[mount->first] | use.rights;
        } else if (use.path == "/") {
            needs.whole = needs.whole || !use.rights.empty();
        } else {
            const std::string top = top_of(use.path);
            needs.whole = needs.whole || (top == use.path && use.rights.has(Right::create));
            needs.mounts[top] = needs.mounts[top] | use.rights;
        }
    }
    return needs;
}

MountMode mode_for(MountMode given, Rights rights) {
    const bool changes = rights.has(Right::write) || rights.has(Right::create);
    return given == MountMode::inherit && !changes ? MountMode::readonly : given;
}

std::string words_of(std::span<const std::string> words) {
    std::string text;
    for (const std::string& one : words) text += " " + word(one);
    return text;
}

std::string size_word(std::uint64_t bytes) {
    return bytes % 1024 == 0 ? decimal(bytes / 1024) + "K" : decimal(bytes);
}

std::string text_of_limits(const Plan& plan) {
    std::string out;
    const auto limit = [&](std::string_view what, std::uint64_t set, const std::string& amount) {
        if (set != 0) out += "LIMIT " + std::string{what} + " " + amount + "\n";
    };
    limit("memory", plan.memory_limit, size_word(plan.memory_limit));
    limit("cpu", plan.cpu_limit, decimal(plan.cpu_limit) + "%");
    limit("processes", plan.process_limit, decimal(plan.process_limit));
    limit("descriptors", plan.descriptor_limit, decimal(plan.descriptor_limit));
    limit("time", plan.time_limit_ms, time_text(plan.time_limit_ms));
    limit("disk", plan.disk_limit, size_word(plan.disk_limit));
    limit("log", plan.log_limit, size_word(plan.log_limit));
    return out;
}

std::string text_of_start(const Plan& plan) {
    std::string out;
    if (!plan.user.empty())
        out += "USER " + plan.user + (plan.group.empty() ? "" : ":" + plan.group) + "\n";
    if (!plan.directory.empty()) out += "WORKDIR " + word(plan.directory) + "\n";
    if (!plan.depends.empty()) out += "DEPENDS " + joined(plan.depends) + "\n";
    if (!plan.check.empty())
        out += "HEALTHCHECK interval " + time_text(plan.check_interval_ms) + " retries " +
               decimal(plan.check_retries) + words_of(plan.check) + "\n";
    if (plan.restart.policy != RestartPolicy::no) {
        out += "RESTART " + std::string{name_of(plan.restart.policy)};
        if (plan.restart.policy == RestartPolicy::on_failure)
            out += " " + decimal(plan.restart.attempts);
        out += "\n";
    }
    if (!plan.program.empty())
        out += "ENTRYPOINT " + word(plan.program) + words_of(plan.words) + "\n";
    if (!plan.default_arguments.empty()) out += "CMD" + words_of(plan.default_arguments) + "\n";
    return out;
}

}  // namespace

Plan tightened(const Plan& plan, const CommandLine& line, std::span<const Use> uses) {
    Needs needs = needs_of(plan, line, uses);
    Plan result = plan;
    result.mounts.clear();
    const auto* whole = mount_at(plan, "/");
    // Of a private one, the size is that of the whole; an image's own files nobody else needs.
    const bool splits = !needs.whole &&
                        (whole == nullptr || (whole->second != MountMode::private_ &&
                                              whole->second != MountMode::image)) &&
                        needs.mounts.size() <= most_directories &&
                        plan.mounts.size() + needs.mounts.size() <= max_mounts;
    for (const auto& [path, mode] : plan.mounts) {
        if (mode == MountMode::none) {
            result.mounts.emplace_back(path, mode);
        } else if (path != "/") {
            const auto need = needs.mounts.find(path);
            if (need == needs.mounts.end()) continue;
            result.mounts.emplace_back(path, mode_for(mode, need->second));
            needs.mounts.erase(need);
        } else if (!splits) {
            result.mounts.emplace_back(path, mode);
        }
    }
    for (const auto& [path, rights] : needs.mounts) {
        if (whole != nullptr && splits)
            result.mounts.emplace_back(path, mode_for(whole->second, rights));
    }
    // What hides something hides nothing where nothing is shown.
    std::erase_if(result.mounts, [&](const auto& mount) {
        return mount.second == MountMode::none &&
               std::ranges::none_of(result.mounts, [&](const auto& other) {
                   return other.second != MountMode::none && other.first != mount.first &&
                          is_at_or_below(mount.first, other.first);
               });
    });
    std::ranges::sort(result.mounts);
    result.grants = needs.grants;
    // What it started has containers of its own, of which a run's uses do not tell.
    if (plan.grants.starts()) result.grants.argv = result.grants.argv | Right::start;
    if (result.mounts.empty() && !result.grants.any())
        result.profiles = result.profiles.without(Profile::vfs);
    return result;
}

std::string text_of(const Plan& plan) {
    std::string out = "FROM minimal\n";
    std::string profiles;
    const auto names = profile_names();
    for (std::size_t bit = 0; bit < names.size(); ++bit) {
        if (plan.profiles.has(Profiles::from_raw(1U << bit)))
            profiles += " " + std::string{names[bit]};
    }
    if (!profiles.empty()) out += "PROFILE" + profiles + "\n";
    for (const auto& [path, mode] : plan.mounts) {
        const std::uint64_t size = plan.size_of(path);
        out += "MOUNT " + word(path) + " " + std::string{name_of(mode)} +
               (size == 0 ? "" : " " + size_word(size)) + "\n";
    }
    for (const auto& [source, rights] :
         {std::pair{"argv", plan.grants.argv}, std::pair{"beside", plan.grants.beside},
          std::pair{"cwd", plan.grants.cwd}}) {
        if (!rights.empty())
            out += std::string{"GRANT "} + source + " " + std::string{name_of(rights)} + "\n";
    }
    for (const auto& [name, value] : plan.environment)
        out += "ENV " + word(name + "=" + value) + "\n";
    for (const auto& [name, value] : plan.labels) out += "LABEL " + word(name + "=" + value) + "\n";
    return out + text_of_limits(plan) + text_of_start(plan);
}

}  // namespace cluufile
