// SPDX-License-Identifier: MIT
// A disk with a buffer: protocol `block`, or, in the unit tests, an image file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "interfaces/status.hpp"

namespace ext2 {

using interfaces::Status;

inline constexpr std::uint64_t sector_bytes = 512;

class BlockDevice {
public:
    virtual ~BlockDevice() = default;

    [[nodiscard]] virtual std::uint64_t sectors() const = 0;
    [[nodiscard]] virtual bool read_only() const = 0;
    // All data goes through this; a multiple of 4096 bytes.
    [[nodiscard]] virtual std::span<std::byte> buffer() = 0;
    // Between the disk and the buffer's start.
    [[nodiscard]] virtual Status read(std::uint64_t sector, std::uint32_t count) = 0;
    [[nodiscard]] virtual Status write(std::uint64_t sector, std::uint32_t count) = 0;
    // Makes what was written durable.
    [[nodiscard]] virtual Status flush() = 0;
};

}  // namespace ext2
