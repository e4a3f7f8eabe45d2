// SPDX-License-Identifier: MIT
// From an Object to what it is: visit_object(object, visit) calls visit(Bank&), visit(Thread&) and so on. The one place that lists
// all kinds.
#pragma once

#include <utility>

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

template <class Visit>
[[gnu::always_inline]] inline auto visit_object(Object& object, Visit&& visit) {
    switch (object.type()) {
        case ObjectType::bank:              return visit(static_cast<Bank&>(object));
        case ObjectType::cap_table:         return visit(static_cast<CapTable&>(object));
        case ObjectType::address_space:     return visit(static_cast<AddressSpace&>(object));
        case ObjectType::memory:            return visit(static_cast<Memory&>(object));
        case ObjectType::thread:            return visit(static_cast<Thread&>(object));
        case ObjectType::sched_context:     return visit(static_cast<SchedContext&>(object));
        case ObjectType::endpoint:          return visit(static_cast<Endpoint&>(object));
        case ObjectType::reply:             return visit(static_cast<Reply&>(object));
        case ObjectType::notification:      return visit(static_cast<Notification&>(object));
        case ObjectType::interrupt:         return visit(static_cast<Interrupt&>(object));
        case ObjectType::interrupt_control: return visit(static_cast<InterruptControl&>(object));
        case ObjectType::io_ports:          return visit(static_cast<IoPorts&>(object));
        case ObjectType::log:               return visit(static_cast<Log&>(object));
        case ObjectType::none:
        case ObjectType::count_end:         break;
    }
    ASSERT(false);
    std::unreachable();
}

}  // namespace kernel
