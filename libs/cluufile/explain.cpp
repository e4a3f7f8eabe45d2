// SPDX-License-Identifier: MIT
#include "libs/cluufile/explain.hpp"

#include <algorithm>
#include <iterator>

#include "libs/cluufile/text.hpp"

namespace cluufile {

namespace {

using Kind = Statement::Kind;
using Statements = std::vector<Statement>;

// `/` is said otherwise by all who call this.
std::string place(std::string_view path) { return std::string{path} + " and below"; }

Statement of_mount(const Plan& plan, const std::string& path, MountMode mode) {
    const bool whole = path == "/";
    const std::string_view owner = plan.files_of(path);
    Statement statement{.directive = "MOUNT", .word = path};
    switch (mode) {
        case MountMode::inherit:
            statement.text = whole ? "use all files as its starter may"
                                   : "use " + place(path) + " as its starter may";
            break;
        case MountMode::readonly:
            statement.text = whole ? "read all files that its starter may"
                                   : "read " + place(path) + " if its starter may";
            break;
        case MountMode::private_:
            statement.text = "have " + path + " to itself until it ends";
            break;
        case MountMode::image:
            statement.text =
                owner == plan.image ? "read its image's own files" : "read the files of the image ";
            if (owner != plan.image) statement.text += owner;
            if (!whole) statement.text += ", from " + place(path);
            break;
        case MountMode::none:
            statement.kind = Kind::may_not;
            statement.text = "see what is in " + path;
            break;
    }
    return statement;
}

void add_mounts(Statements& out, const Plan& plan) {
    auto mounts = plan.mounts;
    std::ranges::sort(mounts);
    for (const auto& [path, mode] : mounts) {
        out.push_back(of_mount(plan, path, mode));
        if (const std::uint64_t size = plan.size_of(path); size != 0)
            out.back().text += ", " + size_text(size) + " at most";
        if (path == processes_path && processes_of(plan) == Processes::starters)
            out.back().text = "see the processes that its starter sees";
    }
    for (const Volume& volume : plan.volumes)
        out.push_back({.text = (volume.read_only ? "read " : "use ") + place(volume.path) +
                               ", which is " + volume.source + " to its starter",
                       .because = "container run -v"});
    if (processes_of(plan) == Processes::own)
        out.push_back({.text = "see its own processes, and no others",
                       .directive = "MOUNT",
                       .word = mount_at(plan, processes_path)->first});
}

constexpr std::string_view argv = "argv", beside = "beside", cwd = "cwd";

void add_grant(Statements& out, Rights rights, std::string_view source, const std::string& what) {
    if (rights.empty()) return;
    // "change and remove files beside a", for it is not a itself.
    const std::string_view object = source == beside ? " files beside " : " ";
    out.push_back({.text = verbs(rights) + std::string{object} + what,
                   .directive = "GRANT",
                   .word = std::string{source}});
}

// What is granted by names: those of the command line, or the rule by which they will be found.
void add_grants(Statements& out, const Plan& plan, const CommandLine& line) {
    if (plan.grants.starts())
        out.push_back(
            {.text = "start programs that its arguments name, which see what its starter sees",
             .directive = "GRANT",
             .word = std::string{argv}});
    if (line.arguments.empty()) {
        add_grant(out, plan.grants.of_argv(), argv, "what its arguments name, and below");
        add_grant(out, plan.grants.beside, beside, "what its arguments name");
        add_grant(out, plan.grants.cwd, cwd, "where it is started, and below");
        return;
    }
    Names names{plan, line};
    bool is_directory = true;
    while (const GrantedName* name = names.next()) {
        add_grant(out, name->rights, is_directory ? cwd : argv, name->path);
        add_grant(out, name->beside, beside, name->path);
        is_directory = false;
    }
}

bool changes_something(const Plan& plan) {
    const Rights all = plan.grants.of_argv() | plan.grants.beside | plan.grants.cwd;
    return all.has(Right::write) || all.has(Right::create) ||
           std::ranges::any_of(plan.volumes,
                               [](const Volume& volume) { return !volume.read_only; }) ||
           std::ranges::any_of(plan.mounts, [](const auto& mount) {
               return mount.second == MountMode::inherit || mount.second == MountMode::private_;
           });
}

void add_other_files(Statements& out, const Plan& plan) {
    const bool sees_all = std::ranges::any_of(plan.mounts, [](const auto& mount) {
        return mount.first == "/" && mount.second != MountMode::none &&
               mount.second != MountMode::image;
    });
    const bool sees_some = plan.shows_files();
    if (!sees_all)
        out.push_back({.kind = Kind::may_not,
                       .text = sees_some ? "see any other file" : "see any file",
                       .because = sees_some ? "nothing shows it" : "no MOUNT, no GRANT"});
    if (sees_some && !changes_something(plan))
        out.push_back({.kind = Kind::may_not,
                       .text = "change, create or remove any file",
                       .because = "nothing allows it"});
}

struct Service {
    Profile profile;
    std::string_view word;
    std::string_view does;
    bool exists;  // that it is not held is said, too
};

constexpr Service services[] = {
    {Profile::supervisor, "supervisor",
     "start containers that may do this too, look at its user's and end them", true},
    {Profile::admin, "admin",
     "manage the containers of all users, write the system's log, trace all threads", true},
    {Profile::framebuffer, "framebuffer",
     "draw on the screen, over its terminal's text, while that is looked at", true},
    {Profile::net, "net", "use the network (of which there is none yet)", false},
    {Profile::device, "device", "ask for devices (which nobody hands out yet)", false},
    {Profile::registry, "registry", "offer services by name (for which there is no list yet)",
     false},
};

void add_services(Statements& out, const Plan& plan) {
    for (const Service& service : services) {
        if (plan.profiles.has(service.profile))
            out.push_back({.text = std::string{service.does},
                           .directive = "PROFILE",
                           .word = std::string{service.word}});
    }
    if (!plan.profiles.has(Profile::supervisor) && !plan.profiles.has(Profile::admin))
        out.push_back({.kind = Kind::may_not,
                       .text = "reach processes that it did not start",
                       .because = "no PROFILE supervisor"});
    if (!plan.profiles.has(Profile::net))
        out.push_back(
            {.kind = Kind::may_not, .text = "use the network", .because = "no PROFILE net"});
    if (!plan.profiles.has(Profile::framebuffer))
        out.push_back({.kind = Kind::may_not,
                       .text = "draw on the screen",
                       .because = "no PROFILE framebuffer"});
    if (!plan.profiles.has(Profile::device))
        out.push_back(
            {.kind = Kind::may_not, .text = "drive a device", .because = "no PROFILE device"});
}

void add_limit(Statements& out, std::string_view what, const std::string& text, bool is_set,
               std::string_view otherwise) {
    out.push_back({.text = is_set ? text : std::string{otherwise},
                   .directive = is_set ? "LIMIT" : "",
                   .word = is_set ? std::string{what} : std::string{},
                   .because = is_set ? "" : "no LIMIT"});
}

void add_limits(Statements& out, const Plan& plan) {
    add_limit(out, "memory", "take " + size_text(plan.memory_limit) + " of memory",
              plan.memory_limit != 0, "take as much memory as its starter");
    add_limit(out, "cpu", "take " + decimal(plan.cpu_limit) + "% of a CPU", plan.cpu_limit != 0,
              "take as much CPU time as its starter");
    add_limit(out, "processes",
              "have " + decimal(plan.process_limit) +
                  (plan.process_limit == 1 ? " process" : " processes"),
              plan.process_limit != 0, "have 256 processes, if its starter may");
    const auto add_if = [&](std::string_view what, std::uint64_t limit, std::string text) {
        if (limit != 0) add_limit(out, what, text, true, {});
    };
    add_if("descriptors", plan.descriptor_limit,
           "have " + decimal(plan.descriptor_limit) + " descriptors in each process");
    add_if("disk", plan.disk_limit, "fill its private mounts with " + size_text(plan.disk_limit));
    add_if("log", plan.log_limit,
           "keep " + size_text(plan.log_limit) + " of what it writes, in the background");
    add_if("time", plan.time_limit_ms, "run for " + time_text(plan.time_limit_ms));
}

std::string check_text(const Plan& plan) {
    return " if " + joined(plan.check) + " says so every " + time_text(plan.check_interval_ms) +
           "; not, after " + decimal(plan.check_retries) +
           (plan.check_retries == 1 ? " failure" : " failures in a row");
}

void add_start(Statements& out, const Plan& plan) {
    std::string runs = plan.program.empty() ? "nothing: it is a base for others" : plan.program;
    if (!plan.words.empty()) runs += " " + joined(plan.words);
    out.push_back(
        {.kind = Kind::runs, .text = runs, .directive = plan.program.empty() ? "" : "ENTRYPOINT"});
    const auto add = [&](std::string text, std::string_view directive, std::string word = {}) {
        out.push_back({.kind = Kind::runs,
                       .text = std::move(text),
                       .directive = directive,
                       .word = std::move(word)});
    };
    if (!plan.steps.empty()) {
        const bool copies = plan.steps.front().starts_with("COPY");
        add("with files of its own, made in " + decimal(plan.steps.size()) +
                (plan.steps.size() == 1 ? " step" : " steps"),
            copies ? "COPY" : "BUILD");
    }
    if (!plan.default_arguments.empty())
        add("with " + joined(plan.default_arguments) + ", if it is given no arguments", "CMD");
    for (const auto& [name, value] : plan.environment)
        add("with " + name + "=" + value, "ENV", name + "=");
    if (!plan.user.empty())
        add("as user " + plan.user + (plan.group.empty() ? "" : ":" + plan.group), "USER");
    if (!plan.directory.empty()) add("in " + plan.directory, "WORKDIR");
    for (const std::string& image : plan.depends)
        add("only while " + image + " runs", "DEPENDS", image);
    if (!plan.check.empty()) add("and is healthy," + check_text(plan), "HEALTHCHECK");
    if (plan.restart.policy == RestartPolicy::no) return;
    const bool always = plan.restart.policy == RestartPolicy::always;
    add(always
            ? "again, whenever it ends"
            : "again, if it fails, " + decimal(plan.restart.attempts) + " times in a row at most",
        "RESTART");
}

}  // namespace

std::vector<Statement> explain(const Plan& plan, const CommandLine& line) {
    Statements out;
    add_start(out, plan);
    add_mounts(out, plan);
    add_grants(out, plan, line);
    add_other_files(out, plan);
    add_services(out, plan);
    add_limits(out, plan);
    // Within a kind in the order that they were found in.
    std::ranges::stable_sort(out, {}, &Statement::kind);
    return out;
}

std::string text_of(std::span<const Statement> statements, std::span<const std::string> reasons) {
    constexpr std::string_view heads[] = {"It runs\n", "It may\n", "It may not\n"};
    constexpr std::size_t column = 44;
    std::string out;
    for (std::size_t i = 0; i < statements.size(); ++i) {
        const Statement& one = statements[i];
        if (i == 0 || one.kind != statements[i - 1].kind)
            out += heads[static_cast<std::size_t>(one.kind)];
        std::string reason{one.because};
        if (!reasons.empty()) {
            reason = reasons[i];
        } else if (!one.directive.empty()) {
            reason = std::string{one.directive} + (one.word.empty() ? "" : " ") + one.word;
        }
        const std::string line = "  " + one.text;
        out += line;
        // A long one has its reason below it.
        if (line.size() + 2 > column) out += '\n';
        out.append(column - (line.size() + 2 > column ? 0 : line.size()), ' ');
        out += reason + '\n';
    }
    return out;
}

std::string size_text(std::uint64_t bytes) {
    if (bytes < 1024) return decimal(bytes) + " B";
    constexpr const char* units[] = {" KiB", " MiB", " GiB", " TiB"};
    std::size_t unit = 0;
    // In tenths of the unit.
    std::uint64_t tenths = bytes / 1024 * 10 + bytes % 1024 * 10 / 1024;
    for (; tenths >= 10240 && unit + 1 < std::size(units); ++unit) tenths /= 1024;
    return decimal(tenths / 10) + "." + decimal(tenths % 10) + units[unit];
}

std::string time_text(std::uint64_t milliseconds) {
    constexpr std::pair<std::uint64_t, const char*> units[] = {
        {3'600'000, "h"}, {60'000, "m"}, {1000, "s"}};
    for (const auto& [unit, name] : units) {
        if (milliseconds != 0 && milliseconds % unit == 0)
            return decimal(milliseconds / unit) + name;
    }
    return decimal(milliseconds) + "ms";
}

std::string verbs(Rights rights) {
    std::vector<std::string_view> words;
    if (rights.has(Right::read)) words.push_back("read");
    if (rights.has(Right::write)) words.insert(words.end(), {"change", "remove"});
    if (rights.has(Right::create)) words.push_back("create");
    if (rights.has(Right::start)) words.push_back("start");
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i != 0) text += i + 1 == words.size() ? " and " : ", ";
        text += words[i];
    }
    return text;
}

}  // namespace cluufile
