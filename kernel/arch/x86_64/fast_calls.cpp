// SPDX-License-Identifier: MIT
// `call`, `reply_and_receive`, `signal` and `wait` with the message in registers, from the entry straight to the exit.
//
// entry.S calls these functions with the message in the registers in which user code put it, and they end by jumping to the
// exit with the message in the registers in which user code finds it: nothing of it is stored. That is what the calling
// convention preserve_none is for, which passes arguments in r12 r13 r14 r15 rdi rsi rdx rcx r8 r9 and has no register that
// a function would have to save. Word 1, which user code has in r10, travels in rcx; r15 holds nothing.
//
// What a message means is decided in ipc/fast_path.hpp; here is only how it moves. This file is compiled without frame
// pointers: no function in it calls another that could panic.
#include <arch/cpu.hpp>
#include <arch/fpu.hpp>

#include "kernel/ipc/fast_path.hpp"
#include "kernel/sched/kernel_lock.hpp"
#include "kernel/sched/scheduler.hpp"

#define MESSAGE_PARAMETERS                                                                        \
    std::uint64_t word4, std::uint64_t word5, arch::ThreadContext *context, std::uint64_t unused, \
        std::uint64_t cap, std::uint64_t tag, std::uint64_t word0, std::uint64_t word1,           \
        std::uint64_t word2, std::uint64_t word3
#define MESSAGE(context, cap, tag) \
    word4, word5, context, unused, cap, tag, word0, word1, word2, word3

using Outcome = kernel::FastPath::Outcome;

namespace {

// The lock, if it is free and no other CPU has given this one something to decide.
bool begin_with_lock() {
    if (!kernel::KernelLock::try_enter()) {
        return false;
    }
    if (kernel::scheduler().is_settled()) {
        return true;
    }
    kernel::KernelLock::leave();
    return false;
}

void switch_with_lock(kernel::Thread& from, kernel::Thread& to) {
    kernel::scheduler().adopt(to);
    arch::fpu_leave(from);
    arch::switch_bases(from, to);
}

}  // namespace

extern "C" {
// entry.S. All but the exits take the thread that came, arch_operation a capability in the place of r15.
__attribute__((preserve_none)) void arch_call_slowly(MESSAGE_PARAMETERS);
__attribute__((preserve_none)) void arch_operation(MESSAGE_PARAMETERS);
__attribute__((preserve_none)) void arch_signal_slowly(MESSAGE_PARAMETERS);
__attribute__((preserve_none)) void arch_wait_slowly(MESSAGE_PARAMETERS);
__attribute__((preserve_none)) void arch_reply_and_receive_slowly(MESSAGE_PARAMETERS);
__attribute__((preserve_none)) void arch_exit_to_other(MESSAGE_PARAMETERS);
__attribute__((preserve_none)) void arch_exit_to_same(MESSAGE_PARAMETERS);

// With several CPUs call and answer are done with the kernel's lock, and the others the long way. In functions of their own, so that one CPU does not pay for it.
__attribute__((preserve_none)) void arch_call_with_lock(MESSAGE_PARAMETERS);
__attribute__((preserve_none)) void arch_reply_and_receive_with_lock(MESSAGE_PARAMETERS);

__attribute__((preserve_none)) void arch_call(MESSAGE_PARAMETERS) {
    auto& caller = static_cast<kernel::Thread&>(*context);
    if (kernel::KernelLock::many()) [[unlikely]] {
        [[clang::musttail]] return arch_call_with_lock(MESSAGE(context, cap, tag));
    }
    const kernel::FastPath::Step step = kernel::FastPath::call(caller, cap, abi::Tag{tag});
    unused = __builtin_nondeterministic_value(unused);
    if (step.outcome == Outcome::operation) {
        unused = reinterpret_cast<std::uint64_t>(step.capability);
        [[clang::musttail]] return arch_operation(MESSAGE(context, cap, tag));
    }
    if (step.outcome == Outcome::slow) [[unlikely]] {
        [[clang::musttail]] return arch_call_slowly(MESSAGE(context, cap, tag));
    }
    if (step.outcome == Outcome::nothing) {
        [[clang::musttail]] return arch_exit_to_same(0, 0, context, unused, cap, 0, 0, 0, 0, 0);
    }
    arch::switch_bases(*context, *step.next);
    [[clang::musttail]] return arch_exit_to_other(MESSAGE(step.next, step.badge, tag));
}

__attribute__((preserve_none)) void arch_reply_and_receive(MESSAGE_PARAMETERS) {
    auto& server = static_cast<kernel::Thread&>(*context);
    if (kernel::KernelLock::many()) [[unlikely]] {
        [[clang::musttail]] return arch_reply_and_receive_with_lock(MESSAGE(context, cap, tag));
    }
    const kernel::FastPath::Step step =
        kernel::FastPath::reply_and_receive(server, cap, abi::Tag{tag});
    unused = __builtin_nondeterministic_value(unused);
    if (step.outcome == Outcome::slow) [[unlikely]] {
        [[clang::musttail]] return arch_reply_and_receive_slowly(MESSAGE(context, cap, tag));
    }
    arch::switch_bases(*context, *step.next);
    [[clang::musttail]] return arch_exit_to_other(MESSAGE(step.next, step.badge, tag));
}

__attribute__((preserve_none)) void arch_signal(MESSAGE_PARAMETERS) {
    auto& thread = static_cast<kernel::Thread&>(*context);
    if (kernel::KernelLock::many()) [[unlikely]] {
        [[clang::musttail]] return arch_signal_slowly(MESSAGE(context, cap, tag));
    }
    const kernel::FastPath::Step step = kernel::FastPath::signal(thread, cap, word0);
    unused = __builtin_nondeterministic_value(unused);
    if (step.outcome == Outcome::slow) [[unlikely]] {
        [[clang::musttail]] return arch_signal_slowly(MESSAGE(context, cap, tag));
    }
    [[clang::musttail]] return arch_exit_to_same(MESSAGE(context, cap, tag));
}

__attribute__((preserve_none)) void arch_wait(MESSAGE_PARAMETERS) {
    auto& thread = static_cast<kernel::Thread&>(*context);
    if (kernel::KernelLock::many()) [[unlikely]] {
        [[clang::musttail]] return arch_wait_slowly(MESSAGE(context, cap, tag));
    }
    const kernel::FastPath::Step step = kernel::FastPath::wait(thread, cap, abi::Tag{tag});
    unused = __builtin_nondeterministic_value(unused);
    if (step.outcome == Outcome::slow) [[unlikely]] {
        [[clang::musttail]] return arch_wait_slowly(MESSAGE(context, cap, tag));
    }
    if (step.outcome == Outcome::handed_over) {
        arch::switch_thread(context, step.next);
        arch::exit_kernel();
    }
    word0 = step.word;
    [[clang::musttail]] return arch_exit_to_same(MESSAGE(context, cap, tag));
}

__attribute__((preserve_none)) void arch_call_with_lock(MESSAGE_PARAMETERS) {
    auto& caller = static_cast<kernel::Thread&>(*context);
    if (!begin_with_lock()) {
        [[clang::musttail]] return arch_call_slowly(MESSAGE(context, cap, tag));
    }
    const kernel::FastPath::Step step = kernel::FastPath::call(caller, cap, abi::Tag{tag});
    if (step.outcome == Outcome::switched) {
        switch_with_lock(caller, *step.next);
    }
    kernel::KernelLock::leave();
    if (step.outcome == Outcome::slow || step.outcome == Outcome::operation) {
        [[clang::musttail]] return arch_call_slowly(MESSAGE(context, cap, tag));
    }
    if (step.outcome == Outcome::nothing) {
        [[clang::musttail]] return arch_exit_to_same(0, 0, context, unused, cap, 0, 0, 0, 0, 0);
    }
    [[clang::musttail]] return arch_exit_to_other(MESSAGE(step.next, step.badge, tag));
}

__attribute__((preserve_none)) void arch_reply_and_receive_with_lock(MESSAGE_PARAMETERS) {
    auto& server = static_cast<kernel::Thread&>(*context);
    if (!begin_with_lock()) {
        [[clang::musttail]] return arch_reply_and_receive_slowly(MESSAGE(context, cap, tag));
    }
    const kernel::FastPath::Step step =
        kernel::FastPath::reply_and_receive(server, cap, abi::Tag{tag});
    if (step.outcome == Outcome::switched) {
        switch_with_lock(server, *step.next);
    }
    kernel::KernelLock::leave();
    if (step.outcome == Outcome::slow) {
        [[clang::musttail]] return arch_reply_and_receive_slowly(MESSAGE(context, cap, tag));
    }
    [[clang::musttail]] return arch_exit_to_other(MESSAGE(step.next, step.badge, tag));
}
}
