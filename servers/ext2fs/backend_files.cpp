// SPDX-License-Identifier: MIT
// Contents of files.
#include <algorithm>
#include <array>
#include <cstring>

#include "libs/base/align.hpp"
#include "servers/ext2fs/backend.hpp"

namespace ext2 {
namespace {

constexpr std::size_t load_bytes = 256 << 10;  // read at once on the way to a page cache

}  // namespace

// The block's place on the disk; 0 for a hole.
Result<std::uint64_t> Ext2Backend::block_at(DiskInode& inode, std::uint64_t block, bool allocate) {
    blk64_t physical = 0;
    TRY(volume_.check(ext2fs_bmap2(volume_.fs(), number_of(inode.inode()), inode.raw(), nullptr,
                                   allocate ? BMAP_ALLOC : 0, block, nullptr, &physical)));
    return physical;
}

// Neighbouring blocks in one request.
Result<void> Ext2Backend::read_blocks(DiskInode& inode, std::uint64_t offset,
                                      std::span<std::byte> buffer) {
    const std::uint32_t block_bytes = volume_.block_bytes();
    while (!buffer.empty()) {
        const std::uint64_t first = offset / block_bytes;
        const std::size_t within = offset % block_bytes;
        const std::uint64_t physical = TRY(block_at(inode, first, false));
        std::size_t length = std::min<std::size_t>(block_bytes - within, buffer.size());
        for (std::uint64_t next = 1; length < buffer.size(); ++next) {
            const std::uint64_t expected = physical == 0 ? 0 : physical + next;
            if (TRY(block_at(inode, first + next, false)) != expected) {
                break;
            }
            length = std::min<std::size_t>(length + block_bytes, buffer.size());
        }
        if (physical == 0) {
            std::ranges::fill(buffer.first(length), std::byte{});
        } else {
            const Status bad =
                volume_.cache().read(physical * block_bytes + within, buffer.first(length));
            if (bad != Status::ok) {
                return base::fail(bad);
            }
        }
        buffer = buffer.subspan(length);
        offset += length;
    }
    return {};
}

Result<std::size_t> Ext2Backend::read(Inode inode, std::uint64_t offset,
                                      std::span<std::byte> buffer) {
    DiskInode disk = TRY(DiskInode::read(volume_, inode));
    if (offset >= disk.size()) {
        return std::size_t{0};
    }
    const std::size_t length = std::min<std::uint64_t>(buffer.size(), disk.size() - offset);
    const auto live = live_.find(inode.value());
    if (live != live_.end() && live->second.data) {
        live->second.used = ++uses_;
        TRY(live->second.data->read(offset, buffer.first(length)));
    } else {
        TRY(read_blocks(disk, offset, buffer.first(length)));
    }
    return length;
}

// Blocks that were holes are zero around what is written. Stops early, without an error, when the
// disk is full.
Result<std::size_t> Ext2Backend::write_blocks(DiskInode& inode, std::uint64_t offset,
                                              std::span<const std::byte> data) {
    const std::uint32_t block_bytes = volume_.block_bytes();
    std::size_t done = 0;
    while (done < data.size()) {
        const std::uint64_t block = (offset + done) / block_bytes;
        const std::size_t within = (offset + done) % block_bytes;
        const std::size_t length = std::min<std::size_t>(block_bytes - within, data.size() - done);
        const bool fresh = TRY(block_at(inode, block, false)) == 0;
        if (fresh && !volume_.has_room()) {
            if (done != 0) {
                break;
            }
            return base::fail(Status::no_space);
        }
        const std::uint64_t place = TRY(block_at(inode, block, true)) * block_bytes;
        if (fresh && length != block_bytes) {
            const std::vector<std::byte> zeros(block_bytes);
            if (const Status bad = volume_.cache().write(place, zeros); bad != Status::ok) {
                return base::fail(bad);
            }
        }
        const Status bad = volume_.cache().write(place + within, data.subspan(done, length));
        if (bad != Status::ok) {
            return base::fail(bad);
        }
        done += length;
    }
    return done;
}

Result<std::size_t> Ext2Backend::write(Inode inode, std::uint64_t offset,
                                       std::span<const std::byte> data) {
    if (data.empty()) {
        return std::size_t{0};
    }
    // Asking the disk uses the message page, where the data may lie.
    std::array<std::byte, 4096> kept;
    const std::size_t length = std::min(data.size(), kept.size());
    std::ranges::copy(data.first(length), kept.begin());
    TRY(volume_.begin_change());
    DiskInode disk = TRY(DiskInode::read(volume_, inode));
    const std::size_t count = TRY(write_blocks(disk, offset, std::span{kept}.first(length)));
    const std::uint64_t end = offset + count;
    if (end > disk.size()) {
        TRY(volume_.check(ext2fs_inode_size_set(volume_.fs(), disk.raw(), end)));
    }
    const fs::Timestamp now = clock_.now();
    disk.set_modified(now);
    disk.set_changed(now);
    TRY(disk.write(volume_));
    const auto live = live_.find(inode.value());
    if (live != live_.end() && live->second.data) {
        TRY(live->second.data->resize(disk.size()));
        TRY(live->second.data->write(offset, std::span{kept}.first(count)));
    }
    return count;
}

Result<void> Ext2Backend::truncate(Inode inode, std::uint64_t size) {
    TRY(volume_.begin_change());
    DiskInode disk = TRY(DiskInode::read(volume_, inode));
    const std::uint32_t block_bytes = volume_.block_bytes();
    if (size < disk.size()) {
        const std::size_t within = size % block_bytes;
        if (within != 0 && TRY(block_at(disk, size / block_bytes, false)) != 0) {
            const std::vector<std::byte> zeros(block_bytes - within);
            TRY(write_blocks(disk, size, zeros));
        }
        const std::uint64_t first = base::align_up(size, block_bytes) / block_bytes;
        TRY(volume_.check(
            ext2fs_punch(volume_.fs(), number_of(inode), disk.raw(), nullptr, first, ~blk64_t{0})));
    }
    TRY(volume_.check(ext2fs_inode_size_set(volume_.fs(), disk.raw(), size)));
    const fs::Timestamp now = clock_.now();
    disk.set_modified(now);
    disk.set_changed(now);
    TRY(disk.write(volume_));
    const auto live = live_.find(inode.value());
    if (live != live_.end() && live->second.data) {
        TRY(live->second.data->resize(size));
    }
    return {};
}

// Only inside the file: blocks beyond the end are something that ext2 does not have.
Result<void> Ext2Backend::allocate(Inode inode, std::uint64_t offset, std::uint64_t length) {
    TRY(volume_.begin_change());
    DiskInode disk = TRY(DiskInode::read(volume_, inode));
    const std::uint32_t block_bytes = volume_.block_bytes();
    const std::uint64_t end = std::min(disk.size(), offset + length);
    const std::vector<std::byte> zeros(block_bytes);
    for (std::uint64_t at = base::align_down(offset, block_bytes); at < end; at += block_bytes) {
        if (TRY(block_at(disk, at / block_bytes, false)) == 0) {
            TRY(write_blocks(disk, at, zeros));
        }
    }
    return disk.write(volume_);
}

Result<void> Ext2Backend::load(DiskInode& inode, fs_server::FileData& data) {
    TRY(data.resize(inode.size()));
    std::vector<std::byte> buffer(std::min<std::uint64_t>(inode.size(), load_bytes));
    for (std::uint64_t at = 0; at < inode.size(); at += buffer.size()) {
        const auto piece =
            std::span{buffer}.first(std::min<std::uint64_t>(inode.size() - at, buffer.size()));
        TRY(read_blocks(inode, at, piece));
        TRY(data.write(at, piece));
    }
    return {};
}

// The page cache that was unused for the longest time goes. no_memory: there is none that could.
Result<void> Ext2Backend::make_room_for_data() {
    auto oldest = live_.end();
    for (auto at = live_.begin(); at != live_.end(); ++at) {
        const bool may_go = at->second.data && at->second.holds == 0;
        if (may_go && (oldest == live_.end() || at->second.used < oldest->second.used)) {
            oldest = at;
        }
    }
    if (oldest == live_.end()) {
        return base::fail(Status::no_memory);
    }
    if (oldest->second.written_behind) {
        TRY(write_back(Inode{oldest->first}, oldest->second));
    }
    live_.erase(oldest);
    return {};
}

Result<fs_server::MappedFile> Ext2Backend::map(Inode inode, bool writable) {
    if (writable && volume_.read_only()) {
        return base::fail(Status::read_only);
    }
    DiskInode disk = TRY(DiskInode::read(volume_, inode));
    Live& live = live_[inode.value()];
    live.used = ++uses_;
    while (!live.data) {
        auto data = TRY(store_.make());
        const auto loaded = load(disk, *data);
        if (loaded) {
            live.data = std::move(data);
        } else if (loaded.error() == Status::no_space) {
            TRY(make_room_for_data());  // this file is open, and so stays
        } else {
            return base::fail(loaded.error());
        }
    }
    live.written_behind = live.written_behind || writable;
    auto mapped = TRY(live.data->map(writable));
    mapped.size = disk.size();
    return mapped;
}

// What somebody has written into the page cache goes to the disk's blocks.
Result<void> Ext2Backend::write_back(Inode inode, Live& live) {
    TRY(volume_.begin_change());
    DiskInode disk = TRY(DiskInode::read(volume_, inode));
    std::array<std::byte, 4096> cached;
    std::array<std::byte, 4096> stored;
    bool changed = false;
    for (std::uint64_t at = 0; at < disk.size(); at += cached.size()) {
        const std::size_t length = std::min<std::uint64_t>(cached.size(), disk.size() - at);
        const auto now = std::span{cached}.first(length);
        const auto before = std::span{stored}.first(length);
        TRY(live.data->read(at, now));
        TRY(read_blocks(disk, at, before));
        if (!std::ranges::equal(now, before)) {
            TRY(write_blocks(disk, at, now));
            changed = true;
        }
    }
    if (changed) {
        disk.set_modified(clock_.now());
        TRY(disk.write(volume_));
    }
    return {};
}

Result<void> Ext2Backend::sync(Inode inode, bool) {
    const auto live = live_.find(inode.value());
    if (live != live_.end() && live->second.written_behind) {
        TRY(write_back(inode, live->second));
    }
    return volume_.flush();
}

Result<void> Ext2Backend::sync_all() {
    for (auto& [number, live] : live_) {
        if (live.written_behind && !live.orphan) {
            TRY(write_back(Inode{number}, live));
        }
    }
    return volume_.flush();
}

}  // namespace ext2
