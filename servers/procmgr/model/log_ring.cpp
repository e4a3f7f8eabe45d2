// SPDX-License-Identifier: MIT
#include "servers/procmgr/model/log_ring.hpp"

#include <algorithm>
#include <array>

namespace procmgr {

bool LogRing::grow(LogStore& store) {
    if (room_ == limit_ || begin_ != base_ || !store.grow(room_ + step)) {
        return false;
    }
    room_ += step;
    return true;
}

bool LogRing::make_room(LogStore& store, std::uint64_t bytes) {
    while (end_ + bytes - begin_ > room_) {
        if (grow(store)) {
            continue;
        }
        if (begin_ == end_) {
            return false;
        }
        drop_first(store);
    }
    return true;
}

void LogRing::append(LogStore& store, std::uint64_t time_ns, Stream stream, std::string_view text) {
    while (!text.empty()) {
        const std::string_view part = text.substr(0, container::ReadLog::most_text);
        text.remove_prefix(part.size());
        add(store,
            {.time_ns = time_ns,
             .length = static_cast<std::uint16_t>(part.size()),
             .stream = stream},
            part);
    }
}

void LogRing::add(LogStore& store, const Record& record, std::string_view text) {
    const std::uint64_t bytes = sizeof record + text.size();
    const bool kept = make_room(store, bytes) &&
                      write_bytes(store, end_, std::as_bytes(std::span{&record, 1})) &&
                      write_bytes(store, end_ + sizeof record, std::as_bytes(std::span{text}));
    end_ += bytes;
    if (!kept) {
        drop_all();
    }
}

std::optional<LogRing::Part> LogRing::read(LogStore& store, std::uint64_t position,
                                           std::span<std::byte> to) const {
    if (position > end_) {
        return std::nullopt;
    }
    Part part{.next = std::max(position, begin_), .dropped = position < begin_};
    while (part.next != end_) {
        const auto record = record_at(store, part.next);
        if (!record) {
            return std::nullopt;
        }
        const std::size_t bytes = sizeof(Record) + record->length;
        if (bytes > to.size() - part.bytes) {
            break;
        }
        if (!read_bytes(store, part.next, to.subspan(part.bytes, bytes))) {
            return std::nullopt;
        }
        part.bytes += bytes;
        part.next += bytes;
    }
    return part;
}

void LogRing::move(LogStore& from, LogStore& to) {
    const auto room_for_it = [this] { return (end_ - begin_ + step - 1) / step * step; };
    while (begin_ != end_ && !to.grow(room_for_it())) {
        const std::uint64_t half = (end_ - begin_) / 2;
        while (end_ - begin_ > half) {
            drop_first(from);
        }
    }
    std::array<std::byte, step> bytes;
    bool whole = true;
    for (std::uint64_t at = begin_; at != end_ && whole;) {
        const auto part = std::span{bytes}.first(std::min<std::uint64_t>(end_ - at, bytes.size()));
        whole = read_bytes(from, at, part) && to.write(at - begin_, part);
        at += part.size();
    }
    room_ = whole ? room_for_it() : 0;
    base_ = begin_;
    if (!whole) {
        drop_all();
    }
}

std::optional<LogRing::Record> LogRing::record_at(LogStore& store, std::uint64_t position) const {
    Record record;
    if (end_ - position < sizeof record ||
        !read_bytes(store, position, std::as_writable_bytes(std::span{&record, 1})) ||
        record.length > container::ReadLog::most_text ||
        record.length > end_ - position - sizeof record) {
        return std::nullopt;
    }
    return record;
}

void LogRing::drop_first(LogStore& store) {
    const auto record = record_at(store, begin_);
    if (!record) {
        drop_all();
        return;
    }
    begin_ += sizeof(Record) + record->length;
}

// Around the end of the memory, if need be.
bool LogRing::read_bytes(LogStore& store, std::uint64_t position, std::span<std::byte> to) const {
    const std::uint64_t offset = room_ == 0 ? 0 : (position - base_) % room_;
    const std::size_t before_end = std::min<std::uint64_t>(to.size(), room_ - offset);
    return to.size() <= room_ && store.read(offset, to.first(before_end)) &&
           (before_end == to.size() || store.read(0, to.subspan(before_end)));
}

bool LogRing::write_bytes(LogStore& store, std::uint64_t position,
                          std::span<const std::byte> data) {
    const std::uint64_t offset = (position - base_) % room_;
    const std::size_t before_end = std::min<std::uint64_t>(data.size(), room_ - offset);
    return store.write(offset, data.first(before_end)) &&
           (before_end == data.size() || store.write(0, data.subspan(before_end)));
}

}  // namespace procmgr
