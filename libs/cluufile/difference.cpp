// SPDX-License-Identifier: MIT
#include "libs/cluufile/difference.hpp"

#include <algorithm>
#include <set>

#include "libs/cluufile/explain.hpp"
#include "libs/cluufile/text.hpp"

namespace cluufile {

namespace {

using Kind = Change::Kind;
using Changes = std::vector<Change>;

// What a mount comes to: what its starter has there, its own, or an image's files.
struct Reach {
    Rights rights;
    bool own = false;
    std::string_view image = {};
    friend bool operator==(const Reach&, const Reach&) = default;
};

Reach reach_of(MountMode mode) {
    const Rights all = Rights{Right::read} | Right::write | Right::create;
    switch (mode) {
        case MountMode::inherit:  return {all, false};
        case MountMode::readonly: return {Right::read, false};
        case MountMode::private_: return {{}, true};
        case MountMode::image:
        case MountMode::none:     break;
    }
    return {};
}

// That of the longest mount which is a prefix of the path; `strictly`: of one that is not the path itself.
Reach reach_at(const Plan& plan, std::string_view path, bool strictly = false) {
    const std::pair<std::string, MountMode>* best = nullptr;
    for (const auto& mount : plan.mounts) {
        if ((strictly && mount.first == path) || !is_at_or_below(path, mount.first)) continue;
        if (best == nullptr || mount.first.size() > best->first.size()) best = &mount;
    }
    if (best == nullptr) return {};
    Reach reach = reach_of(best->second);
    reach.image = plan.files_of(best->first);
    return reach;
}

void add_rights(Changes& out, Kind kind, Rights rights, const std::string& what) {
    if (!rights.empty()) out.push_back({kind, verbs(rights) + " " + what});
}

void compare_mounts(Changes& out, const Plan& before, const Plan& after) {
    std::set<std::string> paths;
    for (const Plan* plan : {&before, &after}) {
        for (const auto& mount : plan->mounts) paths.insert(mount.first);
    }
    paths.erase(std::string{processes_path});
    for (const std::string& path : paths) {
        const Reach old = reach_at(before, path), now = reach_at(after, path);
        const bool changed_above =
            reach_at(before, path, true) == old && reach_at(after, path, true) == now;
        // What holds further up, too, has been said there.
        if (changed_above && path != "/") continue;
        const std::string what = path == "/" ? "all files as its starter may" : path + " and below";
        add_rights(out, Kind::gains, now.rights.without(old.rights), what);
        add_rights(out, Kind::loses, old.rights.without(now.rights), what);
        if (old.image != now.image) {
            const auto files = [&](std::string_view image) {
                return "read the files of the image " + std::string{image} +
                       (path == "/" ? "" : ", from " + path + " and below");
            };
            if (!now.image.empty()) out.push_back({Kind::gains, files(now.image)});
            if (!old.image.empty()) out.push_back({Kind::loses, files(old.image)});
        }
        if (old.own != now.own)
            out.push_back({now.own ? Kind::gains : Kind::loses, path + " to itself until it ends"});
    }
}

void compare_processes(Changes& out, Processes old, Processes now) {
    if (old == now) return;
    const Processes more = std::max(old, now);
    out.push_back({now == more ? Kind::gains : Kind::loses,
                   more == Processes::own ? "see its own processes"
                                          : "see the processes that its starter sees"});
}

void compare_grants(Changes& out, const Grants& old, const Grants& now) {
    struct Source {
        Rights before, after;
        std::string what;
    };
    for (const auto& [before, after, what] :
         {Source{old.argv, now.argv, "what its arguments name"},
          Source{old.beside, now.beside, "what is beside what its arguments name"},
          Source{old.cwd, now.cwd, "where it is started"}}) {
        add_rights(out, Kind::gains, after.without(before), what);
        add_rights(out, Kind::loses, before.without(after), what);
    }
}

void compare_profiles(Changes& out, Profiles old, Profiles now) {
    const auto names = profile_names();
    for (std::size_t bit = 0; bit < names.size(); ++bit) {
        const auto one = Profiles::from_raw(1U << bit);
        if (old.has(one) == now.has(one)) continue;
        out.push_back(
            {now.has(one) ? Kind::gains : Kind::loses,
             "PROFILE " + std::string{names[bit]} +
                 (profiles_without_service.has(one) ? ", which grants nothing yet" : "")});
    }
}

// 0: no limit of its own, but `otherwise`.
void compare_limit(Changes& out, std::uint64_t old, std::uint64_t now, std::string_view what,
                   std::string (*text)(std::uint64_t),
                   std::string_view otherwise = "what its starter has") {
    if (old == now) return;
    const bool more = old != 0 && (now == 0 || now > old);
    const auto amount = [&](std::uint64_t limit) {
        return limit == 0 ? std::string{otherwise} : text(limit);
    };
    out.push_back({more ? Kind::gains : Kind::loses,
                   std::string{what} + ": " + amount(now) + " instead of " + amount(old)});
}

std::string user_of(const Plan& plan) {
    if (plan.user.empty()) return "its starter";
    return "user " + plan.user + (plan.group.empty() ? "" : ":" + plan.group);
}

std::string command_of(const Plan& plan) {
    std::string text = plan.program;
    if (!plan.words.empty()) text += " " + joined(plan.words);
    for (const auto& [name, value] : plan.environment) {
        text += " " + name + "=";
        text += value;
    }
    return text.empty() ? "nothing" : text;
}

constexpr std::string_view what_fits = "what its memory has room for";

// Of private mounts that both have; one that only one has, is said with the mounts.
void compare_sizes(Changes& out, const Plan& before, const Plan& after) {
    for (const auto& [path, mode] : after.mounts) {
        if (mode == MountMode::private_ &&
            std::ranges::find(before.mounts, std::pair{path, mode}) != before.mounts.end())
            compare_limit(out, before.size_of(path), after.size_of(path), path, size_text,
                          what_fits);
    }
}

void compare_limits(Changes& out, const Plan& before, const Plan& after) {
    compare_limit(out, before.memory_limit, after.memory_limit, "memory", size_text);
    compare_limit(out, before.cpu_limit, after.cpu_limit, "CPU",
                  [](std::uint64_t share) { return decimal(share) + "%"; });
    compare_limit(out, before.process_limit, after.process_limit, "processes", decimal);
    compare_limit(out, before.descriptor_limit, after.descriptor_limit, "descriptors", decimal);
    compare_limit(out, before.disk_limit, after.disk_limit, "private mounts", size_text, what_fits);
    const auto log_of = [](const Plan& plan) {
        return plan.log_limit != 0 ? plan.log_limit : usual_log_limit;
    };
    compare_limit(out, log_of(before), log_of(after), "log", size_text);
    compare_limit(out, before.time_limit_ms, after.time_limit_ms, "time", time_text, "no end");
}

std::string list_of(std::span<const std::string> words) {
    return words.empty() ? "nothing" : joined(words);
}

std::string health_of(const Plan& plan) {
    if (plan.check.empty()) return "nothing";
    return joined(plan.check) + ", every " + time_text(plan.check_interval_ms) + ", " +
           decimal(plan.check_retries) + " failures";
}

std::string restart_of(const Plan& plan) {
    std::string text{name_of(plan.restart.policy)};
    if (plan.restart.policy == RestartPolicy::on_failure)
        text += " " + decimal(plan.restart.attempts);
    return text;
}

// What runs, as whom, where and when.
void compare_runs(Changes& out, const Plan& before, const Plan& after) {
    const auto compare = [&](std::string_view what, const std::string& now,
                             const std::string& old) {
        if (now != old) out.push_back({Kind::runs, std::string{what} + now + " instead of " + old});
    };
    compare("", command_of(after), command_of(before));
    compare("without arguments given: ", list_of(after.default_arguments),
            list_of(before.default_arguments));
    compare("as ", user_of(after), user_of(before));
    const auto place = [](const Plan& plan) {
        return plan.directory.empty() ? "where its starter is" : plan.directory;
    };
    compare("in ", place(after), place(before));
    compare("with files made by: ", list_of(after.steps), list_of(before.steps));
    compare("only while these run: ", list_of(after.depends), list_of(before.depends));
    compare("with its health told by: ", health_of(after), health_of(before));
    compare("again when it ends: ", restart_of(after), restart_of(before));
}

}  // namespace

std::vector<Change> difference(const Plan& before, const Plan& after) {
    Changes out;
    compare_mounts(out, before, after);
    compare_processes(out, processes_of(before), processes_of(after));
    compare_grants(out, before.grants, after.grants);
    compare_profiles(out, before.profiles, after.profiles);
    compare_sizes(out, before, after);
    compare_limits(out, before, after);
    compare_runs(out, before, after);
    std::ranges::stable_sort(out, {}, &Change::kind);
    return out;
}

}  // namespace cluufile
