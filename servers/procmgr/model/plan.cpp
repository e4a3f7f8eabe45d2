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
        case names::Access::granted:       break;  // no mount
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

constexpr std::size_t record_length(std::string_view path) {
    return base::align_up(sizeof(names::MountRule) + path.size(), 8);
}

void append_record(std::vector<std::byte>& payload, names::MountRule rule, std::string_view path) {
    const std::size_t start = payload.size();
    rule.record_length = static_cast<std::uint16_t>(record_length(path));
    rule.path_length = static_cast<std::uint16_t>(path.size());
    payload.resize(start + rule.record_length);
    std::memcpy(payload.data() + start, &rule, sizeof rule);
    std::memcpy(payload.data() + start + sizeof rule, path.data(), path.size());
}

static_assert(static_cast<std::uint8_t>(cluufile::Right::read) == names::Right::read &&
              static_cast<std::uint8_t>(cluufile::Right::write) == names::Right::write &&
              static_cast<std::uint8_t>(cluufile::Right::create) == names::Right::create);

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
    plan.grants = file.grants;
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
        names::MountRule rule;
        rule.access = access;
        rule.limit = access == names::Access::private_tmpfs ? private_limit : 0;
        append_record(payload, rule, path);
    }
    if (payload.size() > names::Derive::payload) {
        return base::fail(Status::too_big);
    }
    return payload;
}

GrantedNames::GrantedNames(const Plan& plan, const ImageBlock& image, Pid own, bool applied)
    : plan_(plan),
      image_(image),
      own_(own),
      first_(applied ? std::max<std::size_t>(plan.words.size(), 1) : 1),
      argument_(first_) {}

std::uint32_t GrantedNames::count() const {
    if (!plan_.grants.any()) {
        return 0;
    }
    const std::size_t arguments =
        image_.arguments.size() - std::min(first_, image_.arguments.size());
    return static_cast<std::uint32_t>(1 + arguments);
}

bool GrantedNames::next() {
    rule_ = {.access = names::Access::granted};
    if (!directory_done_) {
        directory_done_ = true;
        name_ = image_.directory;
        rule_.rights = plan_.grants.cwd.raw();
        return true;
    }
    rule_.rights = plan_.grants.argv.raw();
    rule_.beside = plan_.grants.beside.raw();
    while (rule_.rights + rule_.beside != 0 && argument_ < image_.arguments.size()) {
        std::string_view text = image_.arguments[argument_];
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
        if (!text.empty()) {
            name_ = text.starts_with('/') ? "" : image_.directory + '/';
            name_ += text;
            constexpr std::string_view self = "/proc/self";
            const bool is_self = name_.starts_with(self) &&
                                 (name_.size() == self.size() || name_[self.size()] == '/');
            if (is_self && own_ != 0) {
                name_.replace(0, self.size(), "/proc/" + decimal(own_));
            }
            return true;
        }
    }
    return false;
}

bool GrantedNames::append(std::vector<std::byte>& payload, std::size_t most) {
    while (plan_.grants.any() && (pending_ || next())) {
        // A path that fits no message is longer than what the program could name.
        pending_ = record_length(name_) <= names::Derive::payload;
        if (pending_ && payload.size() + record_length(name_) > most) {
            return true;
        }
        if (std::exchange(pending_, false)) {
            append_record(payload, rule_, name_);
        }
    }
    return false;
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
    for (const auto& [source, rights] :
         {std::pair{"argv ", plan.grants.argv}, std::pair{"beside ", plan.grants.beside},
          std::pair{"cwd ", plan.grants.cwd}}) {
        if (!rights.empty()) {
            line(out, "grant", source + std::string{name_of(rights)});
        }
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
