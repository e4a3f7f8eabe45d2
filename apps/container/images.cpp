// SPDX-License-Identifier: MIT
#include "apps/container/images.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "apps/container/text.hpp"
#include "libs/cluufile/explain.hpp"

namespace container_tool {

namespace {

constexpr std::size_t longest_file = 64 * 1024;

bool profiles_without_service(std::size_t bit) {
    return (cluufile::profiles_without_service.raw() >> bit & 1) != 0;
}

}  // namespace

std::string cluufile_path(std::string_view image) {
    return std::string(images_folder) + std::string(image) + "/Cluufile";
}

std::expected<std::string, std::string> read_file(const std::string& path) {
    int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return std::unexpected(path + ": " + strerror(errno));
    std::string text;
    char buffer[4096];
    ssize_t count;
    while ((count = read(file, buffer, sizeof buffer)) > 0 && text.size() <= longest_file) {
        text.append(buffer, static_cast<std::size_t>(count));
    }
    int error = errno;
    close(file);
    if (count < 0) return std::unexpected(path + ": " + strerror(error));
    if (text.size() > longest_file)
        return std::unexpected(path + ": longer than a Cluufile can be");
    return text;
}

std::optional<std::string_view> ImageFolder::find(std::string_view image) {
    auto known = texts_.find(image);
    if (known != texts_.end()) return known->second;
    auto text = read_file(cluufile_path(image));
    if (!text) return std::nullopt;
    return texts_.emplace(image, std::move(*text)).first->second;
}

std::vector<std::string> ImageFolder::names() {
    std::vector<std::string> result;
    DIR* folder = opendir(std::string(images_folder).c_str());
    if (folder == nullptr) return result;
    while (dirent* entry = readdir(folder)) {
        if (cluufile::is_image_name(entry->d_name)) result.emplace_back(entry->d_name);
    }
    closedir(folder);
    std::ranges::sort(result);
    return result;
}

std::expected<Loaded, std::string> load(const std::string& image_or_path, ImageFolder& images) {
    const bool is_image = cluufile::is_image_name(image_or_path);
    Loaded result{.path = is_image ? cluufile_path(image_or_path) : image_or_path};
    auto text = read_file(result.path);
    if (!text) return std::unexpected(text.error());
    result.text = std::move(*text);
    auto file = cluufile::parse(result.path, result.text, images);
    if (!file) {
        char buffer[400];
        return std::unexpected(std::string(cluufile::format(file.error(), buffer)));
    }
    result.plan = cluufile::plan_of(image_or_path, *file);
    return result;
}

std::string summary(const cluufile::Plan& plan) {
    std::string result;
    auto add = [&](std::string_view text) {
        if (!result.empty()) result += ", ";
        result += text;
    };
    for (const auto& [path, mode] : plan.mounts) {
        std::string text = path + " " + std::string(cluufile::name_of(mode));
        if (const std::uint64_t size = plan.size_of(path); size != 0)
            text += " " + cluufile::size_text(size);
        add(text);
    }
    for (const auto& [source, rights] :
         {std::pair{"argv ", plan.grants.argv}, std::pair{"beside ", plan.grants.beside},
          std::pair{"cwd ", plan.grants.cwd}}) {
        if (!rights.empty()) add(source + std::string(cluufile::name_of(rights)));
    }
    if (plan.mounts.empty() && !plan.grants.any()) add("no files");
    auto names = cluufile::profile_names();
    for (std::size_t i = 0; i < names.size(); ++i) {
        bool held = (plan.profiles.raw() >> i & 1) != 0;
        // That it may resolve names is said by its mounts already; and some grant nothing yet.
        if (held && !profiles_without_service(i) && names[i] != "vfs") add(std::string(names[i]));
    }
    for (const std::string& image : plan.depends) add("needs " + image);
    if (plan.memory_limit != 0) add(cluufile::size_text(plan.memory_limit));
    if (plan.cpu_limit != 0) add(std::to_string(plan.cpu_limit) + "% CPU");
    if (plan.process_limit != 0) add(std::to_string(plan.process_limit) + " processes");
    if (plan.descriptor_limit != 0) add(std::to_string(plan.descriptor_limit) + " descriptors");
    if (plan.time_limit_ms != 0) add(cluufile::time_text(plan.time_limit_ms));
    if (plan.disk_limit != 0) add(cluufile::size_text(plan.disk_limit) + " on disk");
    if (plan.log_limit != 0) add(cluufile::size_text(plan.log_limit) + " of log");
    if (!plan.user.empty()) add("as " + plan.user + (plan.group.empty() ? "" : ":" + plan.group));
    return result;
}

}  // namespace container_tool
