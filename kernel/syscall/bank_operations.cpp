// SPDX-License-Identifier: MIT
#include "kernel/mm/frame_pool.hpp"
#include "kernel/object/address_space.hpp"
#include "kernel/object/endpoint.hpp"
#include "kernel/object/memory.hpp"
#include "kernel/object/notification.hpp"
#include "kernel/object/reply.hpp"
#include "kernel/object/sched_context.hpp"
#include "kernel/sched/scheduler.hpp"
#include "kernel/syscall/operation.hpp"

namespace kernel {

namespace {

using abi::BankOp;
using abi::BankRights;

Result<Answer> create_memory(Operation& op, Bank& bank) {
    const PageRange range = TRY(page_range(0, op.word(1), Memory::max_pages));
    const std::uint64_t bytes = range.count * base::page_size;
    TRY(refuse_if((op.word(2) & ~abi::MemoryFlags::contiguous) != 0, Error::invalid_argument));
    if (op.word(3) == abi::no_capability) {
        return op.create([&] { return Memory::create(bank, bytes, op.word(2)); });
    }
    auto* pager = TRY(op.lookup<Endpoint>(3, abi::EndpointRights::receive));
    return op.create([&] { return Memory::create_paged(bank, bytes, *pager, op.word(4)); });
}

Result<Answer> create_thread(Operation& op, Bank& bank) {
    auto* space = TRY(op.lookup<AddressSpace>(1, abi::AddressSpaceRights::map));
    auto* table = TRY(op.lookup<CapTable>(2, abi::CapTableRights::manage));
    auto* pages = TRY(op.lookup<Memory>(3, abi::MemoryRights::write));
    TRY(refuse_if((op.word(5) & ~abi::ThreadFlags::fpu) != 0, Error::invalid_argument));
    TRY(page_range(op.word(4), 2 * base::page_size, pages->pages()));
    const Thread::Parts parts{.space = *space,
                              .table = *table,
                              .pages = *pages,
                              .page_offset = op.word(4),
                              .fpu = (op.word(5) & abi::ThreadFlags::fpu) != 0};
    return op.create([&] { return Thread::create(bank, parts); });
}

Result<Answer> create_context(Operation& op, Bank& bank) {
    auto* parent = TRY(op.lookup<SchedContext>(1, abi::SchedContextRights::create));
    return op.create(
        [&] { return SchedContext::create(bank, *parent, op.word(2), op.word(3), op.word(4)); });
}

Result<Answer> create(Operation& op, Bank& bank) {
    switch (static_cast<ObjectType>(op.word(0))) {
        case ObjectType::bank: return op.create([&] { return Bank::create(bank, op.word(1)); });
        case ObjectType::cap_table:
            return op.create([&] { return CapTable::create(bank, op.word(1)); });
        case ObjectType::address_space:
            return op.create([&] { return AddressSpace::create(bank); });
        case ObjectType::memory:        return create_memory(op, bank);
        case ObjectType::thread:        return create_thread(op, bank);
        case ObjectType::sched_context: return create_context(op, bank);
        case ObjectType::endpoint:      return op.create([&] { return bank.make<Endpoint>(bank); });
        case ObjectType::reply:         return op.create([&] { return bank.make<Reply>(bank); });
        case ObjectType::notification:
            return op.create([&] { return bank.make<Notification>(bank); });
        default: return fail(Error::invalid_argument);
    }
}

}  // namespace

Result<Answer> invoke(Operation& op, Bank& bank) {
    switch (op.label<BankOp>()) {
        case BankOp::create:
            TRY(op.need(BankRights::create));
            // Only the low byte is a type: larger values must not wrap around to one.
            TRY(refuse_if(op.word(0) >= static_cast<std::uint64_t>(ObjectType::count_end),
                          Error::invalid_argument));
            return create(op, bank);
        case BankOp::query:
            TRY(op.need(BankRights::query));
            return answer(bank.limit_bytes(), bank.charged_bytes(), bank.own_bytes(),
                          mm::frames.free_frames() * base::page_size);
        case BankOp::activity:
            TRY(op.need(BankRights::query));
            Scheduler::charge_all();
            return answer(bank.cpu_ns, bank.messages);
        case BankOp::watch: {
            TRY(op.need(BankRights::manage));
            const auto [target, bits] = TRY(decode_signal(op));
            bank.watch(*target, bits, op.word(2));
            return answer();
        }
        case BankOp::set_limit:
        case BankOp::destroy:
            TRY(op.need(BankRights::manage));
            TRY(refuse_if(bank.is_root(), Error::invalid_argument));
            if (op.label<BankOp>() == BankOp::set_limit) {
                bank.set_limit(op.word(0));
            } else {
                bank.close();
                static_cast<Object&>(bank).end();
            }
            return answer();
    }
    return fail(Error::bad_system_call);
}

}  // namespace kernel
