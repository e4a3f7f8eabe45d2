// SPDX-License-Identifier: MIT
#include "libs/rt/page_heap.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <vector>

namespace {

using rt::PageHeap;

struct Heap : testing::Test {
    static constexpr std::size_t max_pages = 2048;
    struct Free {
        void operator()(std::byte* start) const { std::free(start); }
    };
    std::unique_ptr<std::byte, Free> memory{
        static_cast<std::byte*>(std::aligned_alloc(4096, max_pages * 4096))};
    std::vector<PageHeap::Page> pages{max_pages};
    std::size_t allowed = max_pages;
    PageHeap heap{
        {.base = reinterpret_cast<std::uintptr_t>(memory.get()),
         .pages = pages.data(),
         .max_pages = max_pages,
         .grow = [](void* self,
                    std::size_t wanted) { return wanted <= static_cast<Heap*>(self)->allowed; },
         .discard =
             [](void* self, std::size_t first, std::size_t count) {
                 std::memset(static_cast<Heap*>(self)->memory.get() + first * 4096, 0,
                             count * 4096);
             },
         .context = this}};
};

TEST_F(Heap, EveryClassFitsAndIsNotWasteful) {
    for (std::size_t bytes = 1; bytes <= PageHeap::max_small; ++bytes) {
        const std::size_t size_class = PageHeap::class_of(bytes);
        ASSERT_GE(PageHeap::class_bytes(size_class), bytes);
        ASSERT_TRUE(size_class == 0 || PageHeap::class_bytes(size_class - 1) < bytes);
        ASSERT_EQ(PageHeap::class_bytes(size_class) % 16, 0U);
    }
}

TEST_F(Heap, RandomUseKeepsContentsApart) {
    std::mt19937 random{7};
    std::map<std::byte*, std::pair<std::size_t, std::byte>> live;
    for (int i = 0; i < 50000; ++i) {
        if (live.size() < 300 && (random() & 1) != 0) {
            const std::size_t bytes = (random() % 8) == 0 ? random() % 40000 : random() % 600;
            auto* object = static_cast<std::byte*>(heap.allocate(bytes));
            ASSERT_NE(object, nullptr);
            ASSERT_EQ(reinterpret_cast<std::uintptr_t>(object) % 16, 0U);
            ASSERT_TRUE(heap.contains(object));
            ASSERT_GE(heap.usable_size(object), bytes);
            const auto mark = static_cast<std::byte>(random());
            std::memset(object, static_cast<int>(mark), bytes);
            live[object] = {bytes, mark};
        } else if (!live.empty()) {
            auto victim = std::next(live.begin(), static_cast<long>(random() % live.size()));
            for (std::size_t at = 0; at < victim->second.first; ++at) {
                ASSERT_EQ(victim->first[at], victim->second.second);
            }
            heap.release(victim->first);
            live.erase(victim);
        }
    }
}

TEST_F(Heap, FreedRunsAreJoined) {
    std::vector<void*> objects;
    for (int i = 0; i < 16; ++i) {
        objects.push_back(heap.allocate(64 * 4096));
        ASSERT_NE(objects.back(), nullptr);
    }
    allowed = 0;  // from now on only what was freed
    EXPECT_EQ(heap.allocate(4096), nullptr);
    for (const int i : {1, 3, 2, 15, 0, 14}) {
        heap.release(objects[static_cast<std::size_t>(i)]);
    }
    EXPECT_EQ(heap.allocate(4 * 64 * 4096), objects[0]);
    EXPECT_EQ(heap.allocate(2 * 64 * 4096), objects[14]);
    EXPECT_EQ(heap.allocate(4096), nullptr);
}

TEST_F(Heap, NoMemoryIsAnAnswer) {
    allowed = 4;
    EXPECT_EQ(heap.allocate(5 * 4096), nullptr);
    EXPECT_EQ(heap.allocate(~std::size_t{0}), nullptr);
    EXPECT_NE(heap.allocate(4 * 4096), nullptr);
    EXPECT_EQ(heap.allocate(1), nullptr);
}

TEST_F(Heap, Alignment) {
    for (const std::size_t alignment : {16, 64, 512, 4096}) {
        void* object = heap.allocate_aligned(100, alignment);
        ASSERT_NE(object, nullptr);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(object) % alignment, 0U);
        heap.release(object);
    }
    EXPECT_EQ(heap.allocate_aligned(100, 8192), nullptr);
}

}  // namespace
