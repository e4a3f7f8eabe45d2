// SPDX-License-Identifier: MIT
// What a container has written, as much of its end as there is room for: records one behind the other in a ring.
//
//   position   0 ........ begin_ .................. end_        bytes of records since the first one ever written
//   in memory                (position - base_) modulo room_
//
// A position is that of a record, so a reader sees what it has missed, and nothing twice. The memory grows until the limit is
// reached, or there is none: from then on the oldest records go. It does not grow once one has gone, as it would have to be moved.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "interfaces/container.hpp"

namespace procmgr {

// The memory that a log is in. What is false has failed.
class LogStore {
public:
    // So many bytes can be used from now on, at least.
    virtual bool grow(std::uint64_t bytes) = 0;
    virtual bool read(std::uint64_t offset, std::span<std::byte> to) = 0;
    virtual bool write(std::uint64_t offset, std::span<const std::byte> data) = 0;

protected:
    ~LogStore() = default;
};

class LogRing {
public:
    using Record = container::ReadLog::Record;
    using Stream = container::ReadLog::Stream;
    static constexpr std::uint64_t step = 4096;  // by which it grows; room for any record

    // `limit`: in bytes, at least a step.
    explicit LogRing(std::uint64_t limit = step) : limit_(limit / step * step) {}

    // So that there is room for a container's last words, whatever it took.
    [[nodiscard]] bool begin(LogStore& store) { return grow(store); }
    void append(LogStore& store, std::uint64_t time_ns, Stream stream, std::string_view text);

    struct Part {
        std::size_t bytes = 0;   // of whole records
        std::uint64_t next = 0;  // the position after them
        bool dropped = false;    // there was something after the given position that is not kept
    };
    // Nothing: there was never a record at this position, or the memory is gone.
    [[nodiscard]] std::optional<Part> read(LogStore& store, std::uint64_t position,
                                           std::span<std::byte> to) const;
    // To other memory, which has nothing yet: as much of the end as that can have.
    void move(LogStore& from, LogStore& to);

    [[nodiscard]] bool has_after(std::uint64_t position) const { return position < end_; }
    [[nodiscard]] std::uint64_t limit() const { return limit_; }

private:
    void add(LogStore& store, const Record& record, std::string_view text);
    bool grow(LogStore& store);
    bool make_room(LogStore& store, std::uint64_t bytes);
    // The record that begins there, if one does.
    [[nodiscard]] std::optional<Record> record_at(LogStore& store, std::uint64_t position) const;
    [[nodiscard]] bool read_bytes(LogStore& store, std::uint64_t position,
                                  std::span<std::byte> to) const;
    bool write_bytes(LogStore& store, std::uint64_t position, std::span<const std::byte> data);
    // From the next record on, if that can be found; else nothing is left.
    void drop_first(LogStore& store);
    void drop_all() { base_ = begin_ = end_; }

    std::uint64_t limit_;
    std::uint64_t room_ = 0;
    std::uint64_t base_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace procmgr
