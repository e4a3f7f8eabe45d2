// SPDX-License-Identifier: MIT
//
// The heap's memory: one Memory object, mapped from rt::heap_base on and grown by doubling; pages
// become real when they are touched. Freed runs are given back to the bank.

#include "libs/rt/heap.hpp"

#include <cstring>
#include <new>

#include "libs/base/align.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "libs/rt/log.hpp"
#include "libs/rt/page_heap.hpp"
#include "libs/rt/start_info.hpp"

namespace rt {
namespace {

constexpr std::size_t max_pages = std::size_t{1} << 18;  // 1 GiB
constexpr std::size_t first_pages = 64;
constexpr std::size_t discard_from = 8;  // shorter runs are not worth a system call

struct HeapMemory {
    ipc::CapIndex memory = abi::no_capability;  // lives as long as the program
    std::size_t pages = 0;

    bool grow(std::size_t wanted) {
        if (wanted <= pages) {
            return true;
        }
        std::size_t target = pages == 0 ? first_pages : pages;
        while (target < wanted) {
            target *= 2;
        }
        if (!resize(target * abi::page_size)) {
            return false;
        }
        const ipc::Mapping extension{.address = heap_base + pages * abi::page_size,
                                     .length = (target - pages) * abi::page_size,
                                     .offset = pages * abi::page_size};
        if (!ipc::own_space()->map(ipc::Ref<ipc::Memory>{memory}, extension)) {
            return false;
        }
        pages = target;
        return true;
    }

private:
    bool resize(std::size_t bytes) {
        if (memory != abi::no_capability) {
            return ipc::Ref<ipc::Memory> { memory } -> resize(bytes).has_value();
        }
        auto created = ipc::own_bank()->create_memory(bytes);
        if (created) {
            memory = created->release();
        }
        return created.has_value();
    }
};

constinit HeapMemory heap_memory;
constinit PageHeap::Page page_records[max_pages]{};

bool grow(void* context, std::size_t pages) {
    return static_cast<HeapMemory*>(context)->grow(pages);
}

void discard(void* context, std::size_t first, std::size_t pages) {
    if (pages >= discard_from) {
        const ipc::Ref<ipc::Memory> memory{static_cast<HeapMemory*>(context)->memory};
        (void)memory->decommit({first * abi::page_size, pages * abi::page_size});
    }
}

PageHeap& heap() {
    static constinit PageHeap instance{{.base = heap_base,
                                        .pages = page_records,
                                        .max_pages = max_pages,
                                        .grow = grow,
                                        .discard = discard,
                                        .context = &heap_memory}};
    return instance;
}

}  // namespace
}  // namespace rt

extern "C" {

void* malloc(std::size_t bytes) { return rt::heap().allocate(bytes); }

void* calloc(std::size_t count, std::size_t bytes) {
    std::size_t total = 0;
    if (__builtin_mul_overflow(count, bytes, &total)) {
        return nullptr;
    }
    void* object = malloc(total);
    return object != nullptr ? std::memset(object, 0, total) : nullptr;
}

void* realloc(void* object, std::size_t bytes) {
    if (object == nullptr) {
        return malloc(bytes);
    }
    const std::size_t usable = rt::heap().usable_size(object);
    if (bytes <= usable && bytes >= usable / 2) {
        return object;
    }
    void* moved = malloc(bytes);
    if (moved != nullptr) {
        std::memcpy(moved, object, std::min(bytes, usable));
        free(object);
    }
    return moved;
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
    return rt::heap().allocate_aligned(bytes, alignment);
}

void free(void* object) { rt::heap().release(object); }

}  // extern "C"

namespace {
// There are no exceptions: a program that cannot go on without the memory ends.
void* must(void* object) {
    if (object == nullptr) {
        rt::panic("no memory");
    }
    return object;
}
}  // namespace

void* operator new(std::size_t bytes) { return must(malloc(bytes)); }
void* operator new[](std::size_t bytes) { return must(malloc(bytes)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    return must(aligned_alloc(static_cast<std::size_t>(alignment), bytes));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
    return must(aligned_alloc(static_cast<std::size_t>(alignment), bytes));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return malloc(bytes); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return malloc(bytes); }
void operator delete(void* object) noexcept { free(object); }
void operator delete[](void* object) noexcept { free(object); }
void operator delete(void* object, std::size_t) noexcept { free(object); }
void operator delete[](void* object, std::size_t) noexcept { free(object); }
void operator delete(void* object, std::align_val_t) noexcept { free(object); }
void operator delete[](void* object, std::align_val_t) noexcept { free(object); }
void operator delete(void* object, std::size_t, std::align_val_t) noexcept { free(object); }
void operator delete[](void* object, std::size_t, std::align_val_t) noexcept { free(object); }
