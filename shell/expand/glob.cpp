// SPDX-License-Identifier: MIT
// One directory is listed for each component that has a wildcard; components without one are only
// appended, and looked for at the end.
#include "shell/expand/glob.hpp"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>

#include "shell/expand/pattern.hpp"

namespace shell {

namespace {

void list_matches(const std::string& directory, std::string_view pattern,
                  std::vector<std::string>& result) {
    DIR* stream = opendir(directory.empty() ? "." : directory.c_str());
    if (stream == nullptr) return;
    while (dirent* entry = readdir(stream)) {
        std::string_view name = entry->d_name;
        bool hidden = name.starts_with('.');
        if (hidden && !pattern.starts_with('.') && !pattern.starts_with("\\.")) continue;
        if (matches(pattern, name)) result.push_back(directory + std::string(name));
    }
    closedir(stream);
}

}  // namespace

std::vector<std::string> glob(std::string_view pattern) {
    std::vector<std::string> found = {""};
    while (!pattern.empty() && !found.empty()) {
        std::size_t slash = pattern.find('/');
        std::string_view component = pattern.substr(0, slash);
        std::size_t end =
            std::min(pattern.find_first_not_of('/', component.size()), pattern.size());
        std::string_view slashes = pattern.substr(component.size(), end - component.size());
        std::vector<std::string> next;
        for (const std::string& prefix : found) {
            if (has_wildcards(component)) {
                list_matches(prefix, component, next);
            } else {
                next.push_back(prefix + unescape_pattern(component));
            }
        }
        for (std::string& path : next) path += slashes;
        found = std::move(next);
        pattern.remove_prefix(end);
    }
    struct stat status;
    std::erase_if(found,
                  [&](const std::string& path) { return lstat(path.c_str(), &status) != 0; });
    std::ranges::sort(found);
    return found;
}

}  // namespace shell
