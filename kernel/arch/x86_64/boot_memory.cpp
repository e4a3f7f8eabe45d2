// SPDX-License-Identifier: MIT
#include "kernel/arch/x86_64/boot_memory.hpp"

#include <algorithm>

#include <arch/memory.hpp>
#include <arch/window.hpp>

#include "kernel/panic.hpp"
#include "libs/base/align.hpp"

namespace arch {

namespace {

// Above this the boot code cannot look, and the kernel window does not reach.
constexpr std::uint64_t highest_physical = std::uint64_t{1} << 40;
constexpr PhysAddr one_mebibyte{std::uint64_t{1} << 20};
constexpr PhysAddr boot_window_end{std::uint64_t{4} << 30};

}  // namespace

void BootMemory::add_ram(std::uint64_t begin, std::uint64_t bytes) {
    const std::uint64_t end =
        std::min(base::add(begin, bytes).value_or(highest_physical), highest_physical);
    const PhysRange range{
        PhysAddr{base::align_up(std::min(begin, highest_physical), base::page_size)},
        PhysAddr{base::align_down(end, base::page_size)}};
    if (range.begin < range.end && parameters_.ram_count < BootParameters::max_ranges) {
        parameters_.ram[parameters_.ram_count++] = range;
        bytes -= range.bytes();
    }
    parameters_.ram_left_out += bytes;
}

void BootMemory::finish_ram() {
    auto& ram = parameters_.ram;
    const std::size_t found = parameters_.ram_count;
    // Insertion sort: the list is short and nearly sorted.
    for (std::size_t i = 1; i < found; ++i) {
        for (std::size_t j = i; j > 0 && ram[j].begin < ram[j - 1].begin; --j) {
            std::swap(ram[j], ram[j - 1]);
        }
    }
    std::size_t merged = 0;
    for (std::size_t i = 0; i < found; ++i) {
        if (merged > 0 && ram[i].begin <= ram[merged - 1].end) {
            ram[merged - 1].end = std::max(ram[merged - 1].end, ram[i].end);
        } else {
            ram[merged++] = ram[i];
        }
    }
    parameters_.ram_count = merged;
    parameters_.free = ram;
    parameters_.free_count = merged;
}

void BootMemory::remove_range(std::size_t index) {
    auto& free = parameters_.free;
    std::move(free.begin() + index + 1, free.begin() + parameters_.free_count,
              free.begin() + index);
    --parameters_.free_count;
}

// Cuts [begin, end), which lies inside, out of a range. With no room for one more range, the smaller part is lost.
void BootMemory::split(std::size_t index, PhysAddr begin, PhysAddr end) {
    auto& free = parameters_.free;
    const PhysRange lower{free[index].begin, begin};
    const PhysRange upper{end, free[index].end};
    if (parameters_.free_count == BootParameters::max_ranges) {
        free[index] = lower.bytes() > upper.bytes() ? lower : upper;
        return;
    }
    std::move_backward(free.begin() + index, free.begin() + parameters_.free_count,
                       free.begin() + parameters_.free_count + 1);
    ++parameters_.free_count;
    free[index] = lower;
    free[index + 1] = upper;
}

void BootMemory::reserve(PhysAddr begin, PhysAddr end) {
    begin = PhysAddr{base::align_down(begin.value(), base::page_size)};
    end = PhysAddr{base::align_up(end.value(), base::page_size)};
    auto& free = parameters_.free;
    for (std::size_t i = 0; i < parameters_.free_count;) {
        PhysRange& range = free[i];
        if (end <= range.begin || range.end <= begin) {
            ++i;
        } else if (begin <= range.begin && range.end <= end) {
            remove_range(i);
        } else if (begin <= range.begin) {
            range.begin = end;
            ++i;
        } else if (range.end <= end) {
            range.end = begin;
            ++i;
        } else {
            split(i, begin, end);
            return;
        }
    }
}

void BootMemory::release(PhysAddr begin, PhysAddr end) {
    for (std::size_t i = 0; i < parameters_.free_count; ++i) {
        PhysRange& range = parameters_.free[i];
        if (range.begin == end) {
            range.begin = begin;
            return;
        }
        if (range.end == begin) {
            range.end = end;
            return;
        }
    }
    if (parameters_.free_count < BootParameters::max_ranges) {
        parameters_.free[parameters_.free_count++] = PhysRange{begin, end};
    }
}

PhysAddr BootMemory::allocate_low_frame() {
    for (std::size_t i = 0; i < parameters_.free_count; ++i) {
        if (const PhysAddr frame = parameters_.free[i].begin; frame < one_mebibyte) {
            reserve(frame, frame + base::page_size);
            return frame;
        }
    }
    return PhysAddr{};
}

PhysAddr BootMemory::allocate_frame() {
    auto& free = parameters_.free;
    std::size_t best = parameters_.free_count;
    std::uint64_t best_bytes = 0;
    for (std::size_t i = 0; i < parameters_.free_count; ++i) {
        if (free[i].begin < boot_window_end && free[i].bytes() > best_bytes) {
            best = i;
            best_bytes = free[i].bytes();
        }
    }
    if (best == parameters_.free_count) {
        kernel_panic("no memory for the kernel's page tables\n");
    }
    // From its beginning: the end of the range may lie beyond what the boot page tables show.
    const PhysAddr frame = free[best].begin;
    free[best].begin += base::page_size;
    if (free[best].begin == free[best].end) {
        remove_range(best);
    }
    zero_page(window(frame));
    return frame;
}

}  // namespace arch
