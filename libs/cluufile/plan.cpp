// SPDX-License-Identifier: MIT
#include "libs/cluufile/plan.hpp"

#include <algorithm>
#include <iterator>

#include "libs/cluufile/steps.hpp"
#include "libs/cluufile/text.hpp"

namespace cluufile {

Plan plan_of(std::string_view image, const Cluufile& file) {
    Plan plan;
    plan.image = image;
    for (const std::string_view word : file.entrypoint) {
        if (plan.program.empty()) {
            plan.program = word;
        } else {
            plan.words.emplace_back(word);
        }
    }
    plan.default_arguments.assign(file.default_arguments.begin(), file.default_arguments.end());
    for (const NamedValue& entry : file.environment) {
        plan.environment.emplace_back(std::string{entry.name}, std::string{entry.value});
    }
    for (const NamedValue& label : file.labels) {
        plan.labels.emplace_back(std::string{label.name}, std::string{label.value});
    }
    for (const Mount& mount : file.mounts) {
        plan.mounts.emplace_back(std::string{mount.path}, mount.mode);
        if (mount.size != 0) plan.sizes.emplace_back(std::string{mount.path}, mount.size);
        if (mount.mode == MountMode::image)
            plan.files.emplace_back(mount.path, mount.image.empty() ? image : mount.image);
    }
    plan.user = file.user.user;
    plan.group = file.user.group;
    plan.directory = file.directory;
    plan.check.assign(file.health_check.program.begin(), file.health_check.program.end());
    plan.check_interval_ms = file.health_check.interval_ms;
    plan.check_retries = file.health_check.retries;
    plan.depends.assign(file.depends.begin(), file.depends.end());
    for (const Step& step : file.steps) plan.steps.push_back(text_of(step));
    plan.grants = file.grants;
    plan.profiles = file.profiles;
    plan.restart = file.restart;
    plan.memory_limit = file.memory_limit;
    plan.process_limit = file.process_limit;
    plan.cpu_limit = file.cpu_limit;
    plan.descriptor_limit = file.descriptor_limit;
    plan.time_limit_ms = file.time_limit_ms;
    plan.disk_limit = file.disk_limit;
    plan.log_limit = file.log_limit;
    return plan;
}

std::uint64_t Plan::size_of(std::string_view path) const {
    const auto found =
        std::ranges::find_if(sizes, [path](const auto& one) { return one.first == path; });
    return found == sizes.end() ? 0 : found->second;
}

std::string_view Plan::files_of(std::string_view path) const {
    const auto found =
        std::ranges::find_if(files, [path](const auto& one) { return one.first == path; });
    return found == files.end() ? std::string_view{} : found->second;
}

const std::pair<std::string, MountMode>* mount_at(const Plan& plan, std::string_view path) {
    const std::pair<std::string, MountMode>* best = nullptr;
    for (const auto& mount : plan.mounts) {
        if (!is_at_or_below(path, mount.first)) continue;
        if (best == nullptr || mount.first.size() > best->first.size()) best = &mount;
    }
    return best;
}

Processes processes_of(const Plan& plan) {
    const auto* mount = mount_at(plan, processes_path);
    const bool shows = mount != nullptr && (mount->second == MountMode::inherit ||
                                            mount->second == MountMode::readonly);
    if (!shows) return Processes::none;
    return mount->first == processes_path ? Processes::starters : Processes::own;
}

std::vector<std::string> arguments_of(const Plan& plan, std::vector<std::string> given) {
    const bool told_nothing = given.size() <= 1;
    std::vector<std::string> arguments = plan.words;
    if (arguments.empty()) arguments.push_back(given.empty() ? plan.program : given.front());
    if (told_nothing) {
        std::ranges::copy(plan.default_arguments, std::back_inserter(arguments));
    } else {
        std::move(given.begin() + 1, given.end(), std::back_inserter(arguments));
    }
    return arguments;
}

Names::Names(const Plan& plan, const CommandLine& line)
    : plan_(plan), line_(line), argument_(line.first) {}

std::uint32_t Names::count() const {
    if (!plan_.grants.any()) return 0;
    const std::size_t arguments =
        line_.arguments.size() - std::min(line_.first, line_.arguments.size());
    return static_cast<std::uint32_t>(1 + arguments);
}

const GrantedName* Names::next() {
    if (!plan_.grants.any()) return nullptr;
    if (!directory_done_) {
        directory_done_ = true;
        name_ = {std::string{line_.directory}, plan_.grants.cwd, {}};
        return &name_;
    }
    name_.rights = plan_.grants.of_argv();
    name_.beside = plan_.grants.beside;
    while (!(name_.rights | name_.beside).empty() && argument_ < line_.arguments.size()) {
        std::string_view text = line_.arguments[argument_];
        const bool value = std::exchange(value_, false);
        const std::size_t equals = text.find('=');
        if (value || equals == text.npos) {
            ++argument_;
        } else {
            value_ = true;
        }
        if (value) {
            text.remove_prefix(equals + 1);
        } else if (!only_names_ && text.starts_with('-')) {
            only_names_ = text == "--";
            continue;
        }
        if (text.empty()) continue;
        name_.path = text.starts_with('/') ? "" : std::string{line_.directory} + '/';
        name_.path += text;
        constexpr std::string_view self = "/proc/self";
        const bool is_self = name_.path.starts_with(self) &&
                             (name_.path.size() == self.size() || name_.path[self.size()] == '/');
        if (is_self && line_.own != 0)
            name_.path.replace(0, self.size(), "/proc/" + decimal(line_.own));
        return &name_;
    }
    return nullptr;
}

}  // namespace cluufile
