// SPDX-License-Identifier: MIT
#include "servers/ext2fs/inode_table.hpp"

namespace ext2 {

LiveInode* InodeTable::find(Inode inode) {
    const auto found = live_.find(inode.value());
    if (found == live_.end()) {
        return nullptr;
    }
    found->second.used = ++uses_;
    return &found->second;
}

Result<LiveInode*> InodeTable::get(Inode inode) {
    if (LiveInode* live = find(inode)) {
        return live;
    }
    const DiskInode disk = TRY(DiskInode::read(volume_, inode));
    LiveInode& live = live_.emplace(inode.value(), LiveInode{disk}).first->second;
    live.used = ++uses_;
    return &live;
}

LiveInode& InodeTable::add(const DiskInode& inode) {
    live_.erase(inode.inode().value());
    LiveInode& live = live_.emplace(inode.inode().value(), LiveInode{inode}).first->second;
    live.used = ++uses_;
    live.dirty = true;
    return live;
}

Result<void> InodeTable::write(LiveInode& live) {
    if (live.dirty) {
        TRY(live.disk.write(volume_));
        live.dirty = false;
    }
    return {};
}

Result<void> InodeTable::write_all() {
    for (auto& [number, live] : live_) {
        TRY(write(live));
    }
    return {};
}

void InodeTable::trim() {
    if (live_.size() <= many && volume_.names_in_memory() <= many_names) {
        return;
    }
    const std::uint64_t recent = uses_ - std::min<std::uint64_t>(uses_, many / 4);
    for (auto at = live_.begin(); at != live_.end();) {
        LiveInode& live = at->second;
        const bool may_go = live.holds == 0 && !live.data && live.used < recent && write(live);
        at = may_go ? live_.erase(at) : std::next(at);
    }
}

}  // namespace ext2
