// SPDX-License-Identifier: MIT
//
// Address space for the mappings of this part: pipes and page caches. The upper half of the
// library's window region, cut into slots of two sizes; a slot is free or somebody's.
//
//      windows_start   4032 slots of 512 KiB   pipes (shared with a forked child)
//      + 2 GiB - 8 MiB  2048 slots of 4 KiB    event counters (likewise)
//      + 2 GiB          448 slots of  64 MiB   page caches of files (not in a forked child)
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <optional>

#include "interfaces/process_image.hpp"

namespace linux::fd {

// Slots of one size. Lock-free, so that fork needs no lock of it.
template <std::uint64_t Start, std::uint64_t SlotBytes, std::size_t Count>
class WindowSlots {
    static_assert(Count % 64 == 0);

public:
    static constexpr std::uint64_t slot_bytes = SlotBytes;

    std::optional<std::uint64_t> take() {
        for (std::size_t word = 0; word < used_.size(); ++word) {
            std::uint64_t used = used_[word].load(std::memory_order_relaxed);
            while (used != ~std::uint64_t{0}) {
                const int bit = std::countr_one(used);
                // Acquire: the last owner's unmapping is over.
                if (used_[word].compare_exchange_weak(used, used | (std::uint64_t{1} << bit),
                                                      std::memory_order_acquire)) {
                    return Start + (word * 64 + static_cast<std::size_t>(bit)) * SlotBytes;
                }
            }
        }
        return std::nullopt;
    }
    void give_back(std::uint64_t address) {
        const std::uint64_t slot = (address - Start) / SlotBytes;
        used_[slot / 64].fetch_and(~(std::uint64_t{1} << (slot % 64)), std::memory_order_release);
    }
    // Where the slot begins that this address is in, if it is somebody's.
    [[nodiscard]] std::optional<std::uint64_t> start_of(std::uint64_t address) const {
        if (address < Start || address >= Start + SlotBytes * Count) {
            return std::nullopt;
        }
        const std::uint64_t slot = (address - Start) / SlotBytes;
        const std::uint64_t used = used_[slot / 64].load(std::memory_order_relaxed);
        return (used >> (slot % 64) & 1) != 0 ? std::optional{Start + slot * SlotBytes}
                                              : std::nullopt;
    }

private:
    std::array<std::atomic<std::uint64_t>, Count / 64> used_{};
};

inline constexpr std::uint64_t windows_start = process::linux_windows + (std::uint64_t{32} << 30);
using PipeWindows = WindowSlots<windows_start, 512 * 1024, 4032>;
using SmallWindows =
    WindowSlots<windows_start + (std::uint64_t{2} << 30) - (std::uint64_t{8} << 20), 4096, 2048>;
using FileWindows =
    WindowSlots<windows_start + (std::uint64_t{2} << 30), std::uint64_t{64} << 20, 448>;

inline constinit PipeWindows pipe_windows;
inline constinit SmallWindows small_windows;
inline constinit FileWindows file_windows;

}  // namespace linux::fd
