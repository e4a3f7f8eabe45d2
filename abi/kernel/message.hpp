// SPDX-License-Identifier: MIT
// The message tag, the message page and the control page of a thread.
//
// A message is a tag and six words, all in registers; up to 4096 bytes more in the sender's message
// page, which the kernel copies into the receiver's; and up to four capabilities. All six words are
// always transferred: a sender that uses fewer sets the others to zero (the stubs of libs/ipc do).
//
// Registers of every system call:
//
//   rax  in: the number (abi::Syscall)          out: abi::Error
//   rdi  in: capability index; for receive and  out: receive: the badge;
//        reply_and_receive also the reply            call to an endpoint: 0
//        object's index << 32
//   rsi  in: the tag                            out: the received tag (call: the reply's)
//   rdx r10 r8 r9 r12 r13   in/out: words 0 to 5
//   r14  in: deadline in nanoseconds of the monotonic clock, only read if the tag has `has_deadline`
//
// rcx, r11 and the flags are destroyed; a call that fails leaves nothing to rely on in the registers
// of the message, either. Every other register is preserved.
#pragma once

#include <cstddef>
#include <cstdint>

namespace abi {

inline constexpr std::size_t page_size = 4096;
inline constexpr std::size_t message_words = 6;
inline constexpr std::size_t message_bytes = page_size;  // payload in the message page
inline constexpr std::size_t message_capabilities = 4;

// Bits of a tag.
//   0-15   label: the operation asked for
//   16-28  payload: bytes in the message page, 0 to 4096
//   32-34  capabilities: how many of ControlPage::capabilities are sent, 0 to 4
//   40-47  flags, below
//   48-63  status: free for the protocol; in replies 0 for success, else its error
struct Tag {
    std::uint64_t raw = 0;

    static constexpr std::uint64_t has_deadline = std::uint64_t{1}
                                                  << 40;  // in: r14 holds a deadline
    static constexpr std::uint64_t interruptible = std::uint64_t{1}
                                                   << 41;  // in: Thread.interrupt ends the wait
    static constexpr std::uint64_t is_drop = std::uint64_t{1}
                                             << 42;  // out: a drop message (badge tells whose)
    static constexpr std::uint64_t is_signal = std::uint64_t{1}
                                               << 43;  // out: bound notification; word 0 = its bits
    static constexpr std::uint64_t is_fault = std::uint64_t{1}
                                              << 44;  // out: a fault message (abi/kernel/fault.hpp)
    static constexpr std::uint64_t moves =
        std::uint64_t{1}
        << 45;  // in: the capabilities sent leave the sender's table (else they are copied)
    // in: tell the receiver of a call if nobody has a copy of the drop-guarded capability that it is
    // made by; out: so it was when the message arrived. Not if the call had to wait for a receiver.
    static constexpr std::uint64_t only_copy = std::uint64_t{1} << 46;
    static constexpr std::uint64_t out_flags =
        is_drop | is_signal | is_fault;  // a sender cannot set these

    [[nodiscard]] constexpr std::uint16_t label() const { return static_cast<std::uint16_t>(raw); }
    [[nodiscard]] constexpr std::size_t payload() const { return (raw >> 16) & 0x1fff; }
    [[nodiscard]] constexpr std::size_t capabilities() const { return (raw >> 32) & 7; }
    [[nodiscard]] constexpr std::uint16_t status() const {
        return static_cast<std::uint16_t>(raw >> 48);
    }
    [[nodiscard]] constexpr bool has(std::uint64_t flag) const { return (raw & flag) != 0; }
};

constexpr Tag make_tag(std::uint16_t label, std::size_t payload = 0, std::size_t capabilities = 0,
                       std::uint16_t status = 0, std::uint64_t flags = 0) {
    return Tag{std::uint64_t{label} | (std::uint64_t{payload} << 16) |
               (std::uint64_t{capabilities} << 32) | flags | (std::uint64_t{status} << 48)};
}

// General registers as the kernel saves them in a control page and as Thread.get_registers /
// set_registers carry them in the message page.
struct Registers {
    std::uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
    std::uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    std::uint64_t rip, rflags, fs_base, gs_base;
};

// Why an exception or interrupt upcall was made. Below 32: the CPU's exception vector (Intel SDM
// vol. 3, 6.15).
inline constexpr std::uint64_t upcall_cause_interrupt = 256;

// The page after the message page. Both are physically pinned while the thread lives; the kernel
// reaches them by its own mapping, so the addresses at which user space maps them are user space's
// affair. User gs base points here.
struct ControlPage {
    // In: the capabilities to send. Out: the slots in which received ones were put.
    std::uint32_t capabilities[message_capabilities];

    // Upcalls (Thread.set_upcalls). Bits of upcalls_masked: `masked_library` while the upcall code
    // runs, `masked_exception` from an exception until its state has been read out of `saved`. The
    // kernel sets them on an upcall; user code clears them. An interrupt that comes while masked
    // only sets interrupt_pending; user code looks at it after unmasking.
    std::uint64_t upcalls_masked;     // 16
    std::uint64_t interrupt_pending;  // 24
    std::uint64_t saved_rip;          // 32: where a foreign system call returns to
    std::uint64_t saved_rflags;       // 40: its flags
    std::uint64_t exception_cause;    // 48: vector, or upcall_cause_interrupt
    std::uint64_t exception_error;    // 56: the CPU's error code
    std::uint64_t exception_address;  // 64: page faults: the address (CR2)
    std::uint64_t reserved[7];
    Registers saved;  // 128: registers of an exception or interrupt upcall
    // From here on the page belongs to user code.
    std::byte user[page_size - 128 - sizeof(Registers)];
};
static_assert(offsetof(ControlPage, upcalls_masked) == 16);
static_assert(offsetof(ControlPage, saved) == 128);
static_assert(sizeof(ControlPage) == page_size);

inline constexpr std::uint64_t masked_library = 1;
inline constexpr std::uint64_t masked_exception = 2;

}  // namespace abi
