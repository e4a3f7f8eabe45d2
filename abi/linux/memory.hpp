// SPDX-License-Identifier: MIT
// Flags of mmap, mprotect, mremap, madvise and msync on Linux x86-64.
#pragma once

#include <cstdint>

namespace linux_abi {

struct Protection {
    static constexpr std::uint32_t read = 1, write = 2, execute = 4;
    static constexpr std::uint32_t grows_down = 0x01000000, grows_up = 0x02000000;
};

struct MapFlag {
    static constexpr std::uint32_t shared = 1, private_ = 2, shared_validate = 3, type = 0xf;
    static constexpr std::uint32_t fixed = 0x10, anonymous = 0x20, low_32 = 0x40;
    static constexpr std::uint32_t grows_down = 0x100, locked = 0x2000, no_reserve = 0x4000;
    static constexpr std::uint32_t populate = 0x8000, non_block = 0x10000, stack = 0x20000;
    static constexpr std::uint32_t huge_pages = 0x40000, fixed_no_replace = 0x100000;
};

struct RemapFlag {
    static constexpr std::uint32_t may_move = 1, fixed = 2, keep_old = 4;
};

struct SyncFlag {
    static constexpr std::uint32_t async = 1, invalidate = 2, sync = 4;
};

struct Advice {
    static constexpr std::uint32_t dont_need = 4, free = 8, remove = 9, dont_fork = 10,
                                   do_fork = 11, wipe_on_fork = 18, keep_on_fork = 19,
                                   populate_write = 23, last = 25;
};

}  // namespace linux_abi
