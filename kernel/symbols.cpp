// SPDX-License-Identifier: MIT
// The kernel's own symbols, for backtraces. tools/cluu/kernel_symbols.py makes the table from a first link of the kernel:
//
//   u32 count; count times { u32 distance from kernel_image_begin, u32 offset of the name }, ascending; names, zero-ended
#include <algorithm>
#include <cstring>
#include <iterator>
#include <span>

#include "kernel/panic_frames.hpp"

extern "C" const std::byte kernel_image_begin[], kernel_text_end[], kernel_symbols_begin[],
    kernel_symbols_end[];

namespace {

struct SymbolEntry {
    std::uint32_t distance;
    std::uint32_t name;
};

}  // namespace

Symbol find_symbol(std::uint64_t address) {
    const auto begin = reinterpret_cast<std::uint64_t>(kernel_image_begin);
    if (kernel_symbols_end - kernel_symbols_begin <= 4 || address < begin ||
        address >= reinterpret_cast<std::uint64_t>(kernel_text_end)) {
        return {};
    }
    std::uint32_t count = 0;
    std::memcpy(&count, kernel_symbols_begin, sizeof(count));
    const std::span entries(
        reinterpret_cast<const SymbolEntry*>(kernel_symbols_begin + sizeof(count)), count);
    const auto after =
        std::ranges::upper_bound(entries, address - begin, {}, &SymbolEntry::distance);
    if (after == entries.begin()) {
        return {};
    }
    const SymbolEntry& found = *std::prev(after);
    const auto* names = reinterpret_cast<const char*>(entries.data() + count);
    return {names + found.name, address - begin - found.distance};
}
