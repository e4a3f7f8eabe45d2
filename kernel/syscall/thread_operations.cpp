// SPDX-License-Identifier: MIT
#include <cstring>

#include "kernel/object/endpoint.hpp"
#include "kernel/object/notification.hpp"
#include "kernel/object/pending.hpp"
#include "kernel/object/sched_context.hpp"
#include "kernel/sched/scheduler.hpp"
#include "kernel/syscall/operation.hpp"

namespace kernel {

namespace {

using abi::ThreadOp;
using abi::ThreadRights;

Result<Answer> start(Operation& op, Thread& thread) {
    abi::Registers registers{};
    registers.rip = op.word(0);
    registers.rsp = op.word(1);
    registers.rdi = op.word(2);
    registers.gs_base = op.word(3);
    registers.fs_base = op.word(4);
    TRY(refuse_if(thread.state() != abi::ThreadState::stopped || thread.wait() != Wait::none,
                  Error::busy));
    TRY(refuse_if(!thread.load(registers), Error::out_of_range));
    thread.resume();
    return answer();
}

Result<Answer> get_registers(Operation& op, Thread& thread) {
    // Only while nothing in the kernel depends on them.
    TRY(refuse_if(thread.state() == abi::ThreadState::ready, Error::busy));
    abi::Registers registers{};
    thread.store(registers);
    std::memcpy(op.caller.message_page(), &registers, sizeof(registers));
    return Answer{.payload = sizeof(registers)};
}

Result<Answer> set_registers(Operation& op, Thread& thread) {
    TRY(refuse_if(op.tag.payload() != sizeof(abi::Registers), Error::invalid_argument));
    TRY(refuse_if(
        thread.state() != abi::ThreadState::stopped && thread.state() != abi::ThreadState::faulted,
        Error::busy));
    abi::Registers registers{};
    std::memcpy(&registers, op.caller.message_page(), sizeof(registers));
    TRY(refuse_if(!thread.load(registers), Error::out_of_range));
    Pending::give_up_call(thread);
    return answer();
}

Result<Answer> set_upcalls(Operation& op, Thread& thread) {
    for (std::size_t i = 0; i < 3; ++i) {
        TRY(refuse_if(op.word(i) >= arch::user_end, Error::out_of_range));
    }
    thread.system_call_entry = op.word(0);
    thread.exception_entry = op.word(1);
    thread.interrupt_entry = op.word(2);
    return answer();
}

Result<Answer> set_fault_handler(Operation& op, Thread& thread) {
    if (op.word(0) == abi::no_capability) {
        thread.set_fault_handler(nullptr, 0);
        return answer();
    }
    const Capability& to =
        *TRY(lookup_cap<Endpoint>(op.caller, op.word(0), abi::EndpointRights::call));
    // Only who may mint chooses the badge: or faults could be told in the name of others.
    TRY(refuse_if(!to.badged && op.word(1) != 0 && !to.allows(abi::EndpointRights::mint),
                  Error::missing_right));
    thread.set_fault_handler(static_cast<Endpoint*>(to.object), to.badged ? to.badge : op.word(1));
    return answer();
}

Result<Answer> bind_notification(Operation& op, Thread& thread) {
    Notification* notification = nullptr;
    if (op.word(0) != abi::no_capability) {
        notification = TRY(op.lookup<Notification>(0, abi::NotificationRights::wait));
        TRY(refuse_if(
            notification->bound_thread != nullptr && notification->bound_thread != &thread,
            Error::busy));
    }
    thread.bind_notification(notification);
    return answer();
}

Result<Answer> query(Thread& thread) {
    Scheduler::charge_all();
    const SchedContext* home = thread.home_context();
    auto state = thread.state();
    if (state == abi::ThreadState::ready && thread.is_running()) {
        state = abi::ThreadState::running;
    }
    return answer(static_cast<std::uint64_t>(state), home != nullptr ? home->consumed : 0,
                  home != nullptr ? home->priority : 0);
}

}  // namespace

Result<Answer> invoke(Operation& op, Thread& thread) {
    const auto label = op.label<ThreadOp>();
    if (label == ThreadOp::query) {
        return query(thread);
    }
    TRY(op.need(label == ThreadOp::interrupt ? ThreadRights::interrupt : ThreadRights::control));
    switch (label) {
        case ThreadOp::start:             return start(op, thread);
        case ThreadOp::stop:              thread.stop(); return answer();
        case ThreadOp::resume:            thread.resume(); return answer();
        case ThreadOp::get_registers:     return get_registers(op, thread);
        case ThreadOp::set_registers:     return set_registers(op, thread);
        case ThreadOp::interrupt:         thread.interrupt(); return answer();
        case ThreadOp::set_upcalls:       return set_upcalls(op, thread);
        case ThreadOp::set_fault_handler: return set_fault_handler(op, thread);
        case ThreadOp::bind_notification: return bind_notification(op, thread);
        case ThreadOp::set_name:          thread.set_name(op.word(0), op.word(1)); return answer();
        default:                          return fail(Error::bad_system_call);
    }
}

Result<Answer> invoke(Operation& op, SchedContext& context) {
    switch (op.label<abi::SchedContextOp>()) {
        case abi::SchedContextOp::bind: {
            TRY(op.need(abi::SchedContextRights::bind));
            auto* thread = TRY(op.lookup<Thread>(0, ThreadRights::control));
            TRY(refuse_if(context.owner != nullptr || thread->home_context() != nullptr,
                          Error::busy));
            thread->bind_context(&context);
            return answer();
        }
        case abi::SchedContextOp::unbind:
            TRY(op.need(abi::SchedContextRights::bind));
            if (context.owner != nullptr) {
                context.owner->bind_context(nullptr);
            }
            return answer();
        case abi::SchedContextOp::query:
            TRY(op.need(abi::SchedContextRights::query));
            Scheduler::charge_all();
            return answer(context.consumed, context.priority, context.budget, context.period);
    }
    return fail(Error::bad_system_call);
}

}  // namespace kernel
