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
#include "kernel/object/reply.hpp"
#include "kernel/object/sched_context.hpp"
#include "kernel/object/thread.hpp"

namespace kernel {

struct DyingList {
    base::List<Object, &Object::dying_link_> objects;
};

namespace {

// The objects whose last reference went during this visit to the kernel.
constinit DyingList dying;

// Takes the object out of its users' hands, then returns its memory.
template <class T>
void end(Object& object) {
    auto& self = static_cast<T&>(object);
    Bank& bank = object.bank();
    self.sever();
    base::List<Object, &Object::bank_link>::remove(object);
    bank.return_block(&self, sizeof(T));
}

}  // namespace

void Object::start_dying() {
    if (!dying_) {
        dying_ = true;
        dying.objects.push_back(*this);
    }
}

void Object::destroy() {
    // Held while it is taken apart, so that losing its capabilities does not queue it.
    if (dying_link_.linked()) {
        dying_link_.unlink();
    }
    dying_ = true;
    while (Capability* capability = capabilities_.front()) {
        delete_with_children(*capability);
    }
    if (dying_link_.linked()) {
        dying_link_.unlink();
    }
    switch (type_) {
        case ObjectType::bank:              return end<Bank>(*this);
        case ObjectType::cap_table:         return end<CapTable>(*this);
        case ObjectType::address_space:     return end<AddressSpace>(*this);
        case ObjectType::memory:            return end<Memory>(*this);
        case ObjectType::thread:            return end<Thread>(*this);
        case ObjectType::sched_context:     return end<SchedContext>(*this);
        case ObjectType::endpoint:          return end<Endpoint>(*this);
        case ObjectType::reply:             return end<Reply>(*this);
        case ObjectType::notification:      return end<Notification>(*this);
        case ObjectType::interrupt:         return end<Interrupt>(*this);
        case ObjectType::interrupt_control: return end<InterruptControl>(*this);
        case ObjectType::io_ports:          return end<IoPorts>(*this);
        case ObjectType::log:               return end<Log>(*this);
        case ObjectType::none:
        case ObjectType::count_end:         break;
    }
    ASSERT(false);
}

void Object::reap() {
    while (Object* object = dying.objects.front()) {
        object->destroy();
    }
}

}  // namespace kernel
