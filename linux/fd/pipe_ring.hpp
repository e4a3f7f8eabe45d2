// SPDX-License-Identifier: MIT
//
// The bytes of a pipe: a queue of pages in memory that all its readers and writers share, in any
// number of processes, any of which may be killed between any two instructions.
//
//      one Memory:  [ Header, one page ][ page 0 ][ page 1 ] ... [ page 59 ]
//
//      order:   |   |   | e | e | e |   | ...      16 entries; e = which page, from where, how much
//                         ^ head      ^ tail       (they count up for ever; the place is modulo 16)
//
// Nobody ever locks anything, so nobody's death can stop the others. A writer takes a free page,
// fills it while nobody else knows of it, and publishes it by one compare-and-swap of an empty
// entry. A small write is joined to the last entry in the same way: old and new bytes are copied to
// a fresh page, and the entry is swapped. A reader copies first and then swaps the entry for what
// is left of it; if that fails, somebody was faster, and it copies again. Each change of an entry
// counts up its `turn`, so that a slow thread's swap fails instead of hitting a later use of it.
//
// Head and tail may lag by one behind the entries; whoever sees this pushes them on. Rules:
//   an entry before head or from tail on is empty, except that the one at tail may be just
//   published, and the one at head may be just used up; head <= tail <= head + 16.
//
// A process killed while it fills a page loses that page for the pipe's life. There are almost four
// times as many as the queue can hold; the spare ones cost nothing until they are used.
//
// A write of at most one page becomes visible at once and in one piece (POSIX: PIPE_BUF). A packet is an
// entry that nothing is joined to, and that is read as a whole; one without bytes holds a byte that
// stands for nothing. A packet of more than a page is an entry whose page lists the pages that its bytes are in. An entry may have a note, a number for whoever reads its first byte; nothing is joined to that
// either. What the
// others store is checked before use: they can make this pipe talk nonsense, and no more.
//
// Not here: sleeping, end of file, and capabilities (linux/fd/pipe.cpp).
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace linux::fd {

class PipeRing {
public:
    static constexpr std::size_t page_bytes = 4096;
    static constexpr std::uint32_t slots = 16;
    static constexpr std::uint32_t pages = 60;
    static constexpr std::size_t capacity = slots * page_bytes;
    // As on Linux, of packets: the size of a send buffer, less 32.
    static constexpr std::size_t packet_capacity = 212'992, largest_packet = packet_capacity - 32;

    // All zero in a new pipe. `used` has a bit for each page that is taken. `ended`: a side said
    // that it is done (sockets). `writes`: how many there were; `openings`: how often a full queue got room
    // (for edge-triggered epolls; who is killed just before he counts has not told them). `flags`: of the two ends' descriptions (F_SETFL). `notes`: of the
    // entry that a page is in, as long as nothing of it was read. `parcels`: linux/fd/parcel.hpp.
    // `stamps`: of packets, when they were written (of the processor's counter). `names`: of the first
    // and the second end of a connection.
    struct Header {
        alignas(64) std::atomic<std::uint64_t> tail;
        std::atomic<std::uint32_t> sleeping_writers;
        std::atomic<std::uint32_t> ended;
        std::atomic<std::uint32_t> writes;
        alignas(64) std::atomic<std::uint64_t> head;
        std::atomic<std::uint32_t> sleeping_readers;
        std::atomic<std::uint32_t> openings;
        alignas(64) std::atomic<std::uint64_t> used;
        std::atomic<std::uint32_t> flags[2];
        std::atomic<std::uint32_t> framing;  // set before the first use (fd::Framing)
        alignas(64) std::atomic<std::uint64_t> order[slots];
        std::atomic<std::uint32_t> notes[pages];
        std::atomic<std::uint32_t> parcels;
        std::atomic<std::uint64_t> stamps[pages];
        struct Name {
            std::atomic<std::uint32_t> length;
            char text[108];
        } names[2];
    };
    static_assert(sizeof(Header) <=
                  4032);  // what follows in that page is a named pipe's (fs::OpenPipe)
    // Bits of `ended`.
    static constexpr std::uint32_t writing_ended = 1, reading_ended = 2;
    static constexpr std::size_t memory_bytes = page_bytes + pages * page_bytes;

    static constexpr std::uint64_t all_pages = (std::uint64_t{1} << pages) - 1;

    explicit PipeRing(std::byte* memory) : memory_(memory) {}

    [[nodiscard]] Header& header() const { return *reinterpret_cast<Header*>(memory_); }
    [[nodiscard]] bool empty();
    [[nodiscard]] bool full();
    // Is there room for a packet of so many bytes?
    [[nodiscard]] bool has_room_for(std::size_t count);
    // Bytes that wait to be read; a snapshot.
    [[nodiscard]] std::size_t readable();

    enum class Outcome : std::uint8_t { done, full, empty, fault };
    struct Transfer {
        Outcome outcome;
        std::size_t count;
        std::size_t available = 0;  // read, peek: what was there to be had
        std::uint32_t note = 0;     // ... and the note, if nothing of the entry had been read
    };

    // Puts one piece of at most a page into the queue, all or nothing. `fill(page, count)` copies
    // the bytes there; false: they cannot be had (nothing is changed, the outcome is `fault`).
    template <class Fill>
    Transfer write(std::size_t count, Fill&& fill, std::uint32_t note = 0);
    // The same, as a packet; it may be empty.
    template <class Fill>
    Transfer write_packet(std::size_t count, Fill&& fill, std::uint32_t note = 0);
    // Of more than a page: `fill(page, count, at)` for each page of it, in order, `at` from 0 on.
    template <class Fill>
    Transfer write_large_packet(std::size_t count, Fill&& fill, std::uint32_t note = 0);
    // Takes at most `count` bytes from the first entry. `drain(bytes)` copies them away; it may be
    // called several times, only the last counts. False: outcome `fault`, nothing is taken.
    template <class Drain>
    Transfer read(std::size_t count, Drain&& drain) {
        return take(count, drain, false);
    }
    // The same, but what is more than `count` is dropped. Of a packet of several pages `drain(bytes, at)` gets one
    // after the other, each time from `at` 0 on; who has no `at` gets nothing of it.
    template <class Drain>
    Transfer read_packet(std::size_t count, Drain&& drain) {
        return take(count, drain, true);
    }
    // As read, but all stays there.
    template <class Drain>
    Transfer peek(std::size_t count, Drain&& drain);
    // Of the packet that would be read next, if there is one.
    std::optional<std::uint64_t> next_stamp() {
        const auto place = front();
        return place ? std::optional{header().stamps[place->entry.page].load()} : std::nullopt;
    }

private:
    struct Entry {
        std::uint32_t turn = 0;
        std::uint32_t page = 0;
        std::uint32_t offset = 0;
        std::uint32_t length = 0;  // 0: empty
        bool hollow =
            false;  // the length is no count: 1, a packet without bytes; 2, one of several pages

        static Entry unpack(std::uint64_t raw) {
            Entry entry{static_cast<std::uint32_t>(raw >> 32),
                        static_cast<std::uint32_t>(raw >> 26) & 0x3f,
                        static_cast<std::uint32_t>(raw >> 13) & 0xfff,
                        static_cast<std::uint32_t>(raw) & 0x1fff, (raw >> 25 & 1) != 0};
            // Only a broken or hostile partner stores this.
            if (entry.offset + entry.length > page_bytes || entry.page >= pages) {
                entry = {entry.turn, 0, 0, 1, false};
            }
            return entry;
        }
        [[nodiscard]] std::uint64_t pack() const {
            return (std::uint64_t{turn} << 32) | (std::uint64_t{page} << 26) |
                   (std::uint64_t{hollow ? 1U : 0U} << 25) | (std::uint64_t{offset} << 13) | length;
        }
        [[nodiscard]] bool is_large() const { return hollow && length == 2; }
    };
    // What stands in the page of a packet of several pages.
    struct PageList {
        std::uint32_t bytes = 0, count = 0;
        std::array<std::uint8_t, pages> of;
    };
    // Does it take what comes in several parts?
    template <class Drain>
    static constexpr bool takes_parts =
        requires(Drain& drain, std::span<const std::byte> bytes) { drain(bytes, std::size_t{0}); };
    // A copy that can be relied on: what others broke is an empty one.
    [[nodiscard]] PageList list_in(std::uint32_t index) const;
    [[nodiscard]] std::size_t size_of(const Entry& entry) const {
        return entry.is_large() ? list_in(entry.page).bytes : entry.hollow ? 0 : entry.length;
    }
    void free_pages(const PageList& list) {
        for (std::uint32_t i = 0; i < list.count; ++i) {
            free_page(list.of[i]);
        }
    }
    [[nodiscard]] std::size_t free_count() const {
        return pages - static_cast<std::size_t>(std::popcount(
                           header().used.load(std::memory_order_relaxed) & all_pages));
    }
    static constexpr std::size_t pages_for(std::size_t count) {
        return (count + page_bytes - 1) / page_bytes + (count > page_bytes ? 1 : 0);
    }
    // A place in the queue with what was found there: raw is what a swap must still find.
    struct Place {
        std::uint64_t position;
        std::uint64_t raw;
        Entry entry;
    };

    [[nodiscard]] std::byte* page(std::uint32_t index) const {
        return memory_ + page_bytes + std::size_t{index} * page_bytes;
    }
    // Whoever sees the entry in its place afterwards has seen its note.
    [[nodiscard]] std::uint32_t note_of(const Entry& entry) const {
        return entry.offset == 0 ? header().notes[entry.page].load(std::memory_order_relaxed) : 0;
    }
    [[nodiscard]] std::atomic<std::uint64_t>& slot(std::uint64_t position) const {
        return header().order[position % slots];
    }
    std::optional<std::uint32_t> take_page();
    void free_page(std::uint32_t index) {
        header().used.fetch_and(~(std::uint64_t{1} << index), std::memory_order_acq_rel);
    }
    void count_write() { header().writes.fetch_add(1, std::memory_order_release); }
    bool swap(const Place& place, Entry to) {
        to.turn = place.entry.turn + 1;
        std::uint64_t expected = place.raw;
        return slot(place.position)
            .compare_exchange_strong(expected, to.pack(), std::memory_order_seq_cst);
    }
    static void push(std::atomic<std::uint64_t>& counter, std::uint64_t from) {
        counter.compare_exchange_strong(from, from + 1, std::memory_order_seq_cst);
    }
    std::optional<Place> front();
    std::optional<Place> back();  // the empty place where the next entry goes; none: full
    std::optional<Place> last();  // the last entry that waits
    template <class Fill>
    std::optional<Transfer> join(std::size_t count, Fill& fill);
    template <class Fill>
    Transfer append(std::size_t count, Fill& fill, std::uint32_t note, std::uint64_t stamp = 0);
    // Puts the entry with this page, filled, at the end. False: there is no room.
    bool publish(Entry entry, std::uint32_t note, std::uint64_t stamp);
    template <class Drain>
    bool copy_out(const Entry& entry, const PageList& list, std::size_t count, Drain& drain) const;
    template <class Drain>
    Transfer take(std::size_t count, Drain& drain, bool whole);

    std::byte* memory_;
};

inline std::optional<std::uint32_t> PipeRing::take_page() {
    std::uint64_t used = header().used.load(std::memory_order_relaxed);
    while ((used & all_pages) != all_pages) {
        const auto index = static_cast<std::uint32_t>(std::countr_one(used));
        // Acquire: what an earlier user of the page did with it is over.
        if (header().used.compare_exchange_weak(used, used | (std::uint64_t{1} << index),
                                                std::memory_order_acq_rel)) {
            return index;
        }
    }
    return std::nullopt;
}

inline std::optional<PipeRing::Place> PipeRing::front() {
    Header& shared = header();
    for (;;) {
        const std::uint64_t head = shared.head.load(std::memory_order_seq_cst);
        const std::uint64_t tail = shared.tail.load(std::memory_order_seq_cst);
        const std::uint64_t raw = slot(head).load(std::memory_order_seq_cst);
        const Entry entry = Entry::unpack(raw);
        if (shared.head.load(std::memory_order_seq_cst) != head) {
            continue;  // the entry may belong to a later round
        }
        if (tail - head > slots) {
            return std::nullopt;  // broken by somebody: nothing more will come out
        }
        if (head == tail) {
            if (entry.length == 0) {
                return std::nullopt;
            }
            push(shared.tail, tail);  // published by somebody who has not come further yet
        } else if (entry.length == 0) {
            push(shared.head, head);  // used up, likewise
        } else {
            return Place{head, raw, entry};
        }
    }
}

inline std::optional<PipeRing::Place> PipeRing::back() {
    Header& shared = header();
    for (;;) {
        const std::uint64_t tail = shared.tail.load(std::memory_order_seq_cst);
        const std::uint64_t head = shared.head.load(std::memory_order_seq_cst);
        if (tail - head > slots) {
            return std::nullopt;  // broken by somebody: nothing more goes in
        }
        if (tail - head == slots) {
            if (Entry::unpack(slot(head).load(std::memory_order_seq_cst)).length != 0) {
                if (shared.head.load(std::memory_order_seq_cst) == head) {
                    return std::nullopt;
                }
            } else {
                push(shared.head, head);
            }
            continue;
        }
        const std::uint64_t raw = slot(tail).load(std::memory_order_seq_cst);
        const Entry entry = Entry::unpack(raw);
        if (shared.tail.load(std::memory_order_seq_cst) != tail) {
            continue;
        }
        if (entry.length == 0) {
            return Place{tail, raw, entry};
        }
        push(shared.tail, tail);
    }
}

inline std::optional<PipeRing::Place> PipeRing::last() {
    Header& shared = header();
    const std::uint64_t head = shared.head.load(std::memory_order_seq_cst);
    const std::uint64_t tail = shared.tail.load(std::memory_order_seq_cst);
    if (head == tail) {
        return std::nullopt;
    }
    const std::uint64_t raw = slot(tail - 1).load(std::memory_order_seq_cst);
    const Entry entry = Entry::unpack(raw);
    if (entry.length == 0 || shared.tail.load(std::memory_order_seq_cst) != tail) {
        return std::nullopt;
    }
    return Place{tail - 1, raw, entry};
}

// Mostly without the loop: tail is at head, and nothing is published there.
inline bool PipeRing::empty() {
    constexpr std::uint64_t length_mask = 0x1fff;
    const Header& shared = header();
    const std::uint64_t head = shared.head.load(std::memory_order_seq_cst);
    if (shared.tail.load(std::memory_order_seq_cst) == head &&
        (slot(head).load(std::memory_order_seq_cst) & length_mask) == 0) [[likely]] {
        return true;
    }
    return !front().has_value();
}

inline bool PipeRing::full() {
    return !back().has_value() ||
           (header().used.load(std::memory_order_relaxed) & all_pages) == all_pages;
}

inline bool PipeRing::has_room_for(std::size_t count) {
    return back().has_value() && free_count() >= std::max<std::size_t>(pages_for(count), 1);
}

inline std::size_t PipeRing::readable() {
    Header& shared = header();
    std::uint64_t head = shared.head.load(std::memory_order_seq_cst);
    const std::uint64_t tail = shared.tail.load(std::memory_order_seq_cst);
    std::size_t sum = 0;
    for (std::uint32_t i = 0; i < slots && head < tail; ++i, ++head) {
        sum += size_of(Entry::unpack(slot(head).load(std::memory_order_seq_cst)));
    }
    return sum;
}

// Joins the bytes to the last entry, if they fit into its page; nothing if that is not to be.
template <class Fill>
std::optional<PipeRing::Transfer> PipeRing::join(std::size_t count, Fill& fill) {
    const std::optional<Place> place = last();
    if (!place || place->entry.length + count > page_bytes || note_of(place->entry) != 0) {
        return std::nullopt;
    }
    const std::optional<std::uint32_t> fresh = take_page();
    if (!fresh) {
        return std::nullopt;
    }
    const Entry& old = place->entry;
    std::memcpy(page(*fresh), page(old.page) + old.offset, old.length);
    if (!fill(page(*fresh) + old.length, count)) {
        free_page(*fresh);
        return Transfer{Outcome::fault, 0};
    }
    header().notes[*fresh].store(0, std::memory_order_relaxed);
    const auto length = static_cast<std::uint32_t>(old.length + count);
    if (!swap(*place, Entry{0, *fresh, 0, length, false})) {
        free_page(*fresh);  // a reader or another writer was here first
        return std::nullopt;
    }
    free_page(old.page);
    count_write();
    return Transfer{Outcome::done, count};
}

template <class Fill>
PipeRing::Transfer PipeRing::write(std::size_t count, Fill&& fill, std::uint32_t note) {
    if (note == 0) {
        if (const auto joined = join(count, fill)) {
            return *joined;
        }
    }
    return append(count, fill, note);
}

template <class Fill>
PipeRing::Transfer PipeRing::write_packet(std::size_t count, Fill&& fill, std::uint32_t note) {
    return append(count, fill, note, __builtin_ia32_rdtsc());
}

inline bool PipeRing::publish(Entry entry, std::uint32_t note, std::uint64_t stamp) {
    header().notes[entry.page].store(note, std::memory_order_relaxed);
    if (stamp != 0) {
        header().stamps[entry.page].store(stamp, std::memory_order_relaxed);
    }
    for (;;) {
        const std::optional<Place> place = back();
        if (!place) {
            return false;
        }
        if (swap(*place, entry)) {
            push(header().tail, place->position);
            count_write();
            return true;
        }
    }
}

template <class Fill>
PipeRing::Transfer PipeRing::append(std::size_t count, Fill& fill, std::uint32_t note,
                                    std::uint64_t stamp) {
    if (full()) {
        return {Outcome::full, 0};
    }
    const std::optional<std::uint32_t> fresh = take_page();
    if (!fresh) {
        return {Outcome::full, 0};
    }
    if (!fill(page(*fresh), count)) {
        free_page(*fresh);
        return {Outcome::fault, 0};
    }
    const bool hollow = count == 0;
    const auto length = static_cast<std::uint32_t>(hollow ? 1 : count);
    if (!publish({0, *fresh, 0, length, hollow}, note, stamp)) {
        free_page(*fresh);
        return {Outcome::full, 0};
    }
    return {Outcome::done, count};
}

template <class Fill>
PipeRing::Transfer PipeRing::write_large_packet(std::size_t count, Fill&& fill,
                                                std::uint32_t note) {
    const std::optional<std::uint32_t> index =
        has_room_for(count) ? take_page() : std::optional<std::uint32_t>{};
    if (!index) {
        return {Outcome::full, 0};
    }
    PageList list{.bytes = static_cast<std::uint32_t>(count), .count = 0, .of = {}};
    const auto give_up = [&](Outcome why) {
        free_pages(list);
        free_page(*index);
        return Transfer{why, 0};
    };
    for (std::size_t at = 0; at < count; at += page_bytes) {
        const std::optional<std::uint32_t> fresh = take_page();
        if (!fresh) {
            return give_up(Outcome::full);
        }
        list.of[list.count++] = static_cast<std::uint8_t>(*fresh);
        if (!fill(page(*fresh), std::min(page_bytes, count - at), at)) {
            return give_up(Outcome::fault);
        }
    }
    std::memcpy(page(*index), &list, sizeof list);
    if (!publish({0, *index, 0, 2, true}, note, __builtin_ia32_rdtsc())) {
        return give_up(Outcome::full);
    }
    return {Outcome::done, count};
}

inline PipeRing::PageList PipeRing::list_in(std::uint32_t index) const {
    PageList list;
    std::memcpy(&list, page(index), sizeof list);
    const bool good = list.count <= pages && list.bytes <= list.count * page_bytes &&
                      list.bytes + page_bytes > list.count * page_bytes &&
                      std::all_of(list.of.begin(), list.of.begin() + std::min(list.count, pages),
                                  [](std::uint8_t one) { return one < pages; });
    return good ? list : PageList{};
}

template <class Drain>
bool PipeRing::copy_out(const Entry& entry, const PageList& list, std::size_t count,
                        Drain& drain) const {
    if constexpr (takes_parts<Drain>) {
        if (entry.is_large()) [[unlikely]] {
            for (std::size_t at = 0; at < count; at += page_bytes) {
                const std::byte* from = page(list.of[at / page_bytes]);
                if (!drain(std::span{from, std::min(page_bytes, count - at)}, at)) {
                    return false;
                }
            }
            return true;
        }
    }
    return drain(std::span<const std::byte>{page(entry.page) + entry.offset, count});
}

template <class Drain>
PipeRing::Transfer PipeRing::peek(std::size_t count, Drain&& drain) {
    for (;;) {
        const std::optional<Place> place = front();
        if (!place) {
            return {Outcome::empty, 0};
        }
        const Entry& entry = place->entry;
        const bool large = takes_parts<Drain> && entry.is_large();
        const PageList list = large ? list_in(entry.page) : PageList{};
        const std::size_t available = large ? list.bytes : entry.hollow ? 0 : entry.length;
        const std::size_t part = std::min(available, count);
        if (!copy_out(entry, list, part, drain)) {
            return {Outcome::fault, 0};
        }
        const std::uint32_t note = note_of(entry);
        if (slot(place->position).load(std::memory_order_seq_cst) == place->raw) {
            return {Outcome::done, part, available, note};
        }
    }
}

template <class Drain>
PipeRing::Transfer PipeRing::take(std::size_t count, Drain& drain, bool whole) {
    for (;;) {
        const std::optional<Place> place = front();
        if (!place) {
            return {Outcome::empty, 0};
        }
        Entry rest = place->entry;
        const bool large = takes_parts<Drain> && rest.is_large();
        PageList list;
        if (large) [[unlikely]] {
            list = list_in(rest.page);
        }
        const std::size_t available = large ? list.bytes : rest.hollow ? 0 : rest.length;
        const std::size_t part = std::min(available, count);
        if (!copy_out(rest, list, part, drain)) {
            return {Outcome::fault, 0};
        }
        const std::uint32_t note = note_of(rest);
        rest.offset += static_cast<std::uint32_t>(part);
        rest.length -= static_cast<std::uint32_t>(part);
        if (whole || rest.hollow || rest.length == 0) {
            rest = {rest.turn, 0, 0, 0, false};
        }
        if (!swap(*place, rest)) {
            continue;
        }
        if (rest.length == 0) {
            if (large) [[unlikely]] {
                free_pages(list);
            }
            free_page(place->entry.page);
            push(header().head, place->position);
            if (header().tail.load(std::memory_order_relaxed) - place->position >= slots) {
                header().openings.fetch_add(1, std::memory_order_release);
            }
        }
        return {Outcome::done, part, available, note};
    }
}

}  // namespace linux::fd
