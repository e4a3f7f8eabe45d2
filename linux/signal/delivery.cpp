// SPDX-License-Identifier: MIT
#include "linux/signal/delivery.hpp"

#include "linux/entry/context.hpp"
#include "linux/entry/report.hpp"
#include "linux/entry/thread_state.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/process/exit.hpp"
#include "linux/process/hooks.hpp"
#include "linux/process/out_of_memory.hpp"
#include "linux/process/plan.hpp"
#include "linux/process/stop.hpp"
#include "linux/signal/fpu.hpp"
#include "linux/signal/frame.hpp"
#include "linux/signal/state.hpp"

namespace linux::signals {
namespace {

using linux_abi::ActionFlag;
using linux_abi::SignalStack;

constexpr std::uint64_t system_call_bytes = 2;  // of the `syscall` instruction

// The mask that returning from the handler brings back.
SignalSet mask_to_save(Thread& thread) {
    const bool temporary = std::exchange(thread.restore_mask, false);
    return temporary ? thread.mask_to_restore : thread.mask.load();
}

linux_abi::SignalFrame make_frame(const Thread& thread, const abi::Registers& registers,
                                  const Taken& taken, std::uint64_t restorer) {
    linux_abi::SignalFrame frame{};
    frame.restorer = restorer;
    auto& context = frame.context;
    context.flags = linux_abi::UserContext::has_ss | linux_abi::UserContext::strict_ss;
    context.stack = thread.signal_stack;
    to_machine_context(context.machine, registers);
    context.machine.trap_number = thread.fault_trap;
    context.machine.error = thread.fault_error;
    context.machine.cr2 = thread.fault_address;
    lay_out(frame.info, taken.signal, taken.details);
    return frame;
}

// Changes the registers so that the program goes on in the handler.
Result<void> enter_handler(abi::Registers& registers, const Taken& taken,
                           const linux_abi::SignalAction& action) {
    Thread& thread = this_thread();
    if ((action.flags & ActionFlag::restorer) == 0) {
        return base::fail(Errno::efault);  // nothing to return to: every libc gives one
    }
    const std::uint64_t top =
        frame_top(thread.signal_stack, registers.rsp, (action.flags & ActionFlag::on_stack) != 0);
    const FramePlace place = place_frame(top, fpu_state_bytes());
    linux_abi::SignalFrame frame = make_frame(thread, registers, taken, action.restorer);
    if (is_on_stack(thread.signal_stack, top)) {
        frame.context.stack.flags |= SignalStack::on_stack;
    }
    TRY(save_fpu(place.fpu_state));
    frame.context.flags |= linux_abi::UserContext::extended_state;
    frame.context.machine.fpu_state = place.fpu_state;
    const SignalSet old_mask = mask_to_save(thread);
    frame.context.mask = old_mask;
    frame.context.machine.old_mask = old_mask;
    TRY(user::write(place.frame, frame));

    SignalSet mask = thread.mask | action.mask;
    if ((action.flags & ActionFlag::no_defer) == 0) {
        mask |= linux_abi::signal_bit(taken.signal);
    }
    set_mask(mask);
    if ((thread.signal_stack.flags & SignalStack::auto_disarm) != 0) {
        thread.signal_stack = {
            .address = 0, .flags = SignalStack::disabled, .padding = 0, .size = 0};
    }
    registers.rsp = place.frame;
    registers.rip = action.handler;
    registers.rdi = taken.signal;
    registers.rsi = place.frame + offsetof(linux_abi::SignalFrame, info);
    registers.rdx = place.frame + offsetof(linux_abi::SignalFrame, context);
    registers.rax = 0;
    registers.rflags = 0x202;
    return {};
}

void answer_interrupted_call(abi::Registers& registers, bool again) {
    if (again) {
        registers.rip -= system_call_bytes;
    } else {
        registers.rax = static_cast<std::uint64_t>(-Errno::eintr);
    }
}

void deliver(abi::Registers& registers, After& after, const Taken& taken) {
    const linux_abi::SignalAction action = action_of(taken.signal);
    if (is_ignored(action, taken.signal)) {
        return;
    }
    if (action.handler == linux_abi::handler_default) {
        if (default_action(taken.signal) == DefaultAction::stop) {
            stop_process(taken.signal);
            return;
        }
        if (taken.signal == linux_abi::sig_kill &&
            taken.details.code == process::SignalPage::time_is_over) {
            fd::complain("killed: the time limit of the container is reached");
        }
        exit_process(taken.signal);
    }
    if ((action.flags & ActionFlag::reset_handler) != 0) {
        (void)set_action(taken.signal, {.handler = linux_abi::handler_default,
                                        .flags = action.flags,
                                        .restorer = action.restorer,
                                        .mask = action.mask});
    }
    if (after == After::interrupted_call) {
        answer_interrupted_call(registers, (action.flags & ActionFlag::restart) != 0);
        after = After::program;
    }
    if (!enter_handler(registers, taken, action)) {
        exit_process(linux_abi::sig_segv);
    }
}

// Whoever takes one leaves word if there are more.
void deliver_all(abi::Registers& registers, After& after) {
    const Thread& thread = this_thread();
    while (const auto taken = take(~thread.mask.load())) {
        deliver(registers, after, *taken);
        if (ipc::control_page().interrupt_pending == 0) {
            return;
        }
    }
}

}  // namespace

void deliver_and_resume(abi::Registers& registers, After after) {
    Thread& thread = this_thread();
    if (plan_waits_for(thread)) {
        run_waiting_plan();
    }
    deliver_all(registers, after);
    if (thread.restore_mask) {
        end_temporary_mask();
        deliver_all(registers, after);
    }
    if (after == After::interrupted_call) {
        answer_interrupted_call(registers, true);
    }
    resume(registers);
}

void deliver_fault(const abi::Registers& from, const Fault& fault) {
    abi::Registers registers = from;
    Thread& thread = this_thread();
    thread.fault_trap = fault.vector;
    thread.fault_error = fault.error;
    thread.fault_address = fault.page_fault_address;
    if (fault.out_of_memory) {
        end_for_want_of_memory();
    }
    const linux_abi::SignalAction action = action_of(fault.signal);
    const bool blocked = (thread.mask & linux_abi::signal_bit(fault.signal)) != 0;
    if (blocked || action.handler == linux_abi::handler_default ||
        action.handler == linux_abi::handler_ignore) {
        report({"ended by signal ", NumberText{fault.signal}, " at ", NumberText{from.rip, 16},
                ", address ", NumberText{fault.address, 16}, ", stack ", NumberText{from.rsp, 16}});
        exit_process(fault.signal);
    }
    After after = After::program;
    deliver(registers, after,
            {fault.signal,
             {.code = fault.code,
              .pid = 0,
              .user = 0,
              .status = 0,
              .value = fault.address_is_rip ? from.rip : fault.address}});
    deliver_and_resume(registers, After::program);
}

void return_from_handler(const abi::Registers& from) {
    // The handler's `ret` has taken the first field off the stack.
    const auto context = user::read<linux_abi::UserContext>(from.rsp);
    if (!context || (context->machine.fpu_state != 0 && !load_fpu(context->machine.fpu_state))) {
        exit_process(linux_abi::sig_segv);
    }
    abi::Registers registers = from;
    from_machine_context(registers, context->machine);
    Thread& thread = this_thread();
    thread.signal_stack = context->stack;
    thread.signal_stack.flags &= ~SignalStack::on_stack;
    set_mask(context->mask);
    if (ipc::control_page().interrupt_pending == 0) {
        resume(registers);
    }
    deliver_and_resume(registers, After::program);
}

}  // namespace linux::signals
