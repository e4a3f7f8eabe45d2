// SPDX-License-Identifier: MIT
#include "libs/fs_server/locks.hpp"

namespace fs_server {
namespace {

bool overlaps(const FileLock& a, const FileLock& b) {
    return a.backend == b.backend && a.inode == b.inode && a.start < b.end && b.start < a.end;
}

}  // namespace

std::optional<FileLock> Locks::conflict(const FileLock& wanted) const {
    for (const FileLock& lock : locks_) {
        if (overlaps(lock, wanted) && !lock.owner.same(wanted.owner) &&
            (lock.exclusive || wanted.exclusive)) {
            return lock;
        }
    }
    return std::nullopt;
}

// Takes the range out of the owner's locks; a lock that sticks out at both ends becomes two.
void Locks::cut(const FileLock& range) {
    std::vector<FileLock> tails;
    std::erase_if(locks_, [&](FileLock& lock) {
        if (!overlaps(lock, range) || !lock.owner.same(range.owner)) {
            return false;
        }
        if (lock.end > range.end) {
            FileLock tail = lock;
            tail.start = range.end;
            tails.push_back(tail);
        }
        lock.end = range.start;
        return lock.start >= lock.end;
    });
    locks_.insert(locks_.end(), tails.begin(), tails.end());
}

Status Locks::set(const FileLock& lock) {
    if (locks_.size() + 2 > most) {
        return Status::limit;
    }
    cut(lock);
    locks_.push_back(lock);
    return Status::ok;
}

Status Locks::clear(const FileLock& range) {
    if (locks_.size() + 1 > most) {
        return Status::limit;
    }
    cut(range);
    return Status::ok;
}

bool Locks::drop(std::uint64_t description) {
    return !locks_.empty() && std::erase_if(locks_, [&](const FileLock& lock) {
                                  return lock.owner.description == description;
                              }) != 0;
}

}  // namespace fs_server
