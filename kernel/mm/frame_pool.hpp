// SPDX-License-Identifier: MIT
// The machine's page frames.
//
// Every frame of RAM has one Frame record, in an array at the start of the largest free range. A frame is free (in the
// pool's list), or has `references`: the number of owners that hold it. Owners are kernel pages (one) and slots of Memory
// objects (a frame that is shared copy-on-write has several). Page-table entries do not count: they are kept right by
// whoever changes a Memory's slot.
//
// The pool knows nothing of banks. Whoever takes a frame has charged a bank for it before.
#pragma once

#include <cstdint>
#include <span>

#include "kernel/boot_parameters.hpp"
#include "kernel/result.hpp"
#include "kernel/types.hpp"

namespace kernel::mm {

// Eight bytes: one for every 4096 of the machine is what it costs to have records at all.
struct Frame {
    static constexpr std::uint32_t free_mark = 0x8000'0000;

    // Free: free_mark | the next in the list (frame 0 is never free). Else the references.
    std::uint32_t next_or_references = 0;
    // Free: the one before. Else the owner's, 0 at first.
    std::uint32_t previous_or_marks = 0;

    [[nodiscard]] bool is_free() const { return (next_or_references & free_mark) != 0; }
    [[nodiscard]] std::uint32_t references() const { return is_free() ? 0 : next_or_references; }
};

class FramePool {
public:
    // Takes over the free ranges. False: not even the records fit.
    bool initialise(const BootParameters& parameters);

    // A frame with one reference, its contents left from before. no_memory.
    [[nodiscard]] Result<PhysAddr> take();
    [[nodiscard]] Result<PhysAddr> take_zeroed();
    // `count` frames in a row, zeroed, one reference each. Slow: for DMA buffers.
    [[nodiscard]] Result<PhysAddr> take_contiguous(std::uint64_t count);

    // As many frames as a large page has.
    static constexpr std::uint64_t run_frames = 512;
    // The first of so many, aligned as a large page, which are all free; 0: none found. None is taken, and not all places are
    // looked at, but the next ones from the last to the first, which `take` comes to last.
    [[nodiscard]] PhysAddr find_run();
    // The next one that is taken is this frame, if it is free.
    void put_first(PhysAddr frame);

    void add_reference(PhysAddr frame) { ++record(frame).next_or_references; }
    // Drops one reference; the last one frees the frame.
    void release(PhysAddr frame);
    [[nodiscard]] std::uint32_t references(PhysAddr frame) { return record(frame).references(); }
    // 32 bits of a taken frame for its owner's own use; 0 when it is taken.
    [[nodiscard]] std::uint32_t& marks(PhysAddr frame) { return record(frame).previous_or_marks; }
    // Marks frames that were in use at boot (the archive) as held once, so that they can be released later.
    void adopt(PhysAddr begin, std::uint64_t count);

    [[nodiscard]] bool is_ram(PhysAddr begin, std::uint64_t bytes) const;
    // Of all frames of the machine, by number.
    [[nodiscard]] std::span<const Frame> records() const { return {records_, count_}; }
    [[nodiscard]] std::uint64_t free_frames() const { return free_; }

private:
    Frame& record(PhysAddr frame) { return records_[frame.value() / 4096]; }
    void push(std::uint32_t index);
    void unlink(std::uint32_t index);

    Frame* records_ = nullptr;
    std::uint64_t count_ = 0;
    std::uint64_t run_cursor_ = 0;  // frame number: find_run goes on below
    std::uint32_t head_ = 0;
    std::uint64_t free_ = 0;
    const BootParameters* parameters_ = nullptr;
};

extern FramePool frames;

}  // namespace kernel::mm
