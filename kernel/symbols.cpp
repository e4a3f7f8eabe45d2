// SPDX-License-Identifier: MIT
// The kernel's own symbols, for backtraces. tools/cluu/kernel_symbols.py makes the table from a first link of the kernel:
//
//   u32 count; count times { u32 distance from kernel_image_begin, u32 offset of the name }, ascending; names, zero-ended
#include <cstring>

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
    const bool have_table = kernel_symbols_end - kernel_symbols_begin > 4;
    if (!have_table || address < begin ||
        address >= reinterpret_cast<std::uint64_t>(kernel_text_end)) {
        return {};
    }
    std::uint32_t count = 0;
    std::memcpy(&count, kernel_symbols_begin, sizeof(count));
    const auto* entries =
        reinterpret_cast<const SymbolEntry*>(kernel_symbols_begin + sizeof(count));
    std::uint32_t low = 0;
    std::uint32_t high = count;
    while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        if (entries[middle].distance <= address - begin) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return {};
    }
    const SymbolEntry& found = entries[low - 1];
    const auto* names = reinterpret_cast<const char*>(entries + count);
    return {names + found.name, address - begin - found.distance};
}
