// SPDX-License-Identifier: MIT
#include "kernel/capability/drop_guard.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/syscall/operation.hpp"

namespace kernel {

namespace {

using abi::CapTableOp;
using abi::CapTableRights;

Result<Capability*> slot_of(CapTable& table, std::uint64_t index) {
    Capability* slot = table.find(index);
    TRY(refuse_if(slot == nullptr, Error::invalid_capability));
    return slot;
}

bool inserts(CapTableOp op) { return op >= CapTableOp::copy && op <= CapTableOp::move; }

// copy, mint and move. -> the slot
Result<std::uint64_t> insert(CapTable& from, CapTable& table, const abi::Placement& what) {
    TRY(refuse_if(!inserts(what.how), Error::invalid_argument));
    Capability* source = TRY(slot_of(from, what.source));
    TRY(refuse_if(source->object->is_dying(), Error::dead));
    if (what.how == CapTableOp::mint) {
        TRY(refuse_if(
            source->type != ObjectType::endpoint && source->type != ObjectType::notification,
            Error::wrong_type));
        static_assert(abi::EndpointRights::mint == abi::NotificationRights::mint);
        TRY(refuse_if(!source->allows(abi::EndpointRights::mint) || source->badged,
                      Error::missing_right));
        TRY(refuse_if((what.flags & ~abi::MintFlags::drop_guard) != 0, Error::invalid_argument));
    }
    Capability* slot = TRY(table.take_slot(what.slot));
    if (what.how == CapTableOp::move) {
        move_capability(*slot, *source);
        return slot->index;
    }
    derive_capability(*slot, *source, static_cast<std::uint8_t>(what.rights));
    if (what.how == CapTableOp::mint) {
        slot->badge = what.badge;
        slot->badged = true;
        if ((what.flags & abi::MintFlags::drop_guard) != 0) {
            if (const auto attached = DropGuard::attach(*slot); !attached) {
                delete_leaf(*slot);
                return fail(attached.error());
            }
        }
    }
    return slot->index;
}

Result<Answer> fill(Operation& op, CapTable& table) {
    auto& from = op.word(0) == abi::no_capability
                     ? op.caller.table()
                     : *TRY(op.lookup<CapTable>(0, CapTableRights::manage));
    const std::size_t payload = op.tag.payload(), count = payload / sizeof(abi::Placement);
    TRY(refuse_if(count == 0 || payload % sizeof(abi::Placement) != 0, Error::invalid_argument));
    TRY(refuse_if(count > abi::most_placed, Error::too_long));
    auto* all = reinterpret_cast<abi::Placement*>(op.caller.message_page());
    std::size_t done = 0;
    Result<std::uint64_t> slot{0};
    // (Other threads may write to the page meanwhile: each is read once.)
    while (done < count && (slot = insert(from, table, abi::Placement{all[done]}))) {
        all[done++].slot = *slot;
    }
    TRY(done == 0 ? slot : Result<std::uint64_t>{done});
    return Answer{.words = {done}, .payload = payload};
}

Result<Answer> remove(Operation& op, CapTable& table) {
    Work work;
    for (std::uint64_t at = std::exchange(op.caller.call_progress, 0);
         at < abi::message_words && (at == 0 || op.word(at) != abi::no_capability); ++at) {
        Capability* slot = table.slot_at(op.word(at));
        TRY(refuse_if(slot == nullptr || (slot->empty() && !slot->lost),
                      Error::invalid_capability));
        if (slot->lost) {
            table.put_back(*slot);
        } else if (!delete_capability(*slot, work)) {
            op.caller.call_progress = at;
            return fail(unfinished);
        }
    }
    return answer();
}

Result<Answer> revoke(const Operation& op, CapTable& table) {
    Capability* slot = TRY(slot_of(table, op.word(0)));
    const Capability* used = op.caller.table().find(op.caller.cap());
    Work work;
    return answer_when(revoke_capability(*slot, used, work));
}

}  // namespace

Result<Answer> invoke(Operation& op, CapTable& table) {
    const auto label = op.label<CapTableOp>();
    if (inserts(label)) {
        TRY(op.need(CapTableRights::insert));
        return answer(
            TRY(insert(op.caller.table(), table,
                       {op.word(0), op.word(1), op.word(2), op.word(3), op.word(4), label, {}})));
    }
    TRY(op.need(label == CapTableOp::fill ? CapTableRights::insert : CapTableRights::manage));
    switch (label) {
        case CapTableOp::remove: return remove(op, table);
        case CapTableOp::revoke: return revoke(op, table);
        case CapTableOp::clone:  {
            auto* bank = TRY(op.lookup<Bank>(0, abi::BankRights::create));
            return op.create([&] { return table.clone(*bank, op.word(1)); });
        }
        case CapTableOp::query: {
            const Capability* slot = TRY(slot_of(table, op.word(0)));
            return answer(static_cast<std::uint64_t>(slot->type), slot->rights, slot->badge);
        }
        case CapTableOp::fill: return fill(op, table);
        default:               return fail(Error::bad_system_call);
    }
}

}  // namespace kernel
