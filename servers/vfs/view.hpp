// SPDX-License-Identifier: MIT
// A view: which file system is where, and as whom its holder acts.
//
// Paths in views are kept in one form: "" for the root, else "/a/b": absolute, no empty component,
// no "." and "..", no slash at the end.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "servers/vfs/grants.hpp"
#include "servers/vfs/uses.hpp"

namespace vfs {

struct Mount {
    std::string path;  // in the view
    FileSystemPointer file_system;
    std::string start;  // what of the file system is seen: a path relative to its root
    bool read_only = false;
    bool per_view = false;     // names::Mount
    bool is_own = false;       // this view's own branch, where that is so
    bool replaceable = false;  // names::Access::given
};

// Does `path` lie at or below `base`?
constexpr bool lies_in(std::string_view path, std::string_view base) {
    if (path.size() < base.size() || (path.size() > base.size() && path[base.size()] != '/')) {
        return false;
    }
    return base.empty() || path.starts_with(base);
}

class View {
public:
    fs::Identity identity;
    bool is_manager = false;
    bool is_open = false;  // more names will be granted
    // What the view is confined to: its own grants last, and before those what its parents are. Without
    // any, all that the mounts show may be used.
    std::vector<Shared<Grants>> layers;
    Shared<Uses> uses;  // none: it is not traced

    // The mount that a path belongs to; nullptr only in a view without a root.
    [[nodiscard]] const Mount* covering(std::string_view path) const;
    [[nodiscard]] const Mount* mounted_at(std::string_view path) const;
    // Is something mounted at this path or below?
    [[nodiscard]] bool has_mount_in(std::string_view path) const;
    // Over whatever was mounted there.
    void mount(Mount mount);
    bool unmount(std::string_view path);
    // At this path and below.
    void unmount_all(std::string_view path);
    [[nodiscard]] bool is_traced() const { return uses != Shared<Uses>{}; }
    void note(std::string_view path, std::uint8_t rights) const {
        if (is_traced()) {
            uses->add(path.empty() ? "/" : path, rights);
        }
    }
    // Of a mount that is per view, and not this one's own: a branch takes its place.
    Result<void> branch(std::string_view path);
    // What may be done with a path, as far as the first `count` layers say.
    [[nodiscard]] std::uint8_t rights(std::string_view path, std::size_t count) const;
    [[nodiscard]] const std::vector<Mount>& mounts() const { return mounts_; }

private:
    std::vector<Mount> mounts_;
};

}  // namespace vfs
