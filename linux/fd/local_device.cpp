// SPDX-License-Identifier: MIT
// The devices of major number 1 that have no state: they are their numbers.
#include <algorithm>
#include <array>
#include <cstring>

#include "linux/entry/user_memory.hpp"
#include "linux/fd/random.hpp"
#include "linux/fd/server_file.hpp"
#include "linux/process/random.hpp"

namespace linux {

namespace {

bool random_word(std::uint64_t& word) {
    for (int attempt = 0; attempt < 10; ++attempt) {
        bool valid = false;
        asm volatile("rdrandq %0" : "=r"(word), "=@ccc"(valid));
        if (valid) {
            return true;
        }
    }
    return false;
}

bool has_generator() {
    std::uint32_t a = 1, b = 0, c = 0, d = 0;
    asm("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return (c & (1U << 30)) != 0;
}

}  // namespace

bool fill_random(std::span<std::byte> to) {
    static const bool available = has_generator();
    if (!available) {
        return false;
    }
    while (!to.empty()) {
        std::uint64_t word = 0;
        if (!random_word(word)) {
            return false;
        }
        const std::size_t part = std::min(to.size(), sizeof word);
        std::memcpy(to.data(), &word, part);
        to = to.subspan(part);
    }
    return true;
}

namespace fd {

namespace {

constexpr std::uint32_t memory_major = 1;
enum Minor : std::uint32_t { null = 3, zero = 5, full = 7, random = 8, urandom = 9 };

std::int64_t read_random(UserBuffer& buffer) {
    std::array<std::byte, 256> bytes;
    std::uint64_t moved = 0;
    while (buffer.remaining() != 0) {
        const auto part =
            std::span{bytes}.first(std::min<std::uint64_t>(buffer.remaining(), bytes.size()));
        random_bytes(part);
        if (!buffer.put(part)) {
            return moved != 0 ? static_cast<std::int64_t>(moved) : -Errno::efault;
        }
        moved += part.size();
    }
    return static_cast<std::int64_t>(moved);
}

}  // namespace

bool LocalDevice::serves(const ServerFileInfo& info) {
    if (info.kind != fs::Kind::character_device || info.device_major != memory_major) {
        return false;
    }
    switch (info.device_minor) {
        case null:
        case zero:
        case full:
        case random:
        case urandom: return true;
        default:      return false;
    }
}

bool LocalDevice::is_zero_device() const { return info().device_minor == zero; }

std::int64_t LocalDevice::read(UserBuffer& buffer, Offset /*offset*/) {
    const std::uint64_t count = buffer.remaining();
    switch (info().device_minor) {
        case null: return 0;
        case zero:
        case full: {
            const auto done = buffer.zero(count);
            return done ? static_cast<std::int64_t>(count) : -done.error();
        }
        default: return read_random(buffer);
    }
}

std::int64_t LocalDevice::write(UserBuffer& buffer, Offset /*offset*/) {
    if (info().device_minor == full) {
        return -Errno::enospc;
    }
    return static_cast<std::int64_t>(buffer.remaining());
}

// Of the devices of random bytes one can be waited for, as on Linux.
bool LocalDevice::is_always_ready() const { return info().device_minor != random; }

Result<std::uint64_t> LocalDevice::seek(std::int64_t /*offset*/, std::uint32_t /*whence*/) {
    return 0;
}

}  // namespace fd
}  // namespace linux
