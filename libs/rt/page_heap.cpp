// SPDX-License-Identifier: MIT
#include "libs/rt/page_heap.hpp"

namespace rt {

bool PageHeap::contains(const void* object) const {
    const auto* place = static_cast<const std::byte*>(object);
    return place >= address(0) && place < address(used_pages_);
}

void* PageHeap::allocate(std::size_t bytes) {
    if (bytes > max_small) {
        if (bytes > backing_.max_pages * page_bytes) {
            return nullptr;
        }
        return take_pages((bytes + page_bytes - 1) / page_bytes);
    }
    const std::size_t size_class = class_of(bytes);
    if (free_objects_[size_class] == nullptr && !refill(size_class)) {
        return nullptr;
    }
    FreeObject* object = free_objects_[size_class];
    free_objects_[size_class] = object->next;
    return object;
}

void* PageHeap::allocate_aligned(std::size_t bytes, std::size_t alignment) {
    if (alignment <= 16) {
        return allocate(bytes);
    }
    if (alignment > page_bytes) {
        return nullptr;
    }
    return allocate(bytes <= max_small ? max_small + 1 : bytes);  // whole pages
}

void PageHeap::release(void* object) {
    if (object == nullptr) {
        return;
    }
    const std::size_t first = index_of(object);
    const Page& page = backing_.pages[first];
    if (page.kind == Kind::small) {
        auto* freed = static_cast<FreeObject*>(object);
        freed->next = free_objects_[page.size_class];
        free_objects_[page.size_class] = freed;
    } else {
        free_pages(first, page.pages);
    }
}

std::size_t PageHeap::usable_size(const void* object) const {
    const Page& page = backing_.pages[index_of(object)];
    return page.kind == Kind::small ? class_bytes(page.size_class)
                                    : std::size_t{page.pages} * page_bytes;
}

bool PageHeap::refill(std::size_t size_class) {
    auto* start = static_cast<std::byte*>(take_pages(1));
    if (start == nullptr) {
        return false;
    }
    Page& page = backing_.pages[index_of(start)];
    page.kind = Kind::small;
    page.size_class = static_cast<std::uint8_t>(size_class);
    const std::size_t bytes = class_bytes(size_class);
    // From the end, so that the list gives ascending addresses.
    for (std::size_t place = page_bytes / bytes; place-- != 0;) {
        auto* object = reinterpret_cast<FreeObject*>(start + place * bytes);
        object->next = free_objects_[size_class];
        free_objects_[size_class] = object;
    }
    return true;
}

void* PageHeap::take_pages(std::size_t pages) {
    for (FreeRun* run = free_runs_; run != nullptr; run = run->next) {
        const std::size_t first = index_of(run);
        const std::size_t length = backing_.pages[first].pages;
        if (length < pages) {
            continue;
        }
        unlink(first);
        make_run(first, pages, Kind::large);
        if (length > pages) {
            make_run(first + pages, length - pages, Kind::free);
            link(first + pages);
        }
        return address(first);
    }
    if (pages > backing_.max_pages - used_pages_ ||
        !backing_.grow(backing_.context, used_pages_ + pages)) {
        return nullptr;
    }
    const std::size_t first = used_pages_;
    used_pages_ += pages;
    make_run(first, pages, Kind::large);
    return address(first);
}

void PageHeap::free_pages(std::size_t first, std::size_t pages) {
    if (pages > 1) {
        backing_.discard(backing_.context, first + 1, pages - 1);
    }
    if (first + pages < used_pages_ && backing_.pages[first + pages].kind == Kind::free) {
        const std::size_t next = first + pages;
        unlink(next);
        pages += backing_.pages[next].pages;
    }
    if (first != 0 && backing_.pages[first - 1].kind == Kind::free) {
        const std::size_t length = backing_.pages[first - 1].pages;
        unlink(first - length);
        first -= length;
        pages += length;
    }
    make_run(first, pages, Kind::free);
    link(first);
}

void PageHeap::make_run(std::size_t first, std::size_t pages, Kind kind) {
    const auto length = static_cast<std::uint32_t>(pages);
    if (pages > 1) {
        // The last page's record matters only in a free run, but must not look like one's in a used
        // run.
        backing_.pages[first + pages - 1] = {length, kind == Kind::free ? Kind::free : Kind::inner,
                                             0};
    }
    backing_.pages[first] = {length, kind, 0};
}

void PageHeap::link(std::size_t first) {
    auto* run = reinterpret_cast<FreeRun*>(address(first));
    run->next = free_runs_;
    run->previous = nullptr;
    if (free_runs_ != nullptr) {
        free_runs_->previous = run;
    }
    free_runs_ = run;
}

void PageHeap::unlink(std::size_t first) {
    auto* run = reinterpret_cast<FreeRun*>(address(first));
    if (run->previous != nullptr) {
        run->previous->next = run->next;
    } else {
        free_runs_ = run->next;
    }
    if (run->next != nullptr) {
        run->next->previous = run->previous;
    }
}

}  // namespace rt
