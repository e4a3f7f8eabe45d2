// SPDX-License-Identifier: MIT
#include "libs/fs_server/open_files.hpp"

#include <algorithm>

namespace fs_server {

Result<std::uint64_t> OpenFiles::add(const OpenFile& file) {
    if (free_.empty()) {
        if (files_.size() >= most) {
            return base::fail(Status::limit);
        }
        files_.emplace_back();
        free_.push_back(static_cast<std::uint32_t>(files_.size() - 1));
    }
    const std::uint32_t place = free_.back();
    free_.pop_back();
    files_[place] = std::make_unique<OpenFile>(file);
    file.backend->hold(file.inode);
    return std::uint64_t{place} + 1;
}

OpenFile* OpenFiles::find(std::uint64_t badge) {
    return badge == 0 || badge > files_.size() ? nullptr : files_[badge - 1].get();
}

void OpenFiles::remove(std::uint64_t badge) {
    if (const OpenFile* file = find(badge)) {
        file->backend->release(file->inode);
        files_[badge - 1].reset();
        free_.push_back(static_cast<std::uint32_t>(badge - 1));
    }
}

bool OpenFiles::uses(const Backend& backend) const {
    return std::ranges::any_of(files_,
                               [&](const auto& file) { return file && file->backend == &backend; });
}

}  // namespace fs_server
