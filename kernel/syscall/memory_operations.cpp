// SPDX-License-Identifier: MIT
#include <cstring>

#include "kernel/ipc/ipc.hpp"
#include "kernel/ipc/page_path.hpp"
#include "kernel/mm/frame_pool.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/object/memory.hpp"
#include "kernel/syscall/operation.hpp"

namespace kernel {

namespace {

using abi::MemoryOp;
using abi::MemoryRights;

constexpr std::uint64_t most_pinned = 512;  // as many physical addresses as fit in the message page

// Copies between the message page and the Memory, page by page. All pages are made ready before the first byte is copied.
Result<> copy_bytes(Memory& memory, std::uint64_t offset, std::byte* page, std::size_t length,
                    bool write) {
    TRY(refuse_if(!base::range_fits(offset, length, memory.bytes()), Error::out_of_range));
    for (std::uint64_t at = base::align_down(offset, base::page_size); at < offset + length;
         at += base::page_size) {
        TRY(memory.kernel_page(at / base::page_size, write));
    }
    for (std::size_t done = 0; done < length;) {
        const std::uint64_t at = offset + done;
        const std::size_t part =
            std::min<std::size_t>(length - done, base::page_size - at % base::page_size);
        auto* there =
            static_cast<std::byte*>(TRY(memory.kernel_page(at / base::page_size, write))) +
            at % base::page_size;
        // (The message page may be a page of this very Memory.)
        std::memmove(write ? there : page + done, write ? page + done : there, part);
        done += part;
    }
    return {};
}

Result<Answer> clone(Operation& op, Memory& memory) {
    auto* bank = TRY(op.lookup<Bank>(0, abi::BankRights::create));
    const PageRange range = TRY(page_range(op.word(1), op.word(2), memory.pages()));
    TRY(refuse_if(memory.is_physical(), Error::invalid_argument));
    return op.create([&] { return memory.clone(*bank, range.first, range.count); });
}

Result<Answer> window(Operation& op, Memory& memory) {
    const PageRange range = TRY(page_range(op.word(0), op.word(1), memory.pages()));
    auto* bank = TRY(op.lookup<Bank>(2, abi::BankRights::create));
    TRY(refuse_if(!memory.is_physical(), Error::invalid_argument));
    const PhysAddr begin = memory.physical_base() + range.first * base::page_size;
    TRY(refuse_if(mm::frames.is_ram(begin, range.count * base::page_size), Error::out_of_range));
    return op.create(
        [&] { return Memory::create_physical(*bank, begin, range.count * base::page_size); });
}

Result<Answer> pin(Operation& op, Memory& memory) {
    // Where memory is concerns nobody but who sets up devices.
    const auto* device = TRY(op.lookup<Memory>(2, MemoryRights::physical));
    TRY(refuse_if(!device->is_physical(), Error::missing_right));
    const PageRange range = TRY(page_range(op.word(0), op.word(1), memory.pages()));
    TRY(refuse_if(range.count > most_pinned, Error::too_long));
    auto* addresses = reinterpret_cast<std::uint64_t*>(op.caller.message_page());
    TRY(memory.pin_for_device(range.first, range.count, addresses));
    return Answer{.payload = range.count * sizeof(std::uint64_t)};
}

Result<Answer> supply(Operation& op, Memory& memory) {
    TRY(op.need(MemoryRights::manage));
    const PageRange range = TRY(page_range(op.word(0), op.word(1), memory.pages()));
    if (op.label<MemoryOp>() == MemoryOp::fail) {
        memory.end_waits(range.first, range.count, Memory::News::failed);
        return answer();
    }
    TRY(refuse_if(range.count > abi::most_supplied, Error::too_long));
    auto* from = TRY(op.lookup<Memory>(2, MemoryRights::manage));
    const PageRange source = TRY(page_range(op.word(3), op.word(1), from->pages()));
    TRY(refuse_if(!memory.is_paged() || from == &memory, Error::invalid_argument));
    const bool receives = op.label<MemoryOp>() == MemoryOp::supply_and_receive;
    ReceiveArguments next{};
    if (receives) {
        next = TRY(decode_receive(op.caller, op.word(4)));
        TRY(check_unused(next.reply));
    }
    const Memory::Supply supply{.first = range.first,
                                .count = range.count,
                                .from = *from,
                                .from_first = source.first,
                                .news = receives ? Memory::News::come_to_run : Memory::News::come};
    if (receives && range.count == 1) {
        PagePath::supply(op.caller, memory, supply, *next.endpoint, next.reply);
    }
    TRY(memory.supply(supply));
    if (receives) {
        ipc::receive(op.caller, *next.endpoint, next.reply);
    }
    return Answer{.received = receives};
}

// commit, decommit, resize, reserve.
Result<Answer> change(Operation& op, Memory& memory) {
    const auto label = op.label<MemoryOp>();
    TRY(op.need(label == MemoryOp::commit ? MemoryRights::write : MemoryRights::manage));
    TRY(refuse_if(memory.is_physical(), Error::invalid_argument));
    const bool resizes = label == MemoryOp::resize, reserves = label == MemoryOp::reserve;
    const std::uint64_t most = resizes ? Memory::max_pages : memory.pages();
    const bool nothing = reserves && op.word(0) == 0;
    const PageRange range = TRY(nothing               ? Result<PageRange>{PageRange{}}
                                : resizes || reserves ? page_range(0, op.word(0), most)
                                                      : page_range(op.word(0), op.word(1), most));
    if (reserves) {
        TRY(memory.reserve(range.count));
        return answer();
    }
    return in_steps(op, [&](std::uint64_t& progress, Work& work) -> Result<bool> {
        return resizes ? memory.resize(range.count, progress, work)
               : label == MemoryOp::commit
                   ? memory.commit(range.first, range.count, progress, work)
                   : memory.decommit(range.first, range.count, progress, work);
    });
}

Result<Answer> transfer(Operation& op, Memory& memory) {
    const bool write = op.label<MemoryOp>() == MemoryOp::write;
    TRY(op.need(write ? MemoryRights::write : MemoryRights::read));
    const std::size_t length = write ? op.tag.payload() : op.word(1);
    TRY(refuse_if(length > abi::message_bytes, Error::too_long));
    TRY(copy_bytes(memory, op.word(0), op.caller.message_page(), length, write));
    return Answer{.payload = write ? 0 : length};
}

}  // namespace

Result<Answer> invoke(Operation& op, Memory& memory) {
    switch (op.label<MemoryOp>()) {
        case MemoryOp::query:
            return answer(memory.bytes(), memory.committed() * base::page_size,
                          (memory.is_physical() ? abi::MemoryFlags::physical : 0) |
                              (memory.is_paged() ? abi::MemoryFlags::pager : 0),
                          memory.reserved() * base::page_size);
        case MemoryOp::clone:              TRY(op.need(MemoryRights::read)); return clone(op, memory);
        case MemoryOp::read:
        case MemoryOp::write:              return transfer(op, memory);
        case MemoryOp::resize:
        case MemoryOp::reserve:
        case MemoryOp::decommit:
        case MemoryOp::commit:             return change(op, memory);
        case MemoryOp::supply:
        case MemoryOp::supply_and_receive:
        case MemoryOp::fail:               return supply(op, memory);
        case MemoryOp::pin:                TRY(op.need(MemoryRights::physical)); return pin(op, memory);
        case MemoryOp::window:             TRY(op.need(MemoryRights::physical)); return window(op, memory);
    }
    return fail(Error::bad_system_call);
}

}  // namespace kernel
