// SPDX-License-Identifier: MIT
// Protocol `block`: a disk. Data moves through a buffer that the driver owns (it is what the device
// may write to) and shares with its one client at a time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace block {

struct Disk;

struct Attach {  // the buffer: a Memory, read and write
    static constexpr std::uint16_t label = 1;
    static constexpr std::size_t reply_capabilities = 1;
    struct Reply {
        std::uint64_t sectors = 0;  // of 512 bytes
        std::uint64_t buffer_bytes = 0;
        std::uint32_t read_only = 0;
        std::uint32_t reserved = 0;
    };
};
struct Read {  // sectors -> buffer
    static constexpr std::uint16_t label = 2;
    std::uint64_t sector = 0;
    std::uint32_t count = 0;
    std::uint32_t buffer_offset = 0;
    struct Reply {};
};
struct Write {
    static constexpr std::uint16_t label = 3;
    std::uint64_t sector = 0;
    std::uint32_t count = 0;
    std::uint32_t buffer_offset = 0;
    struct Reply {};
};
struct Flush {  // everything written is on the medium when the reply comes
    static constexpr std::uint16_t label = 4;
    struct Reply {};
};

}  // namespace block
