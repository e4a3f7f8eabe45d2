// SPDX-License-Identifier: MIT
#include "servers/procmgr/model/plan.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "libs/base/align.hpp"
#include "servers/procmgr/model/text.hpp"

namespace procmgr {
namespace {

names::Access access_of(cluufile::MountMode mode) {
    switch (mode) {
        case cluufile::MountMode::none:     return names::Access::none;
        case cluufile::MountMode::private_: return names::Access::private_tmpfs;
        case cluufile::MountMode::readonly: return names::Access::read_only;
        case cluufile::MountMode::inherit:  return names::Access::inherit;
    }
    return names::Access::none;
}

std::string_view word_of(names::Access access) {
    switch (access) {
        case names::Access::none:          return "none";
        case names::Access::private_tmpfs: return "private";
        case names::Access::read_only:     return "readonly";
        case names::Access::inherit:       return "inherit";
    }
    return "none";
}

// NAME=... replaces an entry of that name, or is added.
void set_variable(std::vector<std::string>& environment, const std::string& name,
                  const std::string& value) {
    const std::string prefix = name + "=";
    std::erase_if(environment, [&](const std::string& entry) { return entry.starts_with(prefix); });
    environment.push_back(prefix + value);
}

void line(std::string& out, std::string_view key, std::string_view value) {
    out += key;
    out += ": ";
    out += value;
    out += '\n';
}

}  // namespace

ImageName image_of_path(std::string_view path) {
    if (path.starts_with(image_folder) && path.ends_with(image_file) &&
        path.size() > image_folder.size() + image_file.size()) {
        path.remove_prefix(image_folder.size());
        path.remove_suffix(image_file.size());
        return cluufile::is_image_name(path) ? ImageName{std::string{path}, true} : ImageName{};
    }
    for (const std::string_view folder : {"/bin/", "/usr/bin/"}) {
        if (path.starts_with(folder) && cluufile::is_image_name(path.substr(folder.size()))) {
            return {std::string{path.substr(folder.size())}, false};
        }
    }
    return {};
}

Plan plan_of(std::string_view image, const cluufile::Cluufile& file) {
    Plan plan;
    plan.image = image;
    for (const std::string_view word : file.entrypoint) {
        if (plan.program.empty()) {
            plan.program = word;
        } else {
            plan.words.emplace_back(word);
        }
    }
    for (const cluufile::EnvironmentEntry& entry : file.environment) {
        plan.environment.emplace_back(std::string{entry.name}, std::string{entry.value});
    }
    for (const cluufile::Mount& mount : file.mounts) {
        plan.mounts.emplace_back(std::string{mount.path}, access_of(mount.mode));
    }
    plan.profiles = file.profiles;
    plan.restart = file.restart;
    plan.memory_limit = file.memory_limit;
    plan.process_limit = file.process_limit;
    plan.cpu_limit = file.cpu_limit;
    return plan;
}

void apply(const Plan& plan, ImageBlock& image) {
    image.path = plan.program;
    if (!plan.words.empty()) {
        std::vector<std::string> arguments = plan.words;
        if (!image.arguments.empty()) {
            std::move(image.arguments.begin() + 1, image.arguments.end(),
                      std::back_inserter(arguments));
        }
        image.arguments = std::move(arguments);
    } else if (image.arguments.empty()) {
        image.arguments.push_back(plan.program);
    }
    for (const auto& [name, value] : plan.environment) {
        set_variable(image.environment, name, value);
    }
}

Result<std::vector<std::byte>> mount_rules(const Plan& plan, std::uint64_t private_limit) {
    std::vector<std::byte> payload;
    for (const auto& [path, access] : plan.mounts) {
        const std::size_t start = payload.size();
        const std::size_t length = base::align_up(sizeof(names::MountRule) + path.size(), 8);
        names::MountRule rule;
        rule.record_length = static_cast<std::uint16_t>(length);
        rule.path_length = static_cast<std::uint16_t>(path.size());
        rule.access = access;
        rule.limit = access == names::Access::private_tmpfs ? private_limit : 0;
        payload.resize(start + length);
        std::memcpy(payload.data() + start, &rule, sizeof rule);
        std::memcpy(payload.data() + start + sizeof rule, path.data(), path.size());
    }
    if (payload.size() > names::Derive::payload) {
        return base::fail(Status::too_big);
    }
    return payload;
}

std::string describe(const Plan& plan) {
    std::string out;
    line(out, "image", plan.image);
    std::string entry = plan.program;
    for (const std::string& word : plan.words) {
        entry += ' ';
        entry += word;
    }
    line(out, "entrypoint", entry);
    std::string profiles;
    for (std::size_t bit = 0; bit < cluufile::profile_names().size(); ++bit) {
        if ((plan.profiles.raw() >> bit & 1U) != 0) {
            profiles += profiles.empty() ? "" : " ";
            profiles += cluufile::profile_names()[bit];
        }
    }
    line(out, "profile", profiles);
    for (const auto& [path, access] : plan.mounts) {
        line(out, "mount", path + " " + std::string{word_of(access)});
    }
    for (const auto& [name, value] : plan.environment) {
        line(out, "env", name + "=" + value);
    }
    line(out, "restart", cluufile::name_of(plan.restart.policy));
    line(out, "memory limit",
         plan.memory_limit == 0 ? std::string{"the starter's"} : decimal(plan.memory_limit));
    line(out, "cpu limit",
         plan.cpu_limit == 0 ? std::string{"the starter's"} : decimal(plan.cpu_limit) + "%");
    line(out, "process limit",
         plan.process_limit == 0 ? std::string{"the usual"} : decimal(plan.process_limit));
    return out;
}

}  // namespace procmgr
