// SPDX-License-Identifier: MIT
// The way in: the eight system calls, exceptions of user code, interrupts. Called by the entry code with the thread's
// registers saved; when these functions return, the entry code runs whoever is current.
#include <arch/cpu.hpp>

#include "abi/kernel/syscall.hpp"

#include "kernel/debug/invariants.hpp"
#include "kernel/ipc/ipc.hpp"
#include "kernel/object/pending.hpp"
#include "kernel/object/visit_object.hpp"
#include "kernel/plat/platform.hpp"
#include "kernel/sched/kernel_lock.hpp"
#include "kernel/sched/scheduler.hpp"
#include "kernel/syscall/operation.hpp"
#include "kernel/trace/trace.hpp"

namespace kernel {

namespace {

using abi::EndpointRights;
using abi::NotificationRights;
using abi::Syscall;

Result<> check_message(abi::Tag tag) {
    return refuse_if(
        tag.payload() > abi::message_bytes || tag.capabilities() > abi::message_capabilities,
        Error::too_long);
}

// A blocking call that may be interrupted ends before it begins if an interrupt is pending.
Result<> check_interrupt(const Thread& thread, abi::Tag tag) {
    return refuse_if(tag.has(abi::Tag::interruptible) && thread.control->interrupt_pending != 0,
                     Error::interrupted);
}

Result<> operate(Thread& caller, const Capability& capability, abi::Tag tag) {
    TRY(refuse_if(capability.object->is_dying(), Error::dead));
    caller.set_result(Error::ok);
    Operation operation{.caller = caller, .rights = capability.rights, .tag = tag};
    const Answer result = tag.label() == abi::null_operation
                              ? answer()
                              : TRY(visit_object(*capability.object, [&operation](auto& object) {
                                    return invoke(operation, object);
                                }));
    if (scheduler().current() != &caller || result.received) {
        return {};  // it waits, stopped itself, or is no more; or has its answer already
    }
    for (std::size_t i = 0; i < abi::message_words; ++i) {
        caller.word(i) = i < result.words.size() ? result.words[i] : 0;
    }
    caller.set_tag(abi::make_tag(0, result.payload));
    return {};
}

Result<> call(Thread& caller) {
    const abi::Tag tag = caller.tag();
    TRY(check_message(tag));
    TRY(check_interrupt(caller, tag));
    Capability* capability = caller.table().find(caller.cap());
    TRY(refuse_if(capability == nullptr, Error::invalid_capability));
    if (capability->object->type() == ObjectType::endpoint) {
        TRY(refuse_if(capability->object->is_dying(), Error::dead));
        TRY(refuse_if(!capability->allows(EndpointRights::call), Error::missing_right));
        caller.set_tag(told_of_copies(tag, *capability));
        ipc::call(caller, *static_cast<Endpoint*>(capability->object), capability->badge);
        return {};
    }
    return operate(caller, *capability, tag);
}

Result<> receive(Thread& thread) {
    const auto arguments = TRY(decode_receive(thread, thread.cap()));
    TRY(check_interrupt(thread, thread.tag()));
    TRY(check_unused(arguments.reply));
    ipc::receive(thread, *arguments.endpoint, arguments.reply);
    return {};
}

Result<> reply_and_receive(Thread& thread) {
    TRY(check_message(thread.tag()));
    const auto arguments = TRY(decode_receive(thread, thread.cap()));
    TRY(refuse_if(arguments.reply == nullptr, Error::invalid_capability));
    TRY(refuse_if(arguments.reply->reserved != nullptr, Error::busy));
    TRY(refuse_if(!ipc::answer(thread, *arguments.reply), Error::no_caller));
    ipc::receive(thread, *arguments.endpoint, arguments.reply);
    return {};
}

Result<> reply(Thread& thread) {
    TRY(check_message(thread.tag()));
    auto* reply = TRY(lookup<Reply>(thread, thread.cap(), abi::ReplyRights::use));
    TRY(refuse_if(!ipc::answer(thread, *reply), Error::no_caller));
    thread.set_result(Error::ok);
    return {};
}

Result<> send(Thread& thread) {
    const abi::Tag tag = thread.tag();
    TRY(check_message(tag));
    TRY(check_interrupt(thread, tag));
    const Capability& to = *TRY(lookup_cap<Endpoint>(thread, thread.cap(), EndpointRights::call));
    ipc::send(thread, static_cast<Endpoint&>(*to.object), to.badge);
    return {};
}

Result<> signal(Thread& thread) {
    const Capability& to =
        *TRY(lookup_cap<Notification>(thread, thread.cap(), NotificationRights::signal));
    thread.set_result(Error::ok);
    // A badged capability can only signal its own bits.
    static_cast<Notification&>(*to.object).signal(to.badged ? to.badge : thread.word(0));
    return {};
}

Result<> wait(Thread& thread) {
    const abi::Tag tag = thread.tag();
    auto* notification = TRY(lookup<Notification>(thread, thread.cap(), NotificationRights::wait));
    if (notification->bits() != 0) {
        thread.word(0) = notification->take_bits();
        thread.set_result(Error::ok);
        return {};
    }
    TRY(refuse_if(tag.has(abi::Tag::has_deadline) && thread.ThreadContext::deadline() == 0,
                  Error::would_block));
    TRY(check_interrupt(thread, tag));
    thread.give_back_context();
    notification->add_waiter(thread);
    thread.block(Wait::notification, tag);
    return {};
}

Result<> perform(Thread& thread) {
    switch (static_cast<Syscall>(thread.number_of_call())) {
        case Syscall::call:              return call(thread);
        case Syscall::reply_and_receive: return reply_and_receive(thread);
        case Syscall::receive:           return receive(thread);
        case Syscall::send:              return send(thread);
        case Syscall::reply:             return reply(thread);
        case Syscall::signal:            return signal(thread);
        case Syscall::wait:              return wait(thread);
        case Syscall::yield:
            thread.set_result(Error::ok);
            scheduler().yield();
            return {};
        case Syscall::count_end: break;
    }
    thread.foreign_system_call();
    return {};
}

// What its system call ended with, besides what is in its registers already.
void conclude(Thread& thread, Result<> result) {
    if (result || scheduler().current() != &thread) {
        return;
    }
    if (result.error() == unfinished) {
        thread.registers.rax = static_cast<std::uint64_t>(Syscall::call);
        Pending::continue_call(thread);
    } else {
        thread.set_result(result.error());
    }
}

void perform_for(Thread& thread) { conclude(thread, perform(thread)); }

// Work that has no bound of its own goes on here, a chunk at a time, on behalf of whoever is chosen to run next. Other CPUs get
// the kernel in between. An interrupt ends this visit as it ends idling: the stack is forgotten, what is to be done is in the objects.
[[gnu::noinline]] void finish_with_work() {
    Pending::work();
    for (;;) {
        Pending::assign(scheduler().current());
        scheduler().finish();
        if (!Pending::is_left_for(scheduler().current())) {
            break;
        }
        KernelLock::leave();
        arch::take_interrupts();
        (void)KernelLock::enter(nullptr, 0);
        // (Another CPU may have taken the chosen one away.)
        Pending::work_for(scheduler().current(), [](Thread& thread) {
            perform_for(thread);
            // The mark that a call has left is not for the next one, however it ends.
            thread.call_progress = thread.call_pending ? thread.call_progress : 0;
        });
    }
    Pending::settle();
}

void leave() {
    if (Pending::any()) [[unlikely]] {
        finish_with_work();
    } else {
        scheduler().finish();
    }
    if (Trace::in_use()) [[unlikely]] {
        Trace::record_exit();
    }
    Invariants::check_if_asked();
    KernelLock::leave();
}

// How long the instruction was that brought a thread here, if it would not bring it again by itself.
constexpr std::uint8_t system_call_bytes = 2;
constexpr std::uint8_t breakpoint_bytes = 1;
constexpr std::uint64_t vector_breakpoint = 3;

// Bits of a page fault's error code (Intel SDM vol. 3, 4.7).
constexpr std::uint64_t fault_write = 2;
constexpr std::uint64_t fault_fetch = 16;

}  // namespace

}  // namespace kernel

// On the way to user mode or to idling, in a debug build.
extern "C" void kernel_check_left() { kernel::KernelLock::check_away(); }

extern "C" void kernel_system_call(arch::ThreadContext* context) {
    auto& thread = static_cast<kernel::Thread&>(*context);
    if (kernel::KernelLock::enter(&thread, kernel::system_call_bytes)) {
        if (kernel::Trace::on()) [[unlikely]] {
            kernel::Trace::record_system_call(thread);
        }
        kernel::perform_for(thread);
    }
    kernel::leave();
}

extern "C" void kernel_operation(arch::ThreadContext* context,
                                 const kernel::Capability* capability) {
    auto& thread = static_cast<kernel::Thread&>(*context);
    kernel::conclude(thread, kernel::operate(thread, *capability, thread.tag()));
    kernel::leave();
}

extern "C" void kernel_user_exception(arch::ThreadContext* context, std::uint64_t vector,
                                      std::uint64_t error_code, std::uint64_t address) {
    auto& thread = static_cast<kernel::Thread&>(*context);
    const bool is_breakpoint = vector == kernel::vector_breakpoint;
    if (kernel::KernelLock::enter(&thread, is_breakpoint ? kernel::breakpoint_bytes : 0)) {
        if (kernel::Trace::on()) [[unlikely]] {
            kernel::Trace::record(&thread, abi::TraceKind::fault,
                                  static_cast<std::uint16_t>(vector), address, error_code);
        }
        const bool resolved =
            vector == kernel::Thread::vector_page_fault && address < arch::user_end &&
            thread.space().resolve(thread, address, (error_code & kernel::fault_write) != 0,
                                   (error_code & kernel::fault_fetch) != 0);
        if (!resolved) {
            thread.fault(vector, error_code, address);
        }
    }
    kernel::leave();
}

extern "C" void kernel_interrupt(std::uint64_t vector) {
    plat::acknowledge_interrupt();
    // An interrupt keeps its meaning, whatever has become of the thread that it came to.
    (void)kernel::KernelLock::enter(nullptr, 0);
    if (kernel::Trace::on()) [[unlikely]] {
        kernel::Trace::record(kernel::scheduler().current(), abi::TraceKind::interrupt,
                              static_cast<std::uint16_t>(vector));
    }
    if (vector == plat::vector_timer) {
        kernel::scheduler().on_timer();
    } else {
        kernel::Interrupt::arrived(vector);
    }
    kernel::leave();
}
