// SPDX-License-Identifier: MIT
#include "libs/cluufile/steps.hpp"

#include <algorithm>

#include "libs/cluufile/text.hpp"
#include "libs/cluufile/words.hpp"

namespace cluufile {

std::vector<std::string> words_of(const Step& step) {
    std::vector<std::string> result;
    Words words{{}, step.line, step.text};
    for (auto word = words.next(); word && !word->end; word = words.next()) {
        result.emplace_back(word->text);
    }
    return result;
}

std::string text_of(const Step& step) {
    std::string text = step.kind == Step::Kind::copy ? "COPY" : "BUILD";
    for (const std::string& one : words_of(step)) text += " " + word(one);
    return text;
}

Plan plan_of_build(const Plan& plan, const std::vector<std::string>& words) {
    Plan result;
    result.image = plan.image;
    result.program = words.front();
    result.words = words;
    result.environment = plan.environment;
    result.user = plan.user;
    result.group = plan.group;
    result.directory = plan.directory.empty() ? "/" : plan.directory;
    for (const auto& [path, mode] : plan.mounts) {
        const bool own = mode == MountMode::image || mode == MountMode::private_;
        const bool shows = mode == MountMode::inherit || mode == MountMode::readonly;
        const bool device = shows && path != "/dev" && is_at_or_below(path, "/dev");
        if (own || device) result.mounts.emplace_back(path, mode);
    }
    result.sizes = plan.sizes;
    result.files = plan.files;
    result.profiles = plan.profiles & (Profiles{Profile::ipc} | Profile::vfs);
    result.memory_limit = plan.memory_limit;
    result.process_limit = plan.process_limit;
    result.cpu_limit = plan.cpu_limit;
    result.descriptor_limit = plan.descriptor_limit;
    result.time_limit_ms = plan.time_limit_ms;
    result.disk_limit = plan.disk_limit;
    result.log_limit = plan.log_limit;
    return result;
}

bool is_workshop_name(std::string_view name) {
    constexpr std::size_t letters = 6;
    if (!name.starts_with(workshop_prefix)) return false;
    name.remove_prefix(workshop_prefix.size());
    return name.size() == letters && std::ranges::all_of(name, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
           });
}

}  // namespace cluufile
