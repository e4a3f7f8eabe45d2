// SPDX-License-Identifier: MIT
// Signals as Linux x86-64 programs see them: numbers, actions, and the frame that a handler finds
// on its stack (which libc, unwinders and language run-times know by heart).
#pragma once

#include <cstddef>
#include <cstdint>

namespace linux_abi {

inline constexpr std::uint32_t signal_count = 64;

enum Signal : std::uint32_t {
    sig_hup = 1,
    sig_int,
    sig_quit,
    sig_ill,
    sig_trap,
    sig_abrt,
    sig_bus,
    sig_fpe,
    sig_kill,
    sig_usr1,
    sig_segv,
    sig_usr2,
    sig_pipe,
    sig_alrm,
    sig_term,
    sig_stkflt,
    sig_chld,
    sig_cont,
    sig_stop,
    sig_tstp,
    sig_ttin,
    sig_ttou,
    sig_urg,
    sig_xcpu,
    sig_xfsz,
    sig_vtalrm,
    sig_prof,
    sig_winch,
    sig_io,
    sig_pwr,
    sig_sys
};

using SignalSet = std::uint64_t;
constexpr SignalSet signal_bit(std::uint32_t signal) { return SignalSet{1} << (signal - 1); }

struct ActionFlag {
    static constexpr std::uint64_t no_child_stop = 1, no_child_wait = 2, siginfo = 4;
    static constexpr std::uint64_t restorer = 0x04000000, on_stack = 0x08000000;
    static constexpr std::uint64_t restart = 0x10000000, no_defer = 0x40000000;
    static constexpr std::uint64_t reset_handler = 0x80000000;
};

inline constexpr std::uint64_t handler_default = 0, handler_ignore = 1;

struct SignalAction {  // what rt_sigaction carries
    std::uint64_t handler;
    std::uint64_t flags;
    std::uint64_t restorer;
    SignalSet mask;
};

struct MaskHow {
    static constexpr std::uint32_t block = 0, unblock = 1, set = 2;
};

struct SignalCode {
    static constexpr std::int32_t user = 0, kernel = 0x80, queue = -1, timer = -2, thread = -6;
    static constexpr std::int32_t illegal_operand = 2, division = 1, float_invalid = 7;
    static constexpr std::int32_t not_mapped = 1, no_access = 2;
    static constexpr std::int32_t alignment = 1, no_backing = 2;
    static constexpr std::int32_t breakpoint = 1, trace = 2;
    static constexpr std::int32_t exited = 1, killed = 2, dumped = 3, trapped = 4, stopped = 5,
                                  continued = 6;
};

struct SignalInfo {
    std::int32_t signal;
    std::int32_t error;
    std::int32_t code;
    std::int32_t padding;
    union {
        struct {
            std::int32_t pid;
            std::uint32_t user;
            std::uint64_t value;
        } sender;
        struct {
            std::int32_t pid;
            std::uint32_t user;
            std::int32_t status;
            std::int32_t padding;
            std::int64_t user_time, system_time;
        } child;
        struct {
            std::uint64_t address;
        } fault;
        struct {
            std::int32_t timer, overrun;
            std::uint64_t value;
        } timer;
        std::uint8_t bytes[112];
    } of;
};
static_assert(sizeof(SignalInfo) == 128 && offsetof(SignalInfo, of) == 16);

struct SignalStack {  // stack_t
    std::uint64_t address;
    std::int32_t flags;
    std::int32_t padding;
    std::uint64_t size;
    static constexpr std::int32_t on_stack = 1, disabled = 2;
    static constexpr std::int32_t auto_disarm = static_cast<std::int32_t>(0x80000000U);
    static constexpr std::uint64_t least_size = 2048;
};
static_assert(sizeof(SignalStack) == 24);

struct MachineContext {  // struct sigcontext
    std::uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    std::uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
    std::uint16_t cs, gs, fs, ss;
    std::uint64_t error, trap_number, old_mask, cr2;
    std::uint64_t fpu_state;  // address of the FXSAVE or XSAVE area, or 0
    std::uint64_t reserved[8];
};
static_assert(sizeof(MachineContext) == 256);

struct UserContext {  // struct ucontext, as the kernel writes it
    static constexpr std::uint64_t extended_state = 1, has_ss = 2, strict_ss = 4;
    std::uint64_t flags;
    std::uint64_t link;
    SignalStack stack;
    MachineContext machine;
    SignalSet mask;
};
static_assert(sizeof(UserContext) == 304 && offsetof(UserContext, mask) == 296);

struct SignalFrame {         // at rsp when the handler starts
    std::uint64_t restorer;  // the handler's return address
    UserContext context;
    SignalInfo info;
};
static_assert(sizeof(SignalFrame) == 440 && offsetof(SignalFrame, info) == 312);

// In the legacy area of the saved FPU state (bytes 464 to 511): tells that more follows it.
struct ExtendedStateMarker {
    std::uint32_t magic1;
    std::uint32_t extended_size;  // with magic2 at the end
    std::uint64_t features;
    std::uint32_t state_size;  // without it
    std::uint32_t padding[7];
    static constexpr std::uint32_t magic1_value = 0x46505853;
    static constexpr std::uint32_t magic2_value = 0x46505845;
    static constexpr std::size_t offset = 464;
};
static_assert(sizeof(ExtendedStateMarker) == 48);

}  // namespace linux_abi
