// SPDX-License-Identifier: MIT
#include "libs/fs_server/locks.hpp"

#include <iterator>

namespace fs_server {

// The first that does not end before `start`.
template <class Map>
auto Locks::first_after(Map& ranges, std::uint64_t start) {
    auto at = ranges.upper_bound(start);
    if (at != ranges.begin() && std::prev(at)->second.end > start) {
        --at;
    }
    return at;
}

std::optional<FileLock> Locks::conflict(const FileLock& wanted) const {
    const auto file = files_.find(wanted.file);
    if (file == files_.end()) {
        return std::nullopt;
    }
    for (const auto& [owner, ranges] : file->second) {
        if (owner == wanted.owner.key()) {
            continue;
        }
        for (auto at = first_after(ranges, wanted.start);
             at != ranges.end() && at->first < wanted.end; ++at) {
            const auto& [start, range] = *at;
            if (range.exclusive || wanted.exclusive) {
                return FileLock{.file = wanted.file,
                                .owner = {.process = owner.first, .description = range.description},
                                .start = start,
                                .end = range.end,
                                .exclusive = range.exclusive};
            }
        }
    }
    return std::nullopt;
}

// Takes the range out of the owner's locks; a lock that sticks out at both ends becomes two.
void Locks::cut(Ranges& ranges, const FileLock& range) {
    count_ -= ranges.size();
    auto at = first_after(ranges, range.start);
    while (at != ranges.end() && at->first < range.end) {
        const auto [start, lock] = *at;
        at = ranges.erase(at);
        if (lock.end > range.end) {
            at = ranges.emplace(range.end, lock).first;
        }
        if (start < range.start) {
            ranges.emplace(start, lock).first->second.end = range.start;
        }
    }
    count_ += ranges.size();
}

Status Locks::set(const FileLock& lock) {
    if (count_ + 2 > most) {
        return Status::limit;
    }
    Ranges& ranges = files_[lock.file][lock.owner.key()];
    if (ranges.size() + 2 > most_of_one) {
        return Status::limit;
    }
    cut(ranges, lock);
    ranges[lock.start] = {
        .end = lock.end, .description = lock.owner.description, .exclusive = lock.exclusive};
    ++count_;
    return Status::ok;
}

Status Locks::clear(const FileLock& range) {
    const auto file = files_.find(range.file);
    if (file == files_.end()) {
        return Status::ok;
    }
    const auto owner = file->second.find(range.owner.key());
    if (owner == file->second.end()) {
        return Status::ok;
    }
    if (count_ + 1 > most) {
        return Status::limit;
    }
    cut(owner->second, range);
    if (owner->second.empty()) {
        file->second.erase(owner);
    }
    if (file->second.empty()) {
        files_.erase(file);
    }
    return Status::ok;
}

bool Locks::drop(const LockedFile& file, std::uint64_t description) {
    const auto found = files_.find(file);
    if (found == files_.end()) {
        return false;
    }
    std::size_t dropped = 0;
    std::erase_if(found->second, [&](auto& owner) {
        dropped += std::erase_if(owner.second, [description](const auto& range) {
            return range.second.description == description;
        });
        return owner.second.empty();
    });
    if (found->second.empty()) {
        files_.erase(found);
    }
    count_ -= dropped;
    return dropped != 0;
}

}  // namespace fs_server
