// SPDX-License-Identifier: MIT
//
// The heap's arithmetic, on any piece of memory that can grow at its end, so that the unit tests
// run it on the host.
//
// The heap is an array of pages with one record per page, in an array beside it:
//
//      small page   objects of one size class, carved when the page is taken. Freed objects go to
//      the class's list. large run    one object of whole pages free run     neighbours are always
//      joined, so that two never touch; in a list through their first pages (outer)      beyond
//      `used_pages`: never handed out
//
// The record of a run's first page tells what it is and how long; the last page of a free run tells
// the length too, so that the run after it finds its start. Size classes: every 16 bytes to 128,
// then four per doubling to 2048; what is longer takes whole pages. Small pages never become free
// again.
//
// No locks: a heap belongs to one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace rt {

class PageHeap {
public:
    enum class Kind : std::uint8_t { outer, free, large, inner, small };
    struct Page {
        std::uint32_t pages;  // length of the run
        Kind kind;
        std::uint8_t size_class;
    };
    static constexpr std::size_t page_bytes = 4096;
    static constexpr std::size_t max_small = 2048;
    static constexpr std::size_t class_count = 24;

    // Makes the memory usable up to `pages`; false if that cannot be had.
    using Grow = bool (*)(void* context, std::size_t pages);
    // These pages' contents are no longer needed, and may become zero. Never the first page of a
    // free run.
    using Discard = void (*)(void* context, std::size_t first, std::size_t pages);

    struct Backing {
        std::uintptr_t base;  // address of the memory, page-aligned
        Page* pages;          // max_pages records, zero at first
        std::size_t max_pages;
        Grow grow;
        Discard discard;
        void* context;
    };
    constexpr explicit PageHeap(const Backing& backing) : backing_(backing) {}

    // Aligned to 16; nullptr if there is no memory.
    void* allocate(std::size_t bytes);
    // Alignments up to a page.
    void* allocate_aligned(std::size_t bytes, std::size_t alignment);
    void release(void* object);
    // How long an object may be used.
    [[nodiscard]] std::size_t usable_size(const void* object) const;

    [[nodiscard]] static constexpr std::size_t class_of(std::size_t bytes);
    [[nodiscard]] static constexpr std::size_t class_bytes(std::size_t size_class);
    [[nodiscard]] bool contains(const void* object) const;

private:
    struct FreeObject {
        FreeObject* next;
    };
    struct FreeRun {
        FreeRun* next;
        FreeRun* previous;
    };

    [[nodiscard]] std::size_t index_of(const void* object) const {
        return (reinterpret_cast<std::uintptr_t>(object) - backing_.base) / page_bytes;
    }
    [[nodiscard]] std::byte* address(std::size_t page) const {
        return reinterpret_cast<std::byte*>(backing_.base + page * page_bytes);
    }

    void* take_pages(std::size_t pages);
    void free_pages(std::size_t first, std::size_t pages);
    bool refill(std::size_t size_class);
    void make_run(std::size_t first, std::size_t pages, Kind kind);
    void link(std::size_t first);
    void unlink(std::size_t first);

    Backing backing_;
    std::size_t used_pages_ = 0;
    FreeRun* free_runs_ = nullptr;
    std::array<FreeObject*, class_count> free_objects_{};
};

// 0 to 7: 16 to 128 in steps of 16. Then 160 192 224 256, 320 384 448 512, ... 2048.
constexpr std::size_t PageHeap::class_of(std::size_t bytes) {
    if (bytes <= 128) {
        return bytes == 0 ? 0 : (bytes - 1) / 16;
    }
    const auto doubling =
        static_cast<std::size_t>(63 - __builtin_clzll(bytes - 1));  // 7: 129 to 256
    const std::size_t step = std::size_t{1} << (doubling - 2);
    return 8 + (doubling - 7) * 4 + (bytes - 1 - (std::size_t{1} << doubling)) / step;
}

constexpr std::size_t PageHeap::class_bytes(std::size_t size_class) {
    if (size_class < 8) {
        return (size_class + 1) * 16;
    }
    const std::size_t doubling = 7 + (size_class - 8) / 4;
    return (std::size_t{1} << doubling) +
           ((size_class - 8) % 4 + 1) * (std::size_t{1} << (doubling - 2));
}
static_assert(PageHeap::class_of(PageHeap::max_small) == PageHeap::class_count - 1);
static_assert(PageHeap::class_bytes(PageHeap::class_count - 1) == PageHeap::max_small);

}  // namespace rt
