// SPDX-License-Identifier: MIT
#include "apps/container/images.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "apps/container/text.hpp"

namespace container_tool {

namespace {

constexpr std::size_t longest_file = 64 * 1024;

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

std::string summary(const cluufile::Cluufile& file) {
    std::string result;
    auto add = [&](std::string_view text) {
        if (!result.empty()) result += ", ";
        result += text;
    };
    for (const cluufile::Mount& mount : file.mounts) {
        add(std::string(mount.path) + " " + std::string(cluufile::name_of(mount.mode)));
    }
    for (const auto& [source, rights] :
         {std::pair{"argv ", file.grants.argv}, std::pair{"beside ", file.grants.beside},
          std::pair{"cwd ", file.grants.cwd}}) {
        if (!rights.empty()) add(source + std::string(cluufile::name_of(rights)));
    }
    if (file.mounts.empty() && !file.grants.any()) add("no files");
    auto names = cluufile::profile_names();
    for (std::size_t i = 0; i < names.size(); ++i) {
        bool held = (file.profiles.raw() >> i & 1) != 0;
        // That it may resolve names is said by its mounts already.
        if (held && names[i] != "vfs") add(names[i]);
    }
    if (file.memory_limit != 0) add(size_text(file.memory_limit));
    if (file.cpu_limit != 0) add(std::to_string(file.cpu_limit) + "% CPU");
    if (file.process_limit != 0) add(std::to_string(file.process_limit) + " processes");
    return result;
}

}  // namespace container_tool
