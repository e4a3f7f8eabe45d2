// SPDX-License-Identifier: MIT
#include "libs/fs_server/open_files.hpp"

#include <algorithm>
#include <utility>

namespace fs_server {

Result<std::uint64_t> OpenFiles::add(const OpenFile& file) {
    if (free_.empty()) {
        if (files_.size() >= most) {
            return base::fail(Status::limit);
        }
        files_.push_back(std::make_unique<OpenFile>());
        free_.push_back(static_cast<std::uint32_t>(files_.size() - 1));
    }
    const std::uint32_t place = free_.back();
    free_.pop_back();
    *files_[place] = file;
    file.backend->hold(file.inode);
    return std::uint64_t{place} + 1;
}

OpenFile* OpenFiles::find(std::uint64_t badge) {
    if (badge == 0 || badge > files_.size() || files_[badge - 1]->backend == nullptr) {
        return nullptr;
    }
    return files_[badge - 1].get();
}

void OpenFiles::empty(std::uint64_t badge) {
    if (OpenFile* file = find(badge)) {
        std::exchange(file->backend, nullptr)->release(file->inode);
    }
}

bool OpenFiles::is_empty(std::uint64_t badge, std::uint64_t entrance) const {
    if (badge == 0 || badge > files_.size() || entrance == 0) {
        return false;
    }
    const OpenFile& file = *files_[badge - 1];
    return file.backend == nullptr && file.entrance == entrance;
}

void OpenFiles::fill(std::uint64_t badge, const OpenFile& file) {
    *files_[badge - 1] = file;
    file.backend->hold(file.inode);
}

void OpenFiles::remove(std::uint64_t badge) {
    if (badge == 0 || badge > files_.size()) {
        return;
    }
    OpenFile& file = *files_[badge - 1];
    if (file.backend == nullptr && file.entrance == 0) {
        return;  // free
    }
    empty(badge);
    file.entrance = 0;
    free_.push_back(static_cast<std::uint32_t>(badge - 1));
}

std::size_t OpenFiles::heard(const Watched& what) const {
    return static_cast<std::size_t>(std::ranges::count_if(files_, [&](const auto& file) {
        return file->backend == what.backend && file->inode == what.inode && file->is_heard();
    }));
}

void OpenFiles::move(const Watched& what, const Place& from, const Place& to) {
    for (const auto& file : files_) {
        if (file->backend == what.backend && file->inode == what.inode &&
            file->parent == from.directory && (!file->name_known || file->name == from.name)) {
            file->parent = to.directory;
            file->name_known = false;
            file->name.clear();
        }
    }
}

bool OpenFiles::uses(const Backend& backend) const {
    return std::ranges::any_of(files_, [&](const auto& file) { return file->backend == &backend; });
}

}  // namespace fs_server
