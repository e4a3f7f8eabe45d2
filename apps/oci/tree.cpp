// SPDX-License-Identifier: MIT
#include "apps/oci/tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "apps/oci/descriptor.hpp"

namespace oci {

namespace {

constexpr std::string_view whiteout = ".wh.";
constexpr std::string_view opaque = ".wh..wh..opq";
constexpr int most_links = 40;
// What is in an image nobody but user 0 may change, also where it is not mounted but lies on the
// disk.
constexpr std::uint32_t kept_mode = 0755;

std::unexpected<std::string> trouble(std::string_view path) {
    return std::unexpected("'" + std::string(path) + "': " + strerror(errno));
}

// "a/b/c" -> "a/b" and "c".
std::pair<std::string, std::string> split(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == path.npos) return {"", path};
    return {path.substr(0, slash), path.substr(slash + 1)};
}

// A link with this target, in this directory of the image: does a relative one climb out?
bool climbs_out(std::string_view directory, std::string_view target) {
    if (target.starts_with('/')) return false;  // from the image's root
    long depth = directory.empty() ? 0 : 1 + std::count(directory.begin(), directory.end(), '/');
    while (!target.empty()) {
        const std::size_t end = std::min(target.find('/'), target.size());
        const std::string_view name = target.substr(0, end);
        if (name == "..") --depth;
        if (!name.empty() && name != "." && name != "..") ++depth;
        if (depth < 0) return true;
        target.remove_prefix(std::min(end + 1, target.size()));
    }
    return false;
}

// Goes away for what comes, but a directory for a directory.
Result<void> make_room(int parent, const std::string& name, bool for_directory) {
    struct stat there{};
    if (fstatat(parent, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) return {};
        return trouble(name);
    }
    if (for_directory && S_ISDIR(there.st_mode)) return {};
    return remove_all(parent, name);
}

}  // namespace

namespace {

constexpr unsigned most_levels = 64;

// Nothing: it was no directory, and is gone.
Result<Descriptor> unlink_or_open(int parent, const std::string& name) {
    if (unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return Descriptor();
    Descriptor directory(
        openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory) return trouble(name);
    // An image's directory may forbid it to whoever is not user 0.
    (void)fchmod(directory.get(), 0700);
    return directory;
}

// What is too deep for our descriptors goes to `top`, with a new name.
Result<void> remove_below(int top, int parent, const std::string& name, unsigned level) {
    static unsigned moved = 0;
    auto directory = unlink_or_open(parent, name);
    if (!directory) return std::unexpected(directory.error());
    if (!*directory) return {};
    for (const std::string& inner : names_in(directory->get())) {
        const std::string there = ".deep-" + std::to_string(moved);
        if (level == most_levels &&
            renameat(directory->get(), inner.c_str(), top, there.c_str()) == 0) {
            ++moved;
        } else if (auto done = remove_below(top, directory->get(), inner, level + 1); !done) {
            return done;
        }
    }
    if (unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0) return trouble(name);
    return {};
}

}  // namespace

Result<void> remove_all(int parent, const std::string& name) {
    auto directory = unlink_or_open(parent, name);
    if (!directory) return std::unexpected(directory.error());
    if (!*directory) return {};
    for (auto names = names_in(directory->get()); !names.empty();
         names = names_in(directory->get())) {
        for (const std::string& inner : names) {
            if (auto done = remove_below(directory->get(), directory->get(), inner, 0); !done)
                return done;
        }
    }
    if (unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0) return trouble(name);
    return {};
}

Result<int> open_directory(int root, std::string_view path, bool make) {
    constexpr int how = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    Descriptor at(openat(root, ".", how));
    if (!at) return trouble(path);
    for (std::string_view rest = path; !rest.empty();) {
        const std::size_t end = std::min(rest.find('/'), rest.size());
        const std::string name(rest.substr(0, end));
        if (make && mkdirat(at.get(), name.c_str(), 0755) != 0 && errno != EEXIST)
            return trouble(path);
        Descriptor next(openat(at.get(), name.c_str(), how));
        if (!next && (errno == ELOOP || errno == ENOTDIR))
            return std::unexpected("'" + std::string(path) + "' leads through a link or a file");
        if (!next) return trouble(path);
        at = std::move(next);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return at.release();
}

namespace {

// The data of a layer's latest entry.
class EntryData final : public Source {
public:
    explicit EntryData(TarReader& layer) : layer_(layer) {}
    Result<std::size_t> read(std::span<std::byte> to) override { return layer_.read(to); }

private:
    TarReader& layer_;
};

}  // namespace

Result<void> Tree::apply(TarReader& layer) {
    EntryData data(layer);
    of_this_layer_.clear();
    path_bytes_ = 0;
    for (;;) {
        auto entry = layer.next();
        if (!entry) return std::unexpected(entry.error());
        if (!*entry) return {};
        const auto [directory, name] = split((*entry)->path);
        const bool removes = name.starts_with(whiteout);
        auto done = removes ? white_out(directory, name) : put(**entry, data);
        if (done && !removes) done = remember((*entry)->path);
        if (!done) return done;
    }
}

Result<void> Tree::count_entry() {
    if (++entries_ > most_entries)
        return std::unexpected("it has more files than an image may have");
    return {};
}

Result<void> Tree::put(const Entry& entry, Source& data) {
    if (auto counted = count_entry(); !counted) return counted;
    if (entry.path.empty()) {
        if (entry.kind == Entry::Kind::directory) return {};
        return std::unexpected("its root is no directory");
    }
    const auto [directory, name] = split(entry.path);
    auto opened = open_directory(root_, directory, true);
    if (!opened) return std::unexpected(opened.error());
    const Descriptor parent(*opened);
    if (auto done = make_room(parent.get(), name, entry.kind == Entry::Kind::directory); !done)
        return done;
    switch (entry.kind) {
        case Entry::Kind::file:      return add_file(parent.get(), name, entry, data);
        case Entry::Kind::hard_link: return add_hard_link(parent.get(), name, entry);
        case Entry::Kind::symbolic_link:
            if (entry.target.empty() || entry.target.contains('\0') ||
                climbs_out(directory, entry.target))
                return std::unexpected("'" + entry.path +
                                       "' is a link that leads out of the image");
            if (symlinkat(entry.target.c_str(), parent.get(), name.c_str()) != 0)
                return trouble(entry.path);
            return {};
        case Entry::Kind::directory: break;
    }
    if (mkdirat(parent.get(), name.c_str(), 0755) != 0 && errno != EEXIST)
        return trouble(entry.path);
    // Its owner must be able to go on filling it.
    if (fchmodat(parent.get(), name.c_str(), (entry.mode & kept_mode) | 0700, 0) != 0)
        return trouble(entry.path);
    return {};
}

Result<void> Tree::add_file(int parent, const std::string& name, const Entry& entry, Source& data) {
    const Descriptor file(
        openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return trouble(entry.path);
    std::array<std::byte, 16384> buffer;
    for (;;) {
        auto count = data.read(buffer);
        if (!count) return std::unexpected(count.error());
        if (*count == 0) break;
        if (!write_all(file.get(), std::span(buffer).first(*count))) return trouble(entry.path);
    }
    if (fchmod(file.get(), entry.mode & kept_mode) != 0) return trouble(entry.path);
    const timespec times[] = {{entry.modified, 0}, {entry.modified, 0}};
    (void)futimens(file.get(), times);
    return {};
}

Result<void> Tree::add_hard_link(int parent, const std::string& name, const Entry& entry) {
    const auto [directory, target] = split(entry.target);
    auto opened = open_directory(root_, directory, false);
    if (!opened) return std::unexpected(opened.error());
    const Descriptor from(*opened);
    struct stat there{};
    if (fstatat(from.get(), target.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0 ||
        S_ISDIR(there.st_mode))
        return std::unexpected("'" + entry.path + "' is a link to '" + entry.target +
                               "', which is no file of the image");
    if (linkat(from.get(), target.c_str(), parent, name.c_str(), 0) != 0)
        return trouble(entry.path);
    return {};
}

Result<void> Tree::remember(const std::string& path) {
    for (std::string at = path; !at.empty() && of_this_layer_.insert(at).second;
         at = split(at).first) {
        path_bytes_ += at.size();
    }
    if (path_bytes_ > most_path_bytes_)
        return std::unexpected("it has more and longer names than an image may have");
    return {};
}

Result<void> Tree::remove_lower(int parent, const std::string& path) {
    const std::string name = split(path).second;
    if (!of_this_layer_.contains(path)) return remove_all(parent, name);
    const Descriptor directory(
        openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory) return {};  // this layer's file has taken the place already
    for (const std::string& inner : names_in(directory.get())) {
        if (auto done = remove_lower(directory.get(), path + "/" + inner); !done) return done;
    }
    return {};
}

Result<void> Tree::white_out(const std::string& parent, std::string_view name) {
    if (auto counted = count_entry(); !counted) return counted;
    auto opened = open_directory(root_, parent, true);
    if (!opened) return std::unexpected(opened.error());
    const Descriptor directory(*opened);
    const std::string prefix = parent.empty() ? "" : parent + "/";
    std::vector<std::string> gone{std::string(name.substr(whiteout.size()))};
    if (name == opaque) {
        gone = names_in(directory.get());
    } else if (gone[0].empty() || gone[0] == "." || gone[0] == "..") {
        return std::unexpected("'" + std::string(name) + "' removes nothing that can be");
    }
    for (const std::string& one : gone) {
        if (auto done = remove_lower(directory.get(), prefix + one); !done) return done;
    }
    return {};
}

std::string Tree::resolved(std::string path) const {
    std::string done;
    int links = 0;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        const std::string name = path.substr(0, end);
        path.erase(0, std::min(end + 1, path.size()));
        if (name.empty() || name == ".") continue;
        if (name == "..") {
            done.resize(done.contains('/') ? done.rfind('/') : 0);
            continue;
        }
        const std::string next = done.empty() ? name : done + "/" + name;
        std::array<char, 4096> target;
        const ssize_t length = readlinkat(root_, next.c_str(), target.data(), target.size());
        if (length < 0) {
            done = next;
            continue;
        }
        if (++links > most_links) return {};
        const std::string_view text(target.data(), static_cast<std::size_t>(length));
        if (text.starts_with('/')) done.clear();
        path = std::string(text) + "/" + path;
    }
    return done;
}

bool Tree::is_program(std::string_view path) const {
    struct stat there{};
    const std::string real = resolved(std::string(path));
    return !real.empty() && fstatat(root_, real.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(there.st_mode) && (there.st_mode & 0111) != 0;
}

bool Tree::is_directory(const std::string& path) const {
    struct stat there{};
    return path.empty() || (fstatat(root_, path.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
                            S_ISDIR(there.st_mode));
}

Result<std::string> Tree::text_of(std::string_view path, std::size_t most) const {
    const std::string real = resolved(std::string(path));
    if (real.empty()) return "";
    const Descriptor file(openat(root_, real.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file) return "";
    return read_text(file.get(), most);
}

}  // namespace oci
