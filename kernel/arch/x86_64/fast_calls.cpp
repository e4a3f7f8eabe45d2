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

#define FAST_CALL __attribute__((preserve_none)) void

extern "C" {
// entry.S. All but the exits take the thread that came, arch_operation a capability in the place of r15.
FAST_CALL arch_call_slowly(MESSAGE_PARAMETERS);
FAST_CALL arch_operation(MESSAGE_PARAMETERS);
FAST_CALL arch_signal_slowly(MESSAGE_PARAMETERS);
FAST_CALL arch_wait_slowly(MESSAGE_PARAMETERS);
FAST_CALL arch_reply_and_receive_slowly(MESSAGE_PARAMETERS);
FAST_CALL arch_exit_to_other(MESSAGE_PARAMETERS);
FAST_CALL arch_exit_to_same(MESSAGE_PARAMETERS);
}

namespace {

// Many: with several CPUs, which share the kernel for this. In functions of their own, so that one CPU does not pay for it.

// With sharing, programs' memory was damaged on four CPUs under many forks; without, it is not. Until the cause is found several CPUs
// go the long way (docs/decisions/kernel-locks.md).
constexpr bool may_share = false;

template <bool Many>
bool begin() {
    return !Many || (may_share && kernel::KernelLock::try_share());
}

template <bool Many>
void end() {
    if constexpr (Many) {
        kernel::KernelLock::end_share();
    }
}

template <bool Many>
void switch_to_partner(arch::ThreadContext& from, arch::ThreadContext& to) {
    if constexpr (Many) {
        arch::switch_to(nullptr, to);  // `from` may run elsewhere already
        end<Many>();
    } else {
        arch::switch_bases(from, to);
    }
}

template <bool Many>
FAST_CALL call(MESSAGE_PARAMETERS) {
    if (!begin<Many>()) {
        [[clang::musttail]] return arch_call_slowly(MESSAGE(context, cap, tag));
    }
    auto& caller = static_cast<kernel::Thread&>(*context);
    const kernel::FastPath::Step step = kernel::FastPath::call<Many>(caller, cap, abi::Tag{tag});
    unused = __builtin_nondeterministic_value(unused);
    if (!Many && step.outcome == Outcome::operation) {
        unused = reinterpret_cast<std::uint64_t>(step.capability);
        [[clang::musttail]] return arch_operation(MESSAGE(context, cap, tag));
    }
    if (step.outcome == Outcome::slow || (Many && step.outcome == Outcome::operation))
        [[unlikely]] {
        end<Many>();
        [[clang::musttail]] return arch_call_slowly(MESSAGE(context, cap, tag));
    }
    if (step.outcome == Outcome::nothing) {
        end<Many>();
        [[clang::musttail]] return arch_exit_to_same(0, 0, context, unused, cap, 0, 0, 0, 0, 0);
    }
    switch_to_partner<Many>(*context, *step.next);
    [[clang::musttail]] return arch_exit_to_other(MESSAGE(step.next, step.badge, tag));
}

template <bool Many>
FAST_CALL reply_and_receive(MESSAGE_PARAMETERS) {
    if (!begin<Many>()) {
        [[clang::musttail]] return arch_reply_and_receive_slowly(MESSAGE(context, cap, tag));
    }
    auto& server = static_cast<kernel::Thread&>(*context);
    const kernel::FastPath::Step step =
        kernel::FastPath::reply_and_receive<Many>(server, cap, abi::Tag{tag});
    unused = __builtin_nondeterministic_value(unused);
    if (step.outcome == Outcome::slow) [[unlikely]] {
        end<Many>();
        [[clang::musttail]] return arch_reply_and_receive_slowly(MESSAGE(context, cap, tag));
    }
    switch_to_partner<Many>(*context, *step.next);
    [[clang::musttail]] return arch_exit_to_other(MESSAGE(step.next, step.badge, tag));
}

template <bool Many>
FAST_CALL signal(MESSAGE_PARAMETERS) {
    if (!begin<Many>()) {
        [[clang::musttail]] return arch_signal_slowly(MESSAGE(context, cap, tag));
    }
    auto& thread = static_cast<kernel::Thread&>(*context);
    const kernel::FastPath::Step step = kernel::FastPath::signal<Many>(thread, cap, word0);
    unused = __builtin_nondeterministic_value(unused);
    end<Many>();
    if (step.outcome == Outcome::slow) [[unlikely]] {
        [[clang::musttail]] return arch_signal_slowly(MESSAGE(context, cap, tag));
    }
    [[clang::musttail]] return arch_exit_to_same(MESSAGE(context, cap, tag));
}

template <bool Many>
FAST_CALL wait(MESSAGE_PARAMETERS) {
    if (!begin<Many>()) {
        [[clang::musttail]] return arch_wait_slowly(MESSAGE(context, cap, tag));
    }
    auto& thread = static_cast<kernel::Thread&>(*context);
    const kernel::FastPath::Step step = kernel::FastPath::wait<Many>(thread, cap, abi::Tag{tag});
    unused = __builtin_nondeterministic_value(unused);
    if (step.outcome == Outcome::handed_over) {
        arch::switch_to(Many ? nullptr : context, *step.next);
        end<Many>();
        arch::exit_kernel();
    }
    end<Many>();
    if (step.outcome == Outcome::slow) [[unlikely]] {
        [[clang::musttail]] return arch_wait_slowly(MESSAGE(context, cap, tag));
    }
    word0 = step.word;
    [[clang::musttail]] return arch_exit_to_same(MESSAGE(context, cap, tag));
}

}  // namespace

// Where entry.S goes.
#define ENTRY(function)                                                            \
    extern "C" FAST_CALL arch_##function(MESSAGE_PARAMETERS) {                     \
        if (kernel::KernelLock::many()) [[unlikely]] {                             \
            [[clang::musttail]] return function<true>(MESSAGE(context, cap, tag)); \
        }                                                                          \
        [[clang::musttail]] return function<false>(MESSAGE(context, cap, tag));    \
    }
ENTRY(call)
ENTRY(reply_and_receive)
ENTRY(signal)
ENTRY(wait)
