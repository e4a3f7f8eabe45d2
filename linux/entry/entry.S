// SPDX-License-Identifier: MIT
//
// Every way from the program into the library and back.
//
//   linux_start        first instruction of a new image (procmgr starts the thread here)
//   linux_system_call  upcall: the program executed `syscall` with a Linux number
//   linux_exception    upcall: a CPU exception, of the program or of the library itself
//   linux_interrupt    upcall: Thread.interrupt while the program ran (a signal may be there)
//
// While upcalls are masked the library runs, on the thread's library stack, which is empty whenever the program runs.
//
// Leaving is the delicate part. An interrupt that came while masked has only set `interrupt_pending`, so it must be looked
// at after unmasking; but once unmasked, an upcall may come at any instruction. Both ways out therefore end in a tail that
// only uses what survives an upcall: if one comes inside a tail, handle_interrupt (context.cpp) acts as if it had come one
// step later, in the program.
//
//   call tail:    the program's registers are back; the program goes on at saved_rip of the control page. rcx, r11 and
//                 the flags are lost, as the `syscall` instruction allows.
//   resume tail:  everything must be exact: flags, rsp and rip come from ThreadState::resume. (Not by iretq: QEMU's
//                 emulation up to 8 reads its stack with the kernel's rights, which SMAP forbids.)
#include "linux/entry/layout.hpp"

// All registers but rsp, rip and flags, into an abi::Registers at (rsp).
.macro SAVE_REGISTERS
    movq %rax, REGISTER_RAX(%rsp)
    movq %rbx, REGISTER_RBX(%rsp)
    movq %rcx, REGISTER_RCX(%rsp)
    movq %rdx, REGISTER_RDX(%rsp)
    movq %rsi, REGISTER_RSI(%rsp)
    movq %rdi, REGISTER_RDI(%rsp)
    movq %rbp, REGISTER_RBP(%rsp)
    movq %r8, REGISTER_R8(%rsp)
    movq %r9, REGISTER_R9(%rsp)
    movq %r10, REGISTER_R10(%rsp)
    movq %r11, REGISTER_R11(%rsp)
    movq %r12, REGISTER_R12(%rsp)
    movq %r13, REGISTER_R13(%rsp)
    movq %r14, REGISTER_R14(%rsp)
    movq %r15, REGISTER_R15(%rsp)
.endm

    .section .text.entry, "ax", @progbits

    .globl linux_start
    .hidden linux_start
linux_start:
    movq $MASKED_LIBRARY, %gs:CONTROL_UPCALLS_MASKED
    xorl %ebp, %ebp
    movq %rsp, %rdi
    call linux_start_image
    ud2

    .globl linux_system_call
    .hidden linux_system_call
    .balign 64
linux_system_call:
    movq %rsp, %gs:THREAD_USER_STACK
    movq %gs:THREAD_LIBRARY_STACK, %rsp
    subq $REGISTERS_BYTES, %rsp
    // rcx and r11 are the instruction's own (return address and flags).
    movq %rax, REGISTER_RAX(%rsp)
    movq %rbx, REGISTER_RBX(%rsp)
    movq %rdx, REGISTER_RDX(%rsp)
    movq %rsi, REGISTER_RSI(%rsp)
    movq %rdi, REGISTER_RDI(%rsp)
    movq %rbp, REGISTER_RBP(%rsp)
    movq %r8, REGISTER_R8(%rsp)
    movq %r9, REGISTER_R9(%rsp)
    movq %r10, REGISTER_R10(%rsp)
    movq %r12, REGISTER_R12(%rsp)
    movq %r13, REGISTER_R13(%rsp)
    movq %r14, REGISTER_R14(%rsp)
    movq %r15, REGISTER_R15(%rsp)
    movq %rsp, %rdi
    cmpq $SYSTEM_CALL_COUNT, %rax
    jae unknown_number
    shlq $TABLE_ENTRY_SHIFT, %rax
    leaq linux_system_calls(%rip), %rcx
    xorl %ebp, %ebp
    call *(%rcx,%rax)
handler_returned:
    cmpq $RESTART_CALL, %rax
    je restart_wanted
    // The other registers are still the program's: C++ code preserves them.
    movq REGISTER_RBP(%rsp), %rbp
    movq REGISTER_RDX(%rsp), %rdx
    movq REGISTER_RSI(%rsp), %rsi
    movq REGISTER_RDI(%rsp), %rdi
    movq REGISTER_R8(%rsp), %r8
    movq REGISTER_R9(%rsp), %r9
    movq REGISTER_R10(%rsp), %r10
    movq %gs:THREAD_USER_STACK, %rsp
    .globl linux_call_tail, linux_call_tail_end
    .hidden linux_call_tail, linux_call_tail_end
linux_call_tail:
    movq $0, %gs:CONTROL_UPCALLS_MASKED
    cmpq $0, %gs:CONTROL_INTERRUPT_PENDING
    jne 1f
    jmp *%gs:CONTROL_SAVED_RIP
1:  movq $MASKED_LIBRARY, %gs:CONTROL_UPCALLS_MASKED
linux_call_tail_end:
    movq %gs:THREAD_LIBRARY_STACK, %rsp
    subq $REGISTERS_BYTES, %rsp
    SAVE_REGISTERS
    movq %rsp, %rdi
    xorl %ebp, %ebp
    call linux_interrupted_after_call
    ud2

unknown_number:
    xorl %ebp, %ebp
    call linux_unknown_call
    jmp handler_returned

restart_wanted:
    movq %rsp, %rdi
    call linux_interrupted_call
    ud2

// [[noreturn]] void linux_resume(const abi::Registers& registers)
    .globl linux_resume
    .hidden linux_resume
linux_resume:
    movq %gs:THREAD_CONTROL, %rsp
    leaq THREAD_RESUME(%rsp), %rsp
    movq REGISTER_RFLAGS(%rdi), %rax
    movq %rax, RESUME_RFLAGS(%rsp)
    movq REGISTER_RSP(%rdi), %rax
    movq %rax, RESUME_RSP(%rsp)
    movq REGISTER_RIP(%rdi), %rax
    movq %rax, RESUME_RIP(%rsp)
    movq REGISTER_RAX(%rdi), %rax
    movq REGISTER_RBX(%rdi), %rbx
    movq REGISTER_RCX(%rdi), %rcx
    movq REGISTER_RDX(%rdi), %rdx
    movq REGISTER_RSI(%rdi), %rsi
    movq REGISTER_RBP(%rdi), %rbp
    movq REGISTER_R8(%rdi), %r8
    movq REGISTER_R9(%rdi), %r9
    movq REGISTER_R10(%rdi), %r10
    movq REGISTER_R11(%rdi), %r11
    movq REGISTER_R12(%rdi), %r12
    movq REGISTER_R13(%rdi), %r13
    movq REGISTER_R14(%rdi), %r14
    movq REGISTER_R15(%rdi), %r15
    movq REGISTER_RDI(%rdi), %rdi
    .globl linux_resume_tail, linux_resume_tail_end
    .hidden linux_resume_tail, linux_resume_tail_end
linux_resume_tail:
    movq $0, %gs:CONTROL_UPCALLS_MASKED
    cmpq $0, %gs:CONTROL_INTERRUPT_PENDING
    jne 1f
    popfq
    movq %gs:(THREAD_RESUME + RESUME_RSP), %rsp
    jmp *%gs:(THREAD_RESUME + RESUME_RIP)
1:  movq $MASKED_LIBRARY, %gs:CONTROL_UPCALLS_MASKED
linux_resume_tail_end:
    movq %gs:THREAD_LIBRARY_STACK, %rsp
    subq $REGISTERS_BYTES, %rsp
    SAVE_REGISTERS
    movq %rsp, %rdi
    xorl %ebp, %ebp
    call linux_interrupted_while_resuming
    ud2

    .globl linux_interrupt
    .hidden linux_interrupt
linux_interrupt:
    movq %gs:THREAD_LIBRARY_STACK, %rsp
    xorl %ebp, %ebp
    call linux_handle_interrupt
    ud2

// The program's exception (in the vDSO too, which is inside the library): the library stack is free. The library's own: it is
// not, so go on below where it was. The handler leaves in `saved` where the library goes on, with all that it had.
    .globl linux_exception
    .hidden linux_exception
linux_exception:
    movq %gs:(CONTROL_SAVED + REGISTER_RIP), %rax
    leaq __executable_start(%rip), %rcx
    cmpq %rcx, %rax
    jb 1f
    leaq _end(%rip), %rcx
    cmpq %rcx, %rax
    jae 1f
    leaq linux_vdso(%rip), %rcx
    cmpq %rcx, %rax
    jb 2f
    leaq linux_vdso_end(%rip), %rcx
    cmpq %rcx, %rax
    jae 2f
1:  movq %gs:THREAD_LIBRARY_STACK, %rsp
    xorl %ebp, %ebp
    call linux_handle_exception
    ud2
2:  movq %gs:(CONTROL_SAVED + REGISTER_RSP), %rsp
    subq $256, %rsp
    andq $-16, %rsp
    movq %gs:(CONTROL_SAVED + REGISTER_RBP), %rbp
    call linux_handle_own_exception
    pushq %gs:(CONTROL_SAVED + REGISTER_RFLAGS)
    popfq
    movq %gs:(CONTROL_SAVED + REGISTER_RAX), %rax
    movq %gs:(CONTROL_SAVED + REGISTER_RBX), %rbx
    movq %gs:(CONTROL_SAVED + REGISTER_RCX), %rcx
    movq %gs:(CONTROL_SAVED + REGISTER_RDX), %rdx
    movq %gs:(CONTROL_SAVED + REGISTER_RSI), %rsi
    movq %gs:(CONTROL_SAVED + REGISTER_RDI), %rdi
    movq %gs:(CONTROL_SAVED + REGISTER_RBP), %rbp
    movq %gs:(CONTROL_SAVED + REGISTER_R8), %r8
    movq %gs:(CONTROL_SAVED + REGISTER_R9), %r9
    movq %gs:(CONTROL_SAVED + REGISTER_R10), %r10
    movq %gs:(CONTROL_SAVED + REGISTER_R11), %r11
    movq %gs:(CONTROL_SAVED + REGISTER_R12), %r12
    movq %gs:(CONTROL_SAVED + REGISTER_R13), %r13
    movq %gs:(CONTROL_SAVED + REGISTER_R14), %r14
    movq %gs:(CONTROL_SAVED + REGISTER_R15), %r15
    movq %gs:(CONTROL_SAVED + REGISTER_RSP), %rsp
    movq $MASKED_LIBRARY, %gs:CONTROL_UPCALLS_MASKED
    jmp *%gs:(CONTROL_SAVED + REGISTER_RIP)

// The first instruction of a fork's child.
    .globl linux_fork_child
    .hidden linux_fork_child
linux_fork_child:
    movq $MASKED_LIBRARY, %gs:CONTROL_UPCALLS_MASKED
    xorl %ebp, %ebp
    call linux_enter_fork_child
    ud2

// A further thread's first instruction: rdi = its Thread.
    .globl linux_thread_start
    .hidden linux_thread_start
linux_thread_start:
    movq $MASKED_LIBRARY, %gs:CONTROL_UPCALLS_MASKED
    xorl %ebp, %ebp
    call linux_enter_thread
    ud2

    .section .note.GNU-stack, "", @progbits
