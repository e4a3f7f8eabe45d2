// SPDX-License-Identifier: MIT
// Where the upcalls of entry.S arrive. Each function here is entered with upcalls masked.
#include "linux/entry/context.hpp"

#include "abi/linux/signal.hpp"
#include "interfaces/process_image.hpp"
#include "linux/entry/report.hpp"
#include "linux/entry/thread_state.hpp"
#include "linux/process/hooks.hpp"
#include "linux/process/out_of_memory.hpp"
#include "linux/process/state.hpp"
#include "linux/signal/delivery.hpp"
#include "linux/signal/fault.hpp"

namespace linux {
namespace {

bool is_inside(std::uint64_t address, const char* begin, const char* end) {
    return address >= reinterpret_cast<std::uint64_t>(begin) &&
           address < reinterpret_cast<std::uint64_t>(end);
}

// The state that the resume tail was about to make real.
void take_resume_frame(abi::Registers& registers) {
    const ResumeFrame& frame = thread_state().resume;
    registers.rip = frame.rip;
    registers.rflags = frame.rflags;
    registers.rsp = frame.rsp;
}

void take_call_state(abi::Registers& registers) {
    const abi::ControlPage& control = ipc::control_page();
    registers.rip = control.saved_rip;
    registers.rflags = control.saved_rflags;
    registers.rsp = thread_state().user_stack;
    registers.rcx = control.saved_rip;
    registers.r11 = control.saved_rflags;
}

// An upcall inside a tail came too early by a few instructions: where the program really is.
void step_out_of_tails(abi::Registers& registers) {
    if (is_inside(registers.rip, linux_call_tail, linux_call_tail_end)) {
        take_call_state(registers);
    } else if (is_inside(registers.rip, linux_resume_tail, linux_resume_tail_end)) {
        take_resume_frame(registers);
    }
}

}  // namespace

abi::Registers program_registers(const Arguments& arguments) {
    abi::Registers registers = arguments.registers;
    take_call_state(registers);
    return registers;
}

void resume(const abi::Registers& registers) {
    // A signal may have come in the vDSO, which the library holds.
    const bool is_programs = registers.rip < process::program_end ||
                             is_inside(registers.rip, linux_vdso, linux_vdso_end);
    if (!is_programs || registers.rsp >= (std::uint64_t{1} << 47)) {
        // The jump would fault inside the library.
        signals::deliver_fault(
            registers, {.signal = linux_abi::sig_segv, .code = linux_abi::SignalCode::kernel});
    }
    linux_resume(registers);
}

}  // namespace linux

using linux::Arguments;

extern "C" {

std::int64_t linux_unknown_call(const Arguments& arguments) {
    return linux::calls::missing(arguments);
}

// A system call answered `restart`: a signal has ended it.
[[noreturn]] void linux_interrupted_call(const Arguments& arguments) {
    abi::Registers registers = linux::program_registers(arguments);
    linux::signals::deliver_and_resume(registers, linux::signals::After::interrupted_call);
}

// The call is done and its result in rax; a signal waits.
[[noreturn]] void linux_interrupted_after_call(abi::Registers& registers) {
    linux::take_call_state(registers);
    linux::signals::deliver_and_resume(registers, linux::signals::After::program);
}

[[noreturn]] void linux_interrupted_while_resuming(abi::Registers& registers) {
    linux::take_resume_frame(registers);
    linux::signals::deliver_and_resume(registers, linux::signals::After::program);
}

[[noreturn]] void linux_handle_interrupt() {
    abi::Registers registers = ipc::control_page().saved;
    linux::step_out_of_tails(registers);
    linux::signals::deliver_and_resume(registers, linux::signals::After::program);
}

[[noreturn]] void linux_handle_exception() {
    abi::ControlPage& control = ipc::control_page();
    abi::Registers registers = control.saved;
    linux::step_out_of_tails(registers);
    const linux::CpuException exception{control.exception_cause, control.exception_error,
                                        control.exception_address};
    control.upcalls_masked = abi::masked_library;
    if (linux::signals::is_mended(exception, registers.rip)) {
        linux::signals::deliver_and_resume(registers, linux::signals::After::program);
    }
    linux::signals::deliver_fault(registers, linux::signals::describe(exception));
}

// Leaves in `saved` where the library goes on. What may fault is copying to and from the program, and memory
// that another process shares with it and has taken away; and a program that steps through itself traps
// when its flags are back, in the last instructions of a tail.
void linux_handle_own_exception() {
    abi::ControlPage& control = ipc::control_page();
    const std::uint64_t rip = control.saved.rip;
    if (linux::is_inside(rip, linux_resume_tail, linux_resume_tail_end)) {
        linux_handle_exception();
    }
    constexpr std::uint64_t page_fault = 14;
    const bool is_page_fault = control.exception_cause == page_fault;
    if (is_page_fault && linux::fd::replace_lost_memory(control.exception_address)) {
        return;
    }
    if (linux::is_inside(rip, linux_user_begin, linux_user_end)) {
        if (linux::signals::turns_page(
                {control.exception_cause, control.exception_error, control.exception_address},
                rip)) {
            return;
        }
        control.saved.rip = reinterpret_cast<std::uint64_t>(linux_user_recover);
        return;
    }
    if (is_page_fault && linux::is_memory_exhausted()) {
        linux::end_library_for_want_of_memory();
    }
    linux::die({"fault ", linux::NumberText{control.exception_cause}, " in the Linux library at ",
                linux::NumberText{rip, 16}, ", address ",
                linux::NumberText{control.exception_address, 16}, ", stack ",
                linux::NumberText{control.saved.rsp, 16}});
}

}  // extern "C"
