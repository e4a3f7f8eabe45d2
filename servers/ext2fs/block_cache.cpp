// SPDX-License-Identifier: MIT
#include "servers/ext2fs/block_cache.hpp"

#include <algorithm>
#include <cstring>

#include "libs/base/align.hpp"

namespace ext2 {

BlockCache::Page* BlockCache::find(std::uint64_t number) {
    const auto found = index_.find(number);
    if (found == index_.end()) {
        return nullptr;
    }
    pages_.splice(pages_.begin(), pages_, found->second);
    return &*found->second;
}

// After make_room. The contents are the caller's affair.
BlockCache::Page* BlockCache::insert(std::uint64_t number) {
    pages_.push_front({.number = number, .data = std::make_unique<std::byte[]>(page_bytes)});
    index_.emplace(number, pages_.begin());
    return &pages_.front();
}

Status BlockCache::make_room(std::size_t count) {
    while (pages_.size() + count > max_pages_) {
        if (pages_.back().dirty) {
            if (const Status bad = write_dirty(); bad != Status::ok) {
                return bad;
            }
        }
        index_.erase(pages_.back().number);
        pages_.pop_back();
    }
    return Status::ok;
}

// Pages that follow each other, between the disk and the device's buffer. The last page of a disk may
// be a part of one.
Status BlockCache::transfer_run(std::uint64_t number, std::size_t count, bool write) {
    const std::uint64_t start = number * page_bytes;
    if (start >= bytes()) {
        return Status::out_of_range;
    }
    const std::uint64_t length = std::min<std::uint64_t>(count * page_bytes, bytes() - start);
    const std::uint64_t sector = start / sector_bytes;
    const auto sectors = static_cast<std::uint32_t>(length / sector_bytes);
    return write ? device_.write(sector, sectors) : device_.read(sector, sectors);
}

// The page, and those after it that are not here yet.
Status BlockCache::load(std::uint64_t number, Page*& page) {
    const std::uint64_t end = base::align_up(bytes(), page_bytes) / page_bytes;
    const std::size_t most =
        std::min({read_ahead, max_pages_ / 4, device_.buffer().size() / page_bytes});
    std::size_t count = 1;
    while (count < most && number + count < end && !index_.contains(number + count)) {
        ++count;
    }
    // First, because writing dirty pages uses the buffer, too.
    if (const Status bad = make_room(count); bad != Status::ok) {
        return bad;
    }
    if (const Status bad = transfer_run(number, count, false); bad != Status::ok) {
        return bad;
    }
    for (std::size_t i = count; i-- > 0;) {
        page = insert(number + i);
        std::memcpy(page->data.get(), device_.buffer().data() + i * page_bytes, page_bytes);
    }
    return Status::ok;
}

// Whole pages that are not worth keeping.
Status BlockCache::read_around(std::uint64_t number, std::span<std::byte> to) {
    if (const Status bad = transfer_run(number, to.size() / page_bytes, false); bad != Status::ok) {
        return bad;
    }
    std::memcpy(to.data(), device_.buffer().data(), to.size());
    for (std::size_t i = 0; i < to.size() / page_bytes; ++i) {
        const auto found = index_.find(number + i);
        if (found != index_.end() && found->second->dirty) {
            std::memcpy(to.data() + i * page_bytes, found->second->data.get(), page_bytes);
        }
    }
    return Status::ok;
}

Status BlockCache::read(std::uint64_t offset, std::span<std::byte> to) {
    if (!base::range_fits(offset, to.size(), bytes())) {
        return Status::out_of_range;
    }
    while (!to.empty()) {
        const std::uint64_t number = offset / page_bytes;
        const std::size_t within = offset % page_bytes;
        std::size_t length = std::min(page_bytes - within, to.size());
        if (within == 0 && to.size() > read_ahead * page_bytes) {
            length = base::align_down(std::min(to.size(), device_.buffer().size()), page_bytes);
            if (const Status bad = read_around(number, to.first(length)); bad != Status::ok) {
                return bad;
            }
        } else {
            Page* page = find(number);
            if (page == nullptr) {
                if (const Status bad = load(number, page); bad != Status::ok) {
                    return bad;
                }
            }
            std::memcpy(to.data(), page->data.get() + within, length);
        }
        to = to.subspan(length);
        offset += length;
    }
    return Status::ok;
}

Status BlockCache::write(std::uint64_t offset, std::span<const std::byte> from) {
    if (!base::range_fits(offset, from.size(), bytes())) {
        return Status::out_of_range;
    }
    while (!from.empty()) {
        const std::uint64_t number = offset / page_bytes;
        const std::size_t within = offset % page_bytes;
        const std::size_t length = std::min(page_bytes - within, from.size());
        Page* page = find(number);
        if (page == nullptr && length == page_bytes) {
            if (const Status bad = make_room(1); bad != Status::ok) {
                return bad;
            }
            page = insert(number);
        } else if (page == nullptr) {
            if (const Status bad = load(number, page); bad != Status::ok) {
                return bad;
            }
        }
        std::memcpy(page->data.get() + within, from.data(), length);
        dirty_ += page->dirty ? 0 : 1;
        page->dirty = true;
        from = from.subspan(length);
        offset += length;
    }
    return Status::ok;
}

Status BlockCache::write_buffer(std::uint64_t offset, std::size_t length) {
    if (!base::range_fits(offset, length, bytes())) {
        return Status::out_of_range;
    }
    const Status bad =
        device_.write(offset / sector_bytes, static_cast<std::uint32_t>(length / sector_bytes));
    if (bad != Status::ok) {
        return bad;
    }
    // What is here of it must not be older.
    const std::byte* from = device_.buffer().data();
    while (length != 0) {
        const std::size_t within = offset % page_bytes;
        const std::size_t piece = std::min(page_bytes - within, length);
        if (const auto found = index_.find(offset / page_bytes); found != index_.end()) {
            std::memcpy(found->second->data.get() + within, from, piece);
        }
        from += piece;
        offset += piece;
        length -= piece;
    }
    return Status::ok;
}

Status BlockCache::write_dirty() {
    std::vector<Page*> dirty;
    for (Page& page : pages_) {
        if (page.dirty) {
            dirty.push_back(&page);
        }
    }
    std::ranges::sort(dirty, {}, &Page::number);
    const std::size_t most = device_.buffer().size() / page_bytes;
    for (std::size_t start = 0; start < dirty.size();) {
        std::size_t count = 0;
        while (count < most && start + count < dirty.size() &&
               dirty[start + count]->number == dirty[start]->number + count) {
            std::memcpy(device_.buffer().data() + count * page_bytes,
                        dirty[start + count]->data.get(), page_bytes);
            ++count;
        }
        const Status bad = transfer_run(dirty[start]->number, count, true);
        if (bad != Status::ok) {
            return bad;
        }
        for (std::size_t i = 0; i < count; ++i) {
            dirty[start + i]->dirty = false;
        }
        dirty_ -= count;
        start += count;
    }
    return Status::ok;
}

Status BlockCache::flush() {
    const Status bad = write_dirty();
    return bad != Status::ok ? bad : device_.flush();
}

}  // namespace ext2
