// SPDX-License-Identifier: MIT
#include "kernel/capability/drop_guard.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/syscall/operation.hpp"

namespace kernel {

namespace {

using abi::CapTableOp;
using abi::CapTableRights;

Result<Capability*> source_of(Operation& op) {
    Capability* source = op.caller.table().find(op.word(0));
    TRY(refuse_if(source == nullptr, Error::invalid_capability));
    TRY(refuse_if(source->object->is_dying(), Error::dead));
    return source;
}

Result<Capability*> slot_of(CapTable& table, std::uint64_t index) {
    Capability* slot = table.find(index);
    TRY(refuse_if(slot == nullptr, Error::invalid_capability));
    return slot;
}

Result<> check_mint(const Operation& op, const Capability& source) {
    TRY(refuse_if(source.type != ObjectType::endpoint && source.type != ObjectType::notification,
                  Error::wrong_type));
    static_assert(abi::EndpointRights::mint == abi::NotificationRights::mint);
    TRY(refuse_if(!source.allows(abi::EndpointRights::mint) || source.badged,
                  Error::missing_right));
    return refuse_if((op.word(4) & ~abi::MintFlags::drop_guard) != 0, Error::invalid_argument);
}

// copy, mint and move.
Result<Answer> insert(Operation& op, CapTable& table) {
    const auto label = op.label<CapTableOp>();
    Capability* source = TRY(source_of(op));
    if (label == CapTableOp::mint) {
        TRY(check_mint(op, *source));
    }
    Capability* slot = TRY(table.take_slot(op.word(2)));
    if (label == CapTableOp::move) {
        move_capability(*slot, *source);
        return answer(slot->index);
    }
    derive_capability(*slot, *source, static_cast<std::uint8_t>(op.word(1)));
    if (label == CapTableOp::mint) {
        slot->badge = op.word(3);
        slot->badged = true;
        if ((op.word(4) & abi::MintFlags::drop_guard) != 0) {
            if (const auto attached = DropGuard::attach(*slot); !attached) {
                delete_leaf(*slot);
                return fail(attached.error());
            }
        }
    }
    return answer(slot->index);
}

Result<Answer> remove(const Operation& op, CapTable& table) {
    Capability* slot = table.slot_at(op.word(0));
    TRY(refuse_if(slot == nullptr || (slot->empty() && !slot->lost), Error::invalid_capability));
    if (slot->lost) {
        table.put_back(*slot);
        return answer();
    }
    Work work;
    return answer_when(delete_capability(*slot, work));
}

Result<Answer> revoke(const Operation& op, CapTable& table) {
    Capability* slot = TRY(slot_of(table, op.word(0)));
    const Capability* used = op.caller.table().find(op.caller.cap());
    Work work;
    return answer_when(revoke_capability(*slot, used, work));
}

Result<Answer> take(Operation& op, CapTable& table) {
    Capability* source = TRY(slot_of(table, op.word(0)));
    Capability* slot = TRY(op.caller.table().take_slot(abi::any_slot));
    move_capability(*slot, *source);
    return answer(slot->index);
}

}  // namespace

Result<Answer> invoke(Operation& op, CapTable& table) {
    const auto label = op.label<CapTableOp>();
    if (label == CapTableOp::copy || label == CapTableOp::mint || label == CapTableOp::move) {
        TRY(op.need(CapTableRights::insert));
        return insert(op, table);
    }
    TRY(op.need(CapTableRights::manage));
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
        case CapTableOp::take: return take(op, table);
        default:               return fail(Error::bad_system_call);
    }
}

}  // namespace kernel
