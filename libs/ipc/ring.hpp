// SPDX-License-Identifier: MIT
//
// A ring of bytes in memory shared by two sides that do not trust each other (pipes).
//
//      one Memory:  [ RingHeader, one page ][ data, a power of two bytes ]
//
// Positions count bytes since the start, modulo 2^32; the place in the data is position modulo
// capacity:
//
//      read position <= write position <= read position + capacity
//
// The header can be written by the other side at any time. So each operation loads a position once,
// checks it against the invariant, and masks it: a hostile peer can make the ring look `corrupt` or
// hand over nonsense, which it could do anyway, but never makes this side touch memory outside the
// data. The capacity is agreed elsewhere, not read from here.
//
// At most one thread reads and one writes at a time: where several may, they take `read_lock` or
// `write_lock` (words for a futex mutex of the user's) around it.
//
// Sleeping, without losing a wake-up (the reader's side; the writer's is the mirror image):
//
//      if (ring.readable() == 0) { ring.announce_reader(); if (ring.readable() == 0) wait on the
//      notification } the other side, after a write: if (ring.reader_waits()) signal the
//      notification
//
// The announcement and the positions are sequentially consistent, so one of the two sides sees the
// other's store.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "libs/base/result.hpp"

namespace ipc {

struct RingHeader {
    alignas(64) std::atomic<std::uint32_t> write_position;  // stored by the writing side only
    std::atomic<std::uint32_t> write_lock;
    std::atomic<std::uint32_t> writer_waits;
    alignas(64) std::atomic<std::uint32_t> read_position;  // stored by the reading side only
    std::atomic<std::uint32_t> read_lock;
    std::atomic<std::uint32_t> reader_waits;
    alignas(64) std::atomic<std::uint32_t> ended;  // RingEnd bits: whoever learns that a side is
                                                   // gone says so to all
};
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

struct RingEnd {
    static constexpr std::uint32_t writers = 1;  // nothing more will be written
    static constexpr std::uint32_t readers = 2;  // nobody will read
};

enum class RingError : std::uint8_t { corrupt };

class Ring {
public:
    // `data` has a power of two bytes, at most 2^31.
    Ring(RingHeader& header, std::span<std::byte> data) : header_(&header), data_(data) {}

    [[nodiscard]] static constexpr bool is_capacity(std::size_t bytes) {
        return std::has_single_bit(bytes) && bytes <= (std::size_t{1} << 31);
    }
    [[nodiscard]] RingHeader& header() const { return *header_; }
    [[nodiscard]] std::size_t capacity() const { return data_.size(); }

    [[nodiscard]] base::Result<std::size_t, RingError> readable() const {
        const std::uint32_t read = header_->read_position.load(std::memory_order_seq_cst);
        const std::uint32_t written = header_->write_position.load(std::memory_order_seq_cst);
        return used(read, written);
    }
    [[nodiscard]] base::Result<std::size_t, RingError> writable() const {
        return capacity() - TRY(readable());
    }

    // As much as there is, at most `to.size()`.
    [[nodiscard]] base::Result<std::size_t, RingError> read(std::span<std::byte> to) {
        const std::uint32_t from = header_->read_position.load(std::memory_order_relaxed);
        // Acquire: the data was stored before the position.
        const std::uint32_t written = header_->write_position.load(std::memory_order_acquire);
        const std::size_t count = std::min(TRY(used(from, written)), to.size());
        const std::size_t start = from & (capacity() - 1);
        const std::size_t first = std::min(count, capacity() - start);
        std::memcpy(to.data(), data_.data() + start, first);
        std::memcpy(to.data() + first, data_.data(), count - first);
        header_->read_position.store(from + static_cast<std::uint32_t>(count),
                                     std::memory_order_seq_cst);
        return count;
    }
    // As much as there is room for.
    [[nodiscard]] base::Result<std::size_t, RingError> write(std::span<const std::byte> from) {
        const std::uint32_t to = header_->write_position.load(std::memory_order_relaxed);
        const std::uint32_t read = header_->read_position.load(std::memory_order_acquire);
        const std::size_t count = std::min(capacity() - TRY(used(read, to)), from.size());
        const std::size_t start = to & (capacity() - 1);
        const std::size_t first = std::min(count, capacity() - start);
        std::memcpy(data_.data() + start, from.data(), first);
        std::memcpy(data_.data(), from.data() + first, count - first);
        header_->write_position.store(to + static_cast<std::uint32_t>(count),
                                      std::memory_order_seq_cst);
        return count;
    }

    void announce_reader() { header_->reader_waits.store(1, std::memory_order_seq_cst); }
    void announce_writer() { header_->writer_waits.store(1, std::memory_order_seq_cst); }
    // Did a reader (a writer) announce itself since the last time that this was asked?
    [[nodiscard]] bool reader_waits() { return take(header_->reader_waits); }
    [[nodiscard]] bool writer_waits() { return take(header_->writer_waits); }

    void end(std::uint32_t sides) { header_->ended.fetch_or(sides, std::memory_order_seq_cst); }
    [[nodiscard]] bool ended(std::uint32_t side) const {
        return (header_->ended.load(std::memory_order_seq_cst) & side) != 0;
    }

private:
    [[nodiscard]] base::Result<std::size_t, RingError> used(std::uint32_t read,
                                                            std::uint32_t written) const {
        const std::size_t count = static_cast<std::uint32_t>(written - read);
        if (count > capacity()) [[unlikely]] {
            return base::fail(RingError::corrupt);
        }
        return count;
    }
    // The plain load first: mostly nobody waits, and a load does not take the cache line from the
    // other side.
    static bool take(std::atomic<std::uint32_t>& flag) {
        return flag.load(std::memory_order_seq_cst) != 0 &&
               flag.exchange(0, std::memory_order_seq_cst) != 0;
    }

    RingHeader* header_;
    std::span<std::byte> data_;
};

}  // namespace ipc
