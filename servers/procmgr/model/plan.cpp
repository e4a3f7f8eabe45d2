// SPDX-License-Identifier: MIT
#include "servers/procmgr/model/plan.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "libs/base/align.hpp"
#include "libs/cluufile/steps.hpp"
#include "libs/cluufile/values.hpp"
#include "servers/procmgr/model/text.hpp"

namespace procmgr {
namespace {

names::Access access_of(cluufile::MountMode mode) {
    switch (mode) {
        case cluufile::MountMode::none:     return names::Access::none;
        case cluufile::MountMode::private_: return names::Access::private_tmpfs;
        case cluufile::MountMode::readonly: return names::Access::read_only;
        case cluufile::MountMode::inherit:  return names::Access::inherit;
        case cluufile::MountMode::image:    return names::Access::folder;
    }
    return names::Access::none;
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

// Where the files are that MOUNT PATH image shows.
std::string folder_of(const Plan& plan, std::string_view path) {
    const std::string_view image = plan.files_of(path);
    const auto place =
        std::ranges::find(plan.places, image, &std::pair<std::string, std::string>::first);
    std::string folder{image_folder};
    folder += place != plan.places.end() ? std::string_view{place->second} : image;
    folder += image_root;
    folder += path == "/" ? "" : path;
    return folder;
}

static_assert(static_cast<std::uint8_t>(cluufile::Right::read) == names::Right::read &&
              static_cast<std::uint8_t>(cluufile::Right::write) == names::Right::write &&
              static_cast<std::uint8_t>(cluufile::Right::create) == names::Right::create);

// Without `.` and empty components; `..` stays, for what it means only the starter's view knows.
std::string spelt_out(std::string_view path) {
    std::string result;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        const std::string_view name = path.substr(0, end);
        path.remove_prefix(std::min(end + 1, path.size()));
        if (!name.empty() && name != ".") {
            result += '/';
            result += name;
        }
    }
    return result;
}

void line(std::string& out, std::string_view key, std::string_view value) {
    out += key;
    out += ": ";
    out += value;
    out += '\n';
}

}  // namespace

std::string_view place_of_image(std::string_view link) {
    constexpr std::string_view form = ".image-XXXXXX";
    const bool is_place = link.size() == form.size() && !link.contains('/') &&
                          link.starts_with(form.substr(0, form.find('X')));
    return is_place ? link : std::string_view{};
}

ImageName image_of_path(std::string_view path) {
    if (path.starts_with(image_folder) && path.ends_with(image_file) &&
        path.size() > image_folder.size() + image_file.size()) {
        path.remove_prefix(image_folder.size());
        path.remove_suffix(image_file.size());
        const bool is_name = cluufile::is_image_name(path) || cluufile::is_workshop_name(path);
        return is_name ? ImageName{std::string{path}, true} : ImageName{};
    }
    for (const std::string_view folder : {"/bin/", "/usr/bin/"}) {
        if (path.starts_with(folder) && cluufile::is_image_name(path.substr(folder.size()))) {
            return {std::string{path.substr(folder.size())}, false};
        }
    }
    return {};
}

void narrow(Plan& plan, const container::ConfigureNext& how) {
    const auto smaller = [](auto own, auto given) {
        return own == 0 || (given != 0 && given < own) ? given : own;
    };
    plan.memory_limit = smaller(plan.memory_limit, how.memory_limit);
    plan.cpu_limit = smaller(plan.cpu_limit, how.cpu_limit);
    plan.log_limit = smaller(plan.log_limit, how.log_limit);
    if ((how.flags & container::ConfigureNext::without_network) != 0) {
        plan.profiles = plan.profiles.without(cluufile::Profile::net);
    }
}

Result<void> add_volumes(Plan& plan, std::vector<cluufile::Volume> volumes) {
    if (!volumes.empty() && !plan.profiles.has(cluufile::Profile::vfs)) {
        return base::fail(Status::invalid);
    }
    std::erase_if(plan.mounts, [&](const auto& mount) {
        return std::ranges::find(volumes, mount.first, &cluufile::Volume::path) != volumes.end();
    });
    plan.volumes = std::move(volumes);
    return {};
}

Result<cluufile::Volume> parse_volume(std::string_view text, bool read_only) {
    const std::size_t end = text.find('\0');
    if (end == text.npos) {
        return base::fail(Status::invalid);
    }
    cluufile::Volume volume{.path = std::string{text.substr(end + 1)},
                            .source = std::string{text.substr(0, end)},
                            .read_only = read_only};
    const bool is_right = volume.source.starts_with('/') && cluufile::is_normal_path(volume.path) &&
                          !volume.path.contains('\0') &&
                          !cluufile::is_at_or_below(volume.path, cluufile::processes_path);
    return is_right ? Result<cluufile::Volume>{std::move(volume)} : base::fail(Status::invalid);
}

std::size_t apply(const Plan& plan, ImageBlock& image) {
    const bool told_nothing = image.arguments.size() <= 1;
    image.path = plan.program;
    image.arguments = cluufile::arguments_of(plan, std::move(image.arguments));
    for (const auto& [name, value] : plan.environment) {
        set_variable(image.environment, name, value);
    }
    if (!plan.directory.empty()) {
        image.directory = plan.directory;
    }
    return told_nothing ? image.arguments.size() : std::max<std::size_t>(plan.words.size(), 1);
}

void place_inside(const Plan& plan, ImageBlock& image) {
    for (const auto& [name, value] : plan.environment) {
        set_variable(image.environment, name, value);
    }
    image.directory = plan.directory.empty() ? "/" : plan.directory;
}

StartableNames::StartableNames(const Plan& plan, const ImageBlock& image) {
    if (!plan.grants.starts()) {
        return;
    }
    std::size_t bytes = 0;
    for (std::size_t i = 1; i < image.arguments.size(); ++i) {
        const std::string& word = image.arguments[i];
        const bool is_path = word.contains('/');
        std::string name = word;
        if (is_path) {
            name = spelt_out(word.starts_with('/') ? word : image.directory + '/' + word);
        }
        bytes += name.size() + 1;
        if (bytes > most_bytes) {
            return;
        }
        if (!word.empty() && word[0] != '-') {
            names_.push_back(std::move(name));
        }
    }
}

bool StartableNames::contains(std::string_view path) const {
    const std::string whole = spelt_out(path);
    const std::string_view last = std::string_view{whole}.substr(whole.rfind('/') + 1);
    return path.starts_with('/') && std::ranges::any_of(names_, [&](const std::string& name) {
               return name == (name.starts_with('/') ? std::string_view{whole} : last);
           });
}

ImageBlock check_image(const Plan& plan) {
    ImageBlock image;
    image.path = plan.check.front();
    image.arguments = plan.check;
    image.environment = {"PATH=/bin:/usr/bin", "HOME=/"};
    place_inside(plan, image);
    return image;
}

Result<std::vector<std::byte>> mount_rules(const Plan& plan, std::uint64_t private_limit) {
    std::vector<std::byte> payload;
    for (const auto& [path, mode] : plan.mounts) {
        names::MountRule rule;
        rule.access = access_of(mode);
        // What the starter sees of processes may be nothing.
        const bool keeps =
            path == cluufile::processes_path && processes_of(plan) == cluufile::Processes::starters;
        if (keeps) {
            rule.access = names::Access::kept;
        }
        if (rule.access == names::Access::private_tmpfs) {
            const std::uint64_t size = plan.size_of(path);
            rule.limit = size != 0 ? size : private_limit;
        }
        const bool is_folder = rule.access == names::Access::folder;
        append_record(payload, rule, is_folder ? path + '\0' + folder_of(plan, path) : path);
    }
    for (const cluufile::Volume& volume : plan.volumes) {
        append_record(
            payload,
            {.access = volume.read_only ? names::Access::read_only : names::Access::inherit},
            volume.path + '\0' + volume.source);
    }
    if (processes_of(plan) == cluufile::Processes::own) {
        append_record(payload, {.access = names::Access::given}, cluufile::processes_path);
    }
    if (payload.size() > names::Derive::payload) {
        return base::fail(Status::too_big);
    }
    return payload;
}

std::vector<std::byte> whole_view() {
    std::vector<std::byte> payload;
    append_record(payload, {.access = names::Access::read_only}, "/");
    return payload;
}

bool GrantedNames::append(std::vector<std::byte>& payload, std::size_t most) {
    while (pending_ != nullptr || (pending_ = names_.next()) != nullptr) {
        const std::size_t length = record_length(pending_->path);
        // A path that fits no message is longer than what the program could name.
        const bool fits = length <= names::Derive::payload;
        if (fits && payload.size() + length > most) {
            return true;
        }
        const cluufile::GrantedName& name = *std::exchange(pending_, nullptr);
        if (fits) {
            append_record(payload,
                          {.access = names::Access::granted,
                           .rights = name.rights.raw(),
                           .beside = name.beside.raw()},
                          name.path);
        }
    }
    return false;
}

std::string describe(const Plan& plan) {
    std::string out;
    line(out, "image", plan.image);
    std::string entry = plan.program;
    if (!plan.words.empty()) {
        entry += " " + joined(plan.words);
    }
    line(out, "entrypoint", entry);
    if (!plan.default_arguments.empty()) {
        line(out, "default arguments", joined(plan.default_arguments));
    }
    if (!plan.user.empty()) {
        line(out, "user", plan.user + (plan.group.empty() ? "" : ":" + plan.group));
    }
    if (!plan.directory.empty()) {
        line(out, "directory", plan.directory);
    }
    std::string profiles;
    for (std::size_t bit = 0; bit < cluufile::profile_names().size(); ++bit) {
        if ((plan.profiles.raw() >> bit & 1U) != 0) {
            profiles += profiles.empty() ? "" : " ";
            profiles += cluufile::profile_names()[bit];
        }
    }
    line(out, "profile", profiles);
    for (const auto& [path, mode] : plan.mounts) {
        std::string text = path + " " + std::string{name_of(mode)};
        const std::uint64_t size = plan.size_of(path);
        text += size == 0 ? "" : " " + decimal(size);
        line(out, "mount", text);
    }
    for (const cluufile::Volume& volume : plan.volumes) {
        line(out, "volume", volume.source + ":" + volume.path + (volume.read_only ? ":ro" : ""));
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
    for (const auto& [name, value] : plan.labels) {
        line(out, "label", name + "=" + value);
    }
    for (const auto& [image, place] : plan.places) {
        line(out, "place", place);
    }
    line(out, "restart", cluufile::name_of(plan.restart.policy));
    if (!plan.check.empty()) {
        line(out, "health check",
             joined(plan.check) + ", every " + decimal(plan.check_interval_ms) +
                 " ms, unhealthy after " + decimal(plan.check_retries));
    }
    if (!plan.depends.empty()) {
        line(out, "depends", joined(plan.depends));
    }
    for (const std::string& step : plan.steps) {
        line(out, "step", step);
    }
    line(out, "memory limit",
         plan.memory_limit == 0 ? std::string{"the starter's"} : decimal(plan.memory_limit));
    line(out, "cpu limit",
         plan.cpu_limit == 0 ? std::string{"the starter's"} : decimal(plan.cpu_limit) + "%");
    line(out, "process limit",
         plan.process_limit == 0 ? std::string{"the usual"} : decimal(plan.process_limit));
    line(
        out, "descriptor limit",
        plan.descriptor_limit == 0 ? std::string{"the starter's"} : decimal(plan.descriptor_limit));
    line(out, "time limit",
         plan.time_limit_ms == 0 ? std::string{"none"} : decimal(plan.time_limit_ms) + " ms");
    line(out, "disk limit",
         plan.disk_limit == 0 ? std::string{"that of memory"} : decimal(plan.disk_limit));
    line(out, "log limit",
         plan.log_limit == 0 ? std::string{"the usual"} : decimal(plan.log_limit));
    return out;
}

}  // namespace procmgr
