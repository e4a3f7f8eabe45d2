// SPDX-License-Identifier: MIT
// `call`, `reply_and_receive`, `signal` and `wait`, from the entry straight to the exit.
//
// entry.S calls these functions with the message in the registers in which user code put it, and they end by jumping to the
// exit with the message in the registers in which user code finds it: nothing of it is stored, but for who has a payload. That is what the calling
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

#define MESSAGE_PARAMETERS                                                                     \
    std::uint64_t word4, std::uint64_t word5, arch::ThreadContext *context, std::uint64_t r15, \
        std::uint64_t cap, std::uint64_t tag, std::uint64_t word0, std::uint64_t word1,        \
        std::uint64_t word2, std::uint64_t word3
#define MESSAGE(context, cap, tag) word4, word5, context, r15, cap, tag, word0, word1, word2, word3

using kernel::FastPath;
using Outcome = FastPath::Outcome;
using Step = FastPath::Step;

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

template <bool Many>
bool begin() {
    return !Many || kernel::KernelLock::try_share();
}

template <bool Many>
void end(bool begun = true) {
    if (Many && begun) {
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

template <bool Many, bool Loaded = false>
FAST_CALL call(MESSAGE_PARAMETERS) {
    if (!Loaded && FastPath::is_loaded({tag})) [[unlikely]] {
        [[clang::musttail]] return call<Many, true>(MESSAGE(context, cap, tag));
    }
    auto& caller = static_cast<kernel::Thread&>(*context);
    const bool begun = begin<Many>();
    const Step step = begun ? FastPath::call<Many, Loaded>(caller, cap, {tag}) : Step{};
    r15 = __builtin_nondeterministic_value(r15);
    if (step.outcome == Outcome::operation) {
        r15 = reinterpret_cast<std::uint64_t>(step.capability);
        [[clang::musttail]] return arch_operation(MESSAGE(context, cap, tag));
    }
    if (step.outcome == Outcome::slow) [[unlikely]] {
        end<Many>(begun);
        [[clang::musttail]] return arch_call_slowly(MESSAGE(context, cap, tag));
    }
    if (step.outcome == Outcome::nothing) {
        end<Many>();
        [[clang::musttail]] return arch_exit_to_same(0, 0, context, r15, cap, 0, step.word, 0, 0,
                                                     0);
    }
    switch_to_partner<Many>(*context, *step.next);
    [[clang::musttail]] return arch_exit_to_other(MESSAGE(step.next, step.badge, step.word));
}

template <bool Many, bool Loaded = false>
FAST_CALL reply_and_receive(MESSAGE_PARAMETERS) {
    if (!Loaded && FastPath::is_loaded({tag})) [[unlikely]] {
        [[clang::musttail]] return reply_and_receive<Many, true>(MESSAGE(context, cap, tag));
    }
    auto& server = static_cast<kernel::Thread&>(*context);
    const bool begun = begin<Many>();
    const Step step =
        begun ? FastPath::reply_and_receive<Many, Loaded>(server, cap, {tag}) : Step{};
    r15 = __builtin_nondeterministic_value(r15);
    if (step.outcome == Outcome::slow) [[unlikely]] {
        end<Many>(begun);
        [[clang::musttail]] return arch_reply_and_receive_slowly(MESSAGE(context, cap, tag));
    }
    switch_to_partner<Many>(*context, *step.next);
    [[clang::musttail]] return arch_exit_to_other(MESSAGE(step.next, step.badge, step.word));
}

template <bool Many>
FAST_CALL signal(MESSAGE_PARAMETERS) {
    auto& thread = static_cast<kernel::Thread&>(*context);
    const bool begun = begin<Many>();
    const Step step = begun ? FastPath::signal<Many>(thread, cap, word0) : Step{};
    r15 = __builtin_nondeterministic_value(r15);
    end<Many>(begun);
    if (step.outcome == Outcome::slow) [[unlikely]] {
        [[clang::musttail]] return arch_signal_slowly(MESSAGE(context, cap, tag));
    }
    [[clang::musttail]] return arch_exit_to_same(MESSAGE(context, cap, tag));
}

template <bool Many>
FAST_CALL wait(MESSAGE_PARAMETERS) {
    auto& thread = static_cast<kernel::Thread&>(*context);
    const bool begun = begin<Many>();
    const Step step = begun ? FastPath::wait<Many>(thread, cap, {tag}) : Step{};
    r15 = __builtin_nondeterministic_value(r15);
    if (step.outcome == Outcome::handed_over) {
        arch::switch_to(Many ? nullptr : context, *step.next);
        end<Many>();
        arch::exit_kernel();
    }
    end<Many>(begun);
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
