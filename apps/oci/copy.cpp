// SPDX-License-Identifier: MIT
#include "apps/oci/copy.hpp"

#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstring>

#include "apps/oci/descriptor.hpp"

namespace oci {

namespace {

constexpr unsigned most_levels = 64;
constexpr std::uint32_t kept_mode = 0755;
constexpr std::string_view too_much = "it is more than an image may have";

std::unexpected<std::string> trouble(const std::string& path) {
    return std::unexpected("'" + path + "': " + strerror(errno));
}

std::string below(const std::string& directory, const std::string& name) {
    return directory.empty() ? name : directory + "/" + name;
}

bool is_pattern(std::string_view name) { return name.find_first_of("*?[") != name.npos; }

Result<Descriptor> directory_at(int parent, const std::string& name) {
    Descriptor opened(
        openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!opened) return trouble(name);
    return opened;
}

class Copier {
public:
    Copier(Tree& tree, CopyLimits& limits) : tree_(tree), limits_(limits) {}

    // `shown`: what it is called in complaints.
    Result<void> one(int parent, const std::string& name, const std::string& to,
                     const std::string& shown, unsigned level);
    Result<void> all_in(int directory, const std::string& to, const std::string& shown,
                        unsigned level);

private:
    Result<void> file(int parent, const std::string& name, const std::string& to,
                      const std::string& shown);
    Result<void> link(int parent, const std::string& name, const std::string& to,
                      const std::string& shown);
    Result<void> directory(int parent, const std::string& name, const std::string& to,
                           const std::string& shown, unsigned level);

    Tree& tree_;
    CopyLimits& limits_;
    MemorySource nothing_{{}};
};

Result<void> Copier::one(int parent, const std::string& name, const std::string& to,
                         const std::string& shown, unsigned level) {
    struct stat there{};
    if (fstatat(parent, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0) return trouble(shown);
    if (S_ISREG(there.st_mode)) return file(parent, name, to, shown);
    if (S_ISLNK(there.st_mode)) return link(parent, name, to, shown);
    if (S_ISDIR(there.st_mode)) return directory(parent, name, to, shown, level);
    return std::unexpected("'" + shown + "' is a device, a pipe or a socket");
}

Result<void> Copier::file(int parent, const std::string& name, const std::string& to,
                          const std::string& shown) {
    // It may be a pipe by now, which must not be waited for.
    const Descriptor opened(
        openat(parent, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat there{};
    if (!opened || fstat(opened.get(), &there) != 0) return trouble(shown);
    if (!S_ISREG(there.st_mode)) return std::unexpected("'" + shown + "' is no file any more");
    const auto size = static_cast<std::uint64_t>(there.st_size);
    if (size > limits_.left) return std::unexpected("'" + shown + "': " + std::string(too_much));
    limits_.left -= size;
    FileRange data(opened.get(), 0, size);
    return tree_.put({.kind = Entry::Kind::file,
                      .path = to,
                      .mode = there.st_mode,
                      .size = size,
                      .modified = there.st_mtime},
                     data);
}

Result<void> Copier::link(int parent, const std::string& name, const std::string& to,
                          const std::string& shown) {
    std::array<char, 4096> target;
    const ssize_t length = readlinkat(parent, name.c_str(), target.data(), target.size());
    if (length < 0) return trouble(shown);
    return tree_.put({.kind = Entry::Kind::symbolic_link,
                      .path = to,
                      .target = std::string(target.data(), static_cast<std::size_t>(length))},
                     nothing_);
}

Result<void> Copier::directory(int parent, const std::string& name, const std::string& to,
                               const std::string& shown, unsigned level) {
    auto opened = directory_at(parent, name);
    struct stat there{};
    if (!opened || fstat(opened->get(), &there) != 0) return trouble(shown);
    auto made =
        tree_.put({.kind = Entry::Kind::directory, .path = to, .mode = there.st_mode}, nothing_);
    return made ? all_in(opened->get(), to, shown, level + 1) : made;
}

Result<void> Copier::all_in(int directory, const std::string& to, const std::string& shown,
                            unsigned level) {
    if (level == most_levels) return std::unexpected("'" + shown + "' is too deep");
    struct stat there{};
    if (fstat(directory, &there) != 0) return trouble(shown);
    if (there.st_dev == limits_.device && there.st_ino == limits_.inode)
        return std::unexpected("'" + shown + "' is where the image is made");
    for (const std::string& name : names_in(directory)) {
        auto done = one(directory, name, below(to, name), below(shown, name), level);
        if (!done) return done;
    }
    return {};
}

// The paths that a source with patterns stands for, each without links in it.
Result<std::vector<std::string>> expanded(int folder, const std::string& source) {
    std::vector<std::string> found{""};
    for (std::size_t at = 0; at < source.size();) {
        const std::size_t end = std::min(source.find('/', at), source.size());
        const std::string part = source.substr(at, end - at);
        at = end + 1;
        if (part.empty() || part == ".") continue;
        if (part == "..") return std::unexpected("'..' leads out of the folder");
        std::vector<std::string> next;
        for (const std::string& before : found) {
            if (!is_pattern(part)) {
                next.push_back(below(before, part));
                continue;
            }
            auto directory = open_directory(folder, before, false);
            if (!directory) continue;
            const Descriptor opened(*directory);
            for (const std::string& name : names_in(opened.get())) {
                if (fnmatch(part.c_str(), name.c_str(), 0) == 0)
                    next.push_back(below(before, name));
            }
        }
        if (next.empty()) return std::unexpected("'" + source + "': nothing there is called so");
        found = std::move(next);
    }
    return found;
}

Result<void> copy_one(int folder, const std::string& path, const std::string& destination,
                      bool into, Copier& copier) {
    const std::size_t slash = path.rfind('/');
    const std::string name = path.substr(slash == path.npos ? 0 : slash + 1);
    auto parent = open_directory(folder, slash == path.npos ? "" : path.substr(0, slash), false);
    if (!parent) return std::unexpected(parent.error());
    const Descriptor opened(*parent);
    if (name.empty()) return copier.all_in(opened.get(), destination, "", 0);
    struct stat there{};
    if (fstatat(opened.get(), name.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0) return trouble(path);
    if (S_ISLNK(there.st_mode))
        return std::unexpected("'" + path + "' is a link; name what it leads to");
    const bool joins = into && !S_ISDIR(there.st_mode);
    return copier.one(opened.get(), name, joins ? below(destination, name) : destination, path, 0);
}

}  // namespace

Result<void> copy_into(int folder, const std::vector<std::string>& sources, std::string destination,
                       Tree& tree, CopyLimits& limits) {
    std::vector<std::string> paths;
    for (const std::string& source : sources) {
        auto found = expanded(folder, source);
        if (!found) return std::unexpected(found.error());
        paths.insert(paths.end(), found->begin(), found->end());
    }
    const bool is_told = destination.ends_with('/');
    const std::string to = tree.resolved(destination.substr(1));
    if (to.empty() && destination != "/")
        return std::unexpected("'" + destination + "' leads nowhere in the image");
    if (!is_told && paths.size() > 1)
        return std::unexpected("'" + destination +
                               "': a `/` at its end is needed, for more than one goes there");
    Copier copier(tree, limits);
    for (const std::string& path : paths) {
        auto done = copy_one(folder, path, to, is_told || tree.is_directory(to), copier);
        if (!done) return done;
    }
    return {};
}

Result<void> copy_all(int directory, const std::string& to, Tree& tree, CopyLimits& limits) {
    return Copier(tree, limits).all_in(directory, to, to, 0);
}

namespace {

Result<void> settle_below(int parent, CopyLimits& limits, std::uint64_t& entries, unsigned level) {
    if (level == most_levels) return std::unexpected("its directories are too deep");
    for (const std::string& name : names_in(parent)) {
        struct stat there{};
        if (fstatat(parent, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0) return trouble(name);
        if (++entries > Tree::most_entries)
            return std::unexpected("it has more files than an image may have");
        if (S_ISLNK(there.st_mode)) continue;
        if (!S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode))
            return std::unexpected("'" + name + "' is a device, a pipe or a socket");
        const std::uint32_t owner = S_ISDIR(there.st_mode) ? 0700 : 0;
        const std::uint32_t mode = (there.st_mode & kept_mode) | owner;
        if ((there.st_mode & 07777) != mode && fchmodat(parent, name.c_str(), mode, 0) != 0)
            return trouble(name);
        if (S_ISDIR(there.st_mode)) {
            auto opened = directory_at(parent, name);
            if (!opened) return std::unexpected(opened.error());
            auto done = settle_below(opened->get(), limits, entries, level + 1);
            if (!done) return done;
            continue;
        }
        const auto size = static_cast<std::uint64_t>(there.st_size);
        if (size > limits.left) return std::unexpected(std::string(too_much));
        limits.left -= size;
    }
    return {};
}

}  // namespace

Result<void> settle(int directory, CopyLimits& limits) {
    std::uint64_t entries = 0;
    return settle_below(directory, limits, entries, 0);
}

}  // namespace oci
