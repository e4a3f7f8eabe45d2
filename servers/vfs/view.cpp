// SPDX-License-Identifier: MIT
#include "servers/vfs/view.hpp"

#include <algorithm>

namespace vfs {

const Mount* View::covering(std::string_view path) const {
    const Mount* best = nullptr;
    for (const Mount& mount : mounts_) {
        if (lies_in(path, mount.path) &&
            (best == nullptr || mount.path.size() > best->path.size())) {
            best = &mount;
        }
    }
    return best;
}

const Mount* View::mounted_at(std::string_view path) const {
    const auto found = std::ranges::find(mounts_, path, &Mount::path);
    return found == mounts_.end() ? nullptr : &*found;
}

bool View::has_mount_in(std::string_view path) const {
    return std::ranges::any_of(mounts_, [&](const Mount& m) { return lies_in(m.path, path); });
}

void View::mount(Mount mount) {
    unmount(mount.path);
    mounts_.push_back(std::move(mount));
}

bool View::unmount(std::string_view path) {
    return std::erase_if(mounts_, [&](const Mount& m) { return m.path == path; }) != 0;
}

void View::unmount_all(std::string_view path) {
    std::erase_if(mounts_, [&](const Mount& m) { return lies_in(m.path, path); });
}

std::uint8_t View::rights(std::string_view path, std::size_t count) const {
    std::uint8_t rights = Rights::all;
    for (std::size_t i = 0; i < count && rights != 0; ++i) {
        rights &= layers[i]->at(path).rights;
    }
    return rights;
}

Result<void> View::branch(std::string_view path) {
    const auto found = std::ranges::find(mounts_, path, &Mount::path);
    if (found == mounts_.end()) {
        return base::fail(Status::not_found);
    }
    auto answer = TRY(found->file_system->ask(names::Branch{}, {}));
    found->file_system =
        make_file_system<DirectoryFileSystem>(answer.capabilities.take<fs::Directory>(0));
    found->is_own = true;
    return {};
}

}  // namespace vfs
