// SPDX-License-Identifier: MIT
#include "servers/ext2fs/page_cache.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "libs/base/align.hpp"
#include "servers/ext2fs/blocks.hpp"

namespace ext2 {
namespace {

constexpr std::size_t load_bytes = 256 << 10;  // read at once on the way into memory

bool no_memory(Status status) { return status == Status::no_space || status == Status::no_memory; }

// What 12 direct, one indirect, one double and one triple indirect block can reach, and what the count
// of sectors in an inode can say.
std::uint64_t largest_file(const Volume& volume) {
    const std::uint64_t numbers = volume.block_bytes() / 4;
    const std::uint64_t blocks =
        EXT2_NDIR_BLOCKS + numbers + numbers * numbers + numbers * numbers * numbers;
    constexpr std::uint64_t two_tebibytes = std::uint64_t{1} << 41;
    return std::min(blocks, two_tebibytes / volume.block_bytes() - 1) * volume.block_bytes();
}

}  // namespace

Result<void> PageCache::read(LiveInode& live, std::uint64_t offset, std::span<std::byte> buffer) {
    if (live.data) {
        return live.data->read(offset, buffer);
    }
    return read_blocks(volume_, live.disk, offset, buffer);
}

Result<void> PageCache::fill(LiveInode& live, fs_server::FileData& data) {
    const std::uint64_t size = live.disk.size();
    TRY(data.resize(size));
    std::vector<std::byte> buffer(std::min<std::uint64_t>(size, load_bytes));
    for (std::uint64_t at = 0; at < size; at += buffer.size()) {
        const auto piece =
            std::span{buffer}.first(std::min<std::uint64_t>(size - at, buffer.size()));
        TRY(read_blocks(volume_, live.disk, at, piece));
        TRY(data.write(at, piece));
    }
    return {};
}

Result<void> PageCache::load(LiveInode& live) {
    // One file shall not push out everything else.
    if (live.disk.size() > memory_limit() / 2) {
        return live.data ? Result<void>{} : base::fail(Status::too_big);
    }
    while (!live.data) {
        auto data = store_.make();
        auto filled = data ? fill(live, **data) : Result<void>{base::fail(data.error())};
        if (filled && files_ < many_files) {
            live.data = std::move(*data);
            ++files_;
        } else if (filled || no_memory(filled.error())) {
            TRY(make_room(live));
        } else {
            return filled;
        }
    }
    return {};
}

// The file that was unused for the longest time goes. no_memory: there is none that could.
Result<void> PageCache::make_room(const LiveInode& but) {
    LiveInode* oldest = nullptr;
    for (auto& [number, live] : inodes_.all()) {
        const bool may_go = live.data && live.holds == 0 && &live != &but;
        if (may_go && (oldest == nullptr || live.used < oldest->used)) {
            oldest = &live;
        }
    }
    if (oldest == nullptr) {
        return base::fail(Status::no_memory);
    }
    TRY(flush(*oldest, true));
    drop(*oldest);
    return {};
}

void PageCache::drop(LiveInode& live) {
    forget_pages(live, 0);
    files_ -= live.data ? 1 : 0;
    live.data.reset();
    live.written_behind = false;
}

void PageCache::mark_dirty(LiveInode& live, std::uint64_t first, std::uint64_t end) {
    for (std::uint64_t page = first / page_bytes; page * page_bytes < end; ++page) {
        dirty_pages_ += live.dirty_pages.insert(page).second ? 1 : 0;
    }
}

void PageCache::forget_pages(LiveInode& live, std::uint64_t first) {
    const auto from = live.dirty_pages.lower_bound(first);
    dirty_pages_ -= static_cast<std::size_t>(std::distance(from, live.dirty_pages.end()));
    live.dirty_pages.erase(from, live.dirty_pages.end());
}

bool PageCache::wants_memory(const LiveInode& live) const {
    return !live.data && live.disk.size() <= worth_loading;
}

Result<std::size_t> PageCache::write(LiveInode& live, std::uint64_t offset,
                                     std::span<const std::byte> data) {
    if (!base::range_fits(offset, data.size(), largest_file(volume_))) {
        return base::fail(Status::too_big);
    }
    if (wants_memory(live)) {
        (void)load(live);  // without memory it goes to the blocks
    }
    while (live.data) {
        const auto written = write_memory(live, offset, data);
        if (written || !no_memory(written.error()) || !volume_.has_room()) {
            return written;
        }
        if (!make_room(live)) {
            TRY(flush(live, true));
            drop(live);
        }
    }
    const std::size_t count = TRY(write_blocks(volume_, live.disk, offset, data));
    if (offset + count > live.disk.size()) {
        TRY(volume_.check(ext2fs_inode_size_set(volume_.fs(), live.disk.raw(), offset + count)));
    }
    return count;
}

Result<std::size_t> PageCache::write_memory(LiveInode& live, std::uint64_t offset,
                                            std::span<const std::byte> data) {
    const std::uint64_t size = live.disk.size();
    if (std::max(offset + data.size(), size) > memory_limit() / 2) {
        return base::fail(Status::no_memory);
    }
    live.dirty = true;
    const std::size_t count = TRY(allocate_blocks(volume_, live.disk, offset, data.size()));
    const std::uint64_t end = offset + count;
    if (end > size) {
        TRY(live.data->resize(end));
    }
    const auto written = live.data->write(offset, data.first(count));
    if (!written) {
        if (end > size) {
            TRY(live.data->resize(size));
        }
        return base::fail(written.error());
    }
    if (offset + count > size) {
        TRY(volume_.check(ext2fs_inode_size_set(volume_.fs(), live.disk.raw(), offset + count)));
    }
    mark_dirty(live, offset, offset + count);
    if (dirty_pages_ * page_bytes > memory_limit() / 2) {
        TRY(flush_all(false));
    }
    return count;
}

// The last block's rest, which is zero from now on, must be so on the disk, too.
Result<void> PageCache::cut(LiveInode& live, std::uint64_t size) {
    const std::uint32_t block_bytes = volume_.block_bytes();
    const bool cuts_block = size % block_bytes != 0 &&
                            TRY(block_at(volume_, live.disk, size / block_bytes, false)) != 0;
    if (cuts_block && !live.data) {
        const std::vector<std::byte> zeros(block_bytes - size % block_bytes);
        TRY(write_blocks(volume_, live.disk, size, zeros));
    }
    const std::uint64_t first = base::align_up(size, block_bytes) / block_bytes;
    TRY(live.disk.write(volume_));
    TRY(volume_.check(ext2fs_punch(volume_.fs(), number_of(live.number()), live.disk.raw(), nullptr,
                                   first, ~blk64_t{0})));
    if (live.data) {
        TRY(live.data->resize(size));
        forget_pages(live, base::align_up(size, page_bytes) / page_bytes);
        if (cuts_block) {
            mark_dirty(live, size, size + 1);
        }
    }
    return {};
}

Result<void> PageCache::truncate(LiveInode& live, std::uint64_t size) {
    const std::uint64_t old_size = live.disk.size();
    if (size > largest_file(volume_)) {
        return base::fail(Status::too_big);
    }
    live.dirty = true;
    if (size < old_size) {
        TRY(cut(live, size));
    } else if (live.data && (size > memory_limit() / 2 || !live.data->resize(size))) {
        TRY(flush(live, true));
        drop(live);
    }
    return volume_.check(ext2fs_inode_size_set(volume_.fs(), live.disk.raw(), size));
}

Result<bool> PageCache::is_zero(LiveInode& live, std::uint64_t offset, std::uint64_t length) {
    std::array<std::byte, page_bytes> bytes;
    const auto piece = std::span{bytes}.first(length);
    TRY(live.data->read(offset, piece));
    return std::ranges::all_of(piece, [](std::byte byte) { return byte == std::byte{}; });
}

Result<void> PageCache::emit(LiveInode& live, Run& run) {
    if (run.length == 0) {
        return {};
    }
    const auto buffer = volume_.cache().device().buffer().first(run.length);
    const std::uint64_t inside = std::min(run.length, live.disk.size() - run.offset);
    TRY(live.data->read(run.offset, buffer.first(inside)));
    std::ranges::fill(buffer.subspan(inside), std::byte{});
    const Status bad = volume_.cache().write_buffer(run.place, run.length);
    if (bad != Status::ok) {
        return base::fail(bad);
    }
    run = {};
    return {};
}

// Adds the page's blocks to the run, which goes to the disk when they do not continue it.
Result<void> PageCache::flush_page(LiveInode& live, std::uint64_t page, Run& run) {
    const std::uint32_t block_bytes = volume_.block_bytes();
    const std::uint64_t end = std::min((page + 1) * page_bytes, live.disk.size());
    for (std::uint64_t at = page * page_bytes; at < end; at += block_bytes) {
        std::uint64_t physical = TRY(block_at(volume_, live.disk, at / block_bytes, false));
        if (physical == 0) {
            // Through a mapping one can write where there was no block.
            if (TRY(is_zero(live, at, std::min<std::uint64_t>(block_bytes, end - at)))) {
                continue;
            }
            if (!volume_.has_room()) {
                return base::fail(Status::no_space);
            }
            physical = TRY(block_at(volume_, live.disk, at / block_bytes, true));
            live.dirty = true;
        }
        const bool continues = run.length != 0 &&
                               physical * block_bytes == run.place + run.length &&
                               at == run.offset + run.length &&
                               run.length + block_bytes <= volume_.cache().device().buffer().size();
        if (!continues) {
            TRY(emit(live, run));
            run = {.place = physical * block_bytes, .offset = at};
        }
        run.length += block_bytes;
    }
    return {};
}

Result<void> PageCache::flush(LiveInode& live, bool unseen) {
    if (!live.data) {
        return {};
    }
    if (unseen && live.written_behind) {
        TRY(volume_.begin_change());
        mark_dirty(live, 0, live.disk.size());
    }
    if (!live.dirty_pages.empty()) {
        owner_.note_names();  // the file gets its blocks now
    }
    Run run;
    for (const std::uint64_t page : live.dirty_pages) {
        TRY(flush_page(live, page, run));
    }
    TRY(emit(live, run));
    forget_pages(live, 0);
    return {};
}

Result<void> PageCache::flush_all(bool unseen) {
    for (auto& [number, live] : inodes_.all()) {
        TRY(flush(live, unseen && !live.orphan));
    }
    return {};
}

}  // namespace ext2
