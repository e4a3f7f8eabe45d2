// SPDX-License-Identifier: MIT
// Memory: pages. Offsets and lengths are in bytes and, but for read and write, multiples of the
// page size.
#pragma once

#include <span>

#include "libs/ipc/kernel_objects/bank.hpp"

namespace ipc {

struct MemoryInfo {
    std::uint64_t bytes;
    std::uint64_t committed;
    std::uint64_t flags;  // abi::MemoryFlags
    std::uint64_t reserved;
};

struct MemoryRange {
    std::uint64_t offset;
    std::uint64_t length;
};

struct Memory : Object {
    using Op = abi::MemoryOp;

    [[nodiscard]] KernelResult<MemoryInfo> query() const {
        const Words words = TRY(detail::ask(index, Op::query));
        return MemoryInfo{words[0], words[1], words[2], words[3]};
    }
    [[nodiscard]] KernelResult<void> resize(std::uint64_t bytes) const {
        return detail::operate(index, Op::resize, {bytes});
    }
    // A copy-on-write copy.
    [[nodiscard]] KernelResult<Capability<Memory>> clone(Ref<Bank> bank, MemoryRange range) const {
        return detail::obtain<Memory>(index, Op::clone, {bank.index(), range.offset, range.length});
    }
    // Up to 4096 bytes, found in the message page.
    [[nodiscard]] KernelResult<std::span<const std::byte>> read(std::uint64_t offset,
                                                                std::size_t length) const {
        const sys::Outcome outcome = detail::operate_raw(index, Op::read, {offset, length});
        if (outcome.error != abi::Error::ok) {
            return base::fail(outcome.error);
        }
        return message_page().first(length);
    }
    // Up to 4096 bytes.
    [[nodiscard]] KernelResult<void> write(std::uint64_t offset,
                                           std::span<const std::byte> data) const {
        if (data.size() > abi::message_bytes) {
            return base::fail(abi::Error::too_long);
        }
        put_payload(data);
        return detail::operate(index, Op::write, {offset}, data.size());
    }
    [[nodiscard]] KernelResult<void> decommit(MemoryRange range) const {
        return detail::operate(index, Op::decommit, {range.offset, range.length});
    }
    [[nodiscard]] KernelResult<void> commit(MemoryRange range) const {
        return detail::operate(index, Op::commit, {range.offset, range.length});
    }
    // Charges so much now; the pages come when they are touched, and need no further charge.
    [[nodiscard]] KernelResult<void> reserve(std::uint64_t bytes) const {
        return detail::operate(index, Op::reserve, {bytes});
    }
    // For the pager: moves pages from `source` in, and wakes the threads that wait for them.
    [[nodiscard]] KernelResult<void> supply(MemoryRange range, Ref<Memory> source,
                                            std::uint64_t source_offset) const {
        return detail::operate(index, Op::supply,
                               {range.offset, range.length, source.index(), source_offset});
    }
    // The same, and then receives: a pager's loop, with one system call for each request. What goes
    // wrong with supplying, or with these capabilities, comes before anything is received.
    // dead, timed_out, interrupted: of the receive.
    [[nodiscard]] sys::Outcome supply_and_receive(MemoryRange range, Ref<Memory> source,
                                                  std::uint64_t source_offset,
                                                  abi::CapIndex endpoint,
                                                  abi::CapIndex reply) const {
        return sys::call(index, {abi::make_tag(static_cast<std::uint16_t>(Op::supply_and_receive)),
                                 {range.offset, range.length, source.index(), source_offset,
                                  sys::receive_target(endpoint, reply)}});
    }
    // For the pager: the threads that wait for these pages get a fault.
    [[nodiscard]] KernelResult<void> fail(MemoryRange range) const {
        return detail::operate(index, Op::fail, {range.offset, range.length});
    }
    // Commits, and tells who has device memory the physical address of each page (in the message page, up to 512).
    [[nodiscard]] KernelResult<std::span<const std::uint64_t>> pin(MemoryRange range,
                                                                   Ref<Memory> device) const {
        const sys::Outcome outcome =
            detail::operate_raw(index, Op::pin, {range.offset, range.length, device.index()});
        if (outcome.error != abi::Error::ok) {
            return base::fail(outcome.error);
        }
        return std::span{reinterpret_cast<const std::uint64_t*>(message_page().data()),
                         range.length / abi::page_size};
    }
    // A part of device memory.
    [[nodiscard]] KernelResult<Capability<Memory>> window(MemoryRange range, Ref<Bank> bank) const {
        return detail::obtain<Memory>(index, Op::window,
                                      {range.offset, range.length, bank.index()});
    }
};

}  // namespace ipc
