// SPDX-License-Identifier: MIT
#include "linux/process/heap.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <new>

#include "interfaces/process_image.hpp"
#include "libs/base/align.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "linux/process/out_of_memory.hpp"

namespace linux::heap {
namespace {

struct alignas(16) Header {
    std::uint64_t size_class;  // the block has 2^size_class bytes with this header
    Header* next;              // while it is free
};

constexpr unsigned smallest_class = 5;
constexpr unsigned largest_class = 24;
constexpr std::uint64_t growth = 256 * 1024;

struct Heap {
    Mutex lock;
    std::array<Header*, largest_class + 1> free{};
    std::uint64_t fresh = process::first_heap;  // where the next new block is cut from
    std::uint64_t mapped =
        process::first_heap + process::first_heap_bytes;  // the end of what is mapped
};

constinit Heap the_heap;

bool grow(std::uint64_t bytes) {
    const std::uint64_t length = base::align_up(std::max(bytes, growth), abi::page_size);
    const bool begins = the_heap.mapped < process::linux_heap;
    const std::uint64_t start = begins ? process::linux_heap : the_heap.mapped;
    auto memory = ipc::own_bank()->create_memory(length);
    if (!memory || !ipc::own_space()->map(*memory, {.address = start, .length = length})) {
        return false;
    }
    if (begins) {  // what is left of the first part is given up
        the_heap.fresh = start;
    }
    the_heap.mapped = start + length;  // the mapping keeps the Memory alive
    return true;
}

}  // namespace

void* allocate(std::size_t bytes) {
    const auto size_class = std::max<unsigned>(
        smallest_class, static_cast<unsigned>(std::bit_width(bytes + sizeof(Header) - 1)));
    if (size_class > largest_class) {
        return nullptr;
    }
    MutexGuard guard{the_heap.lock};
    Header* header = the_heap.free[size_class];
    if (header != nullptr) {
        the_heap.free[size_class] = header->next;
        return header + 1;
    }
    const std::uint64_t size = std::uint64_t{1} << size_class;
    if (the_heap.mapped - the_heap.fresh < size && !grow(size)) {
        return nullptr;
    }
    header = reinterpret_cast<Header*>(the_heap.fresh);
    the_heap.fresh += size;
    header->size_class = size_class;
    return header + 1;
}

void release(void* block) {
    if (block == nullptr) {
        return;
    }
    MutexGuard guard{the_heap.lock};
    Header* header = static_cast<Header*>(block) - 1;
    header->next = the_heap.free[header->size_class];
    the_heap.free[header->size_class] = header;
}

Mutex& lock() { return the_heap.lock; }

}  // namespace linux::heap

void* operator new(std::size_t bytes) {
    void* block = linux::heap::allocate(bytes);
    if (block == nullptr) {
        linux::end_library_for_want_of_memory();
    }
    return block;
}
void* operator new[](std::size_t bytes) { return operator new(bytes); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    return linux::heap::allocate(bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
    return linux::heap::allocate(bytes);
}
void operator delete(void* block) noexcept { linux::heap::release(block); }
void operator delete[](void* block) noexcept { linux::heap::release(block); }
void operator delete(void* block, std::size_t) noexcept { linux::heap::release(block); }
void operator delete[](void* block, std::size_t) noexcept { linux::heap::release(block); }
