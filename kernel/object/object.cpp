// SPDX-License-Identifier: MIT
#include "kernel/object/object.hpp"

#include "kernel/assert.hpp"
#include "kernel/object/address_space.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/object/cap_table.hpp"
#include "kernel/object/endpoint.hpp"
#include "kernel/object/interrupt.hpp"
#include "kernel/object/io_ports.hpp"
#include "kernel/object/log.hpp"
#include "kernel/object/memory.hpp"
#include "kernel/object/notification.hpp"
#include "kernel/object/pending.hpp"
#include "kernel/object/reply.hpp"
#include "kernel/object/sched_context.hpp"
#include "kernel/object/thread.hpp"

namespace kernel {

namespace {

constexpr std::uint32_t capability_units = 3;

// Takes the object out of its users' hands, then returns its memory.
template <class T>
bool finish(Object& object, Work& work) {
    auto& self = static_cast<T&>(object);
    Bank& bank = object.bank();
    if (!self.sever(work)) {
        return false;
    }
    if (object.dying_link.linked()) {
        object.dying_link.unlink();
    }
    base::List<Object, &Object::bank_link>::remove(object);
    bank.return_block(&self, sizeof(T));
    return true;
}

}  // namespace

void Object::start_dying() {
    if (!dying_) {
        end();
    }
}

void Object::end() {
    dying_ = true;
    if (dying_link.linked()) {
        dying_link.unlink();
    }
    Pending::add(*this);
}

bool Object::take_apart(Work& work) {
    dying_ = true;
    // The last one has no children: what is left is a derivation tree after each.
    while (Capability* capability = capabilities_.back()) {
        if (!work.take(capability_units)) {
            return false;
        }
        leaving = capability != leaving ? leaving : nullptr;
        delete_leaf(*capability);
    }
    switch (type_) {
        case ObjectType::bank:              return finish<Bank>(*this, work);
        case ObjectType::cap_table:         return finish<CapTable>(*this, work);
        case ObjectType::address_space:     return finish<AddressSpace>(*this, work);
        case ObjectType::memory:            return finish<Memory>(*this, work);
        case ObjectType::thread:            return finish<Thread>(*this, work);
        case ObjectType::sched_context:     return finish<SchedContext>(*this, work);
        case ObjectType::endpoint:          return finish<Endpoint>(*this, work);
        case ObjectType::reply:             return finish<Reply>(*this, work);
        case ObjectType::notification:      return finish<Notification>(*this, work);
        case ObjectType::interrupt:         return finish<Interrupt>(*this, work);
        case ObjectType::interrupt_control: return finish<InterruptControl>(*this, work);
        case ObjectType::io_ports:          return finish<IoPorts>(*this, work);
        case ObjectType::log:               return finish<Log>(*this, work);
        case ObjectType::none:
        case ObjectType::count_end:         break;
    }
    ASSERT(false);
    return true;
}

}  // namespace kernel
