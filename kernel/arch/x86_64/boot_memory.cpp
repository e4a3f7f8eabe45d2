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
    if (range.begin < range.end && !parameters_.ram.full()) {
        parameters_.ram.push_back(range);
        bytes -= range.bytes();
    }
    parameters_.ram_left_out += bytes;
}

void BootMemory::finish_ram() {
    auto& free = parameters_.free;
    std::ranges::sort(parameters_.ram, {}, &PhysRange::begin);
    for (const PhysRange& range : parameters_.ram) {
        if (!free.empty() && range.begin <= free.back().end) {
            free.back().end = std::max(free.back().end, range.end);
        } else {
            free.push_back(range);
        }
    }
    parameters_.ram = free;
}

// Cuts [begin, end), which lies inside, out of a range. With no room for one more range, the smaller part is lost.
void BootMemory::split(std::size_t index, PhysAddr begin, PhysAddr end) {
    auto& free = parameters_.free;
    const PhysRange lower{free[index].begin, begin};
    const PhysRange upper{end, free[index].end};
    if (free.full()) {
        free[index] = lower.bytes() > upper.bytes() ? lower : upper;
        return;
    }
    free[index] = upper;
    free.insert(free.begin() + index, lower);
}

void BootMemory::reserve(PhysAddr begin, PhysAddr end) {
    begin = PhysAddr{base::align_down(begin.value(), base::page_size)};
    end = PhysAddr{base::align_up(end.value(), base::page_size)};
    auto& free = parameters_.free;
    for (std::size_t i = 0; i < free.size();) {
        PhysRange& range = free[i];
        if (end <= range.begin || range.end <= begin) {
            ++i;
        } else if (begin <= range.begin && range.end <= end) {
            free.erase(&range);
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

PhysAddr BootMemory::allocate_low_frame() {
    for (const PhysRange& range : parameters_.free) {
        if (const PhysAddr frame = range.begin; frame < one_mebibyte) {
            reserve(frame, frame + base::page_size);
            return frame;
        }
    }
    return PhysAddr{};
}

PhysAddr BootMemory::allocate_frame() {
    auto& free = parameters_.free;
    const auto reachable = [](const PhysRange& range) {
        return range.begin < boot_window_end ? range.bytes() : 0;
    };
    PhysRange* best = std::ranges::max_element(free, {}, reachable);
    if (best == free.end() || reachable(*best) == 0) {
        kernel_panic("no memory for the kernel's page tables\n");
    }
    // From its beginning: the end of the range may lie beyond what the boot page tables show.
    const PhysAddr frame = best->begin;
    best->begin += base::page_size;
    if (best->begin == best->end) {
        free.erase(best);
    }
    zero_page(window(frame));
    return frame;
}

}  // namespace arch
