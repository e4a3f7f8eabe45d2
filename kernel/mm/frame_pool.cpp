// SPDX-License-Identifier: MIT
#include "kernel/mm/frame_pool.hpp"

#include <algorithm>
#include <cstring>
#include <ranges>

#include <arch/memory.hpp>
#include <arch/window.hpp>

#include "kernel/assert.hpp"
#include "libs/base/align.hpp"

namespace kernel::mm {

constinit FramePool frames;

bool FramePool::initialise(const BootParameters& parameters) {
    parameters_ = &parameters;
    for (const PhysRange& range : parameters.ram) {
        count_ = std::max(count_, range.end.value() / base::page_size);
    }
    const std::uint64_t bytes = base::align_up(count_ * sizeof(Frame), base::page_size);
    const PhysRange* home = std::ranges::max_element(parameters.free, {}, &PhysRange::bytes);
    if (home == parameters.free.end() || home->bytes() < bytes) {
        return false;
    }
    records_ = static_cast<Frame*>(arch::window(home->begin));
    std::memset(static_cast<void*>(records_), 0, bytes);
    // From the top down, so that the list hands out ascending addresses.
    for (const PhysRange& range : parameters.free | std::views::reverse) {
        const std::uint64_t skipped = &range == home ? bytes : 0;
        const std::uint64_t begin = (range.begin.value() + skipped) / base::page_size;
        for (std::uint64_t index = range.end.value() / base::page_size; index-- > begin;) {
            push(static_cast<std::uint32_t>(index));
        }
    }
    return true;
}

void FramePool::push(std::uint32_t index) {
    Frame& frame = records_[index];
    frame.next_or_references = Frame::free_mark | head_;
    frame.previous_or_marks = 0;
    if (head_ != 0) {
        records_[head_].previous_or_marks = index;
    }
    head_ = index;
    ++free_;
}

void FramePool::unlink(std::uint32_t index) {
    Frame& frame = records_[index];
    const std::uint32_t next = frame.next_or_references & ~Frame::free_mark;
    const std::uint32_t previous = frame.previous_or_marks;
    if (previous != 0) {
        records_[previous].next_or_references = frame.next_or_references;
    } else {
        head_ = next;
    }
    if (next != 0) {
        records_[next].previous_or_marks = previous;
    }
    frame.next_or_references = 1;
    frame.previous_or_marks = 0;
    --free_;
}

Result<PhysAddr> FramePool::take() {
    const std::uint32_t index = head_;
    TRY(refuse_if(index == 0, Error::no_memory));
    unlink(index);
    return PhysAddr{std::uint64_t{index} * base::page_size};
}

Result<PhysAddr> FramePool::take_zeroed() {
    const PhysAddr frame = TRY(take());
    arch::zero_page(arch::window(frame));
    return frame;
}

Result<PhysAddr> FramePool::take_contiguous(std::uint64_t count) {
    std::uint64_t run = 0;
    for (std::uint64_t index = 1; index < count_; ++index) {
        run = records_[index].is_free() ? run + 1 : 0;
        // A large page of it can then have a large entry.
        run = run == 1 && count >= run_frames && index % run_frames != 0 ? 0 : run;
        if (run == count) {
            const std::uint64_t first = index + 1 - count;
            for (std::uint64_t i = first; i <= index; ++i) {
                unlink(static_cast<std::uint32_t>(i));
                arch::zero_page(arch::window(PhysAddr{i * base::page_size}));
            }
            return PhysAddr{first * base::page_size};
        }
    }
    return fail(Error::no_memory);
}

PhysAddr FramePool::find_run() {
    constexpr int places = 4;
    for (int i = 0; i < places && count_ >= run_frames; ++i) {
        run_cursor_ =
            (run_cursor_ != 0 ? run_cursor_ : base::align_down(count_, run_frames)) - run_frames;
        if (std::all_of(records_ + run_cursor_, records_ + run_cursor_ + run_frames,
                        [](const Frame& frame) { return frame.is_free(); })) {
            return PhysAddr{run_cursor_ * base::page_size};
        }
    }
    return PhysAddr{};
}

void FramePool::put_first(PhysAddr frame) {
    const auto index = static_cast<std::uint32_t>(frame.value() / base::page_size);
    if (index < count_ && records_[index].is_free()) {
        unlink(index);
        push(index);
    }
}

void FramePool::release(PhysAddr frame) {
    Frame& entry = record(frame);
    ASSERT(entry.references() > 0);
    if (--entry.next_or_references == 0) {
        push(static_cast<std::uint32_t>(frame.value() / base::page_size));
    }
}

void FramePool::adopt(PhysAddr begin, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
        record(begin + i * base::page_size).next_or_references = 1;
    }
}

bool FramePool::is_ram(PhysAddr begin, std::uint64_t bytes) const {
    return std::ranges::any_of(parameters_->ram, [&](const PhysRange& range) {
        return begin < range.end && range.begin < begin + bytes;
    });
}

}  // namespace kernel::mm
