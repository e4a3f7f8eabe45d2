// SPDX-License-Identifier: MIT
//
// Every way into the kernel and out of it.
//
//   syscall, foreign number, upcall set -> straight back to user mode at the upcall entry, nothing else touched
//   syscall, call reply_and_receive signal wait -> arch_call ... (fast_calls.cpp) -> arch_exit_to_other or _to_same
//   syscall, otherwise  -> save into current -> kernel_system_call -> exit
//   syscall while a trace is on (kernel/trace) -> save into current -> kernel_system_call -> exit
//   trap from user mode -> save into current -> arch_user_trap     -> exit
//   interrupt while idle -> forget the idle loop -> arch_idle_interrupt -> exit
//   trap in the kernel  -> arch_kernel_trap (returns only for NMI and debug traps; else it is a panic)
//   exit: run this CPU's current thread, by sysret or iret; without one, idle
//
// The kernel stack is empty whenever the CPU is in user mode or idle. In the kernel gs is the CPU's own, except in the few
// instructions around swapgs; traps that can come even there (NMI, #DB, #DF, #MC, each with a stack of its own) find
// their CPU by its GDT instead. The direction flag is clear and interrupts are off in all C++ code.
#include "kernel/arch/x86_64/layout.hpp"

#define NATIVE_CALL 0x10000000  // the first native number
#define NATIVE_REPLY_AND_RECEIVE 0x10000001
#define NATIVE_SIGNAL 0x10000005
#define NATIVE_WAIT 0x10000006
#define NATIVE_END 0x10000008

// CONTEXT_rax and so on: where they are in a context.
#define PLACE(name) .set CONTEXT_##name, place; .set place, place + 8;
    .set place, 0
    CONTEXT_REGISTERS(PLACE)

// Registers into the context in the register `to`, and back from there. Macros, not functions: there is no stack.
.macro SAVE to, registers:vararg
    .irp register, \registers
    mov %\register, CONTEXT_\register(\to)
    .endr
.endm
.macro RESTORE from, registers:vararg
    .irp register, \registers
    mov CONTEXT_\register(\from), %\register
    .endr
.endm
#define ALL_BUT_RDI_RSP rax, rbx, rcx, rdx, rsi, rbp, r8, r9, r10, r11, r12, r13, r14, r15

// Into the kernel by a native `syscall`: r14 = the thread's context, word 1 in rcx, the kernel stack.
.macro ENTER_FAST
    mov %rsp, %r11
    mov %gs:CPU_CURRENT, %rsp
    mov %rcx, CONTEXT_rip(%rsp)
    mov %r11, CONTEXT_rsp(%rsp)
    SAVE %rsp, rbx, rbp, r14, r15
    movb $1, CONTEXT_BY_SYSRET(%rsp)
    mov %r10, %rcx
    mov %rsp, %r14
    mov %gs:CPU_KERNEL_STACK, %rsp
.endm

.macro SAVE_MESSAGE
    SAVE %r14, rdi, rsi, rdx, r8, r9, r12, r13
    mov %rcx, CONTEXT_r10(%r14)
.endm

// The way back: all but rax, gs and the instruction itself.
.macro EXIT_FAST
    mov %rcx, %r10
    mov CONTEXT_rip(%r14), %rcx
    mov $USER_RFLAGS, %r11d
    RESTORE %r14, rsp, rbx, rbp, r15, r14
    CLEAR_BUFFERS
.endm

// The last step to user mode. On CPUs that leak through their buffers, boot code puts the instruction that clears them in
// the place of this one (speculation.cpp).
.macro CLEAR_BUFFERS
77: .byte 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0  // a no-operation of 8 bytes
    .pushsection .rodata.clear_buffers, "a", @progbits
    .quad 77b
    .popsection
.endm

    .section .rodata.clear_buffers, "a", @progbits
    .balign 8
    .globl arch_clear_buffers_places
arch_clear_buffers_places:

    .section .text.entry, "ax", @progbits

// The `syscall` instruction: rcx = user rip, r11 = user rflags, rsp still the user's, interrupts off.
//
// A native call destroys rcx, r11 and the flags (user code finds USER_RFLAGS), so r11 is free at once. rbx, rbp, r14 and r15
// are saved, and the C++ code may use them. The message stays where it is: the frequent calls go first to
// fast_calls.cpp, whose functions take it in these very registers and pass it on to the exit, or to `slowly`.
    .globl arch_system_call_entry
    .balign 64
arch_system_call_entry:
    endbr64
    swapgs
    cmp $NATIVE_CALL, %rax
    jne 1f
    ENTER_FAST
    call arch_call
1:  cmp $NATIVE_REPLY_AND_RECEIVE, %rax
    jne 2f
    ENTER_FAST
    call arch_reply_and_receive
2:  jb foreign
    cmp $NATIVE_SIGNAL, %rax
    jne 3f
    ENTER_FAST
    call arch_signal
3:  cmp $NATIVE_WAIT, %rax
    jne 4f
    ENTER_FAST
    call arch_wait
4:  cmp $NATIVE_END, %rax
    jae foreign
    ENTER_FAST
    jmp slowly

// Not for the fast path after all: with the message in its registers, word 1 in rcx, r14 the thread's context.
    .globl arch_call_slowly, arch_reply_and_receive_slowly, arch_signal_slowly, arch_wait_slowly, arch_operation
arch_signal_slowly:
    mov $NATIVE_SIGNAL, %eax
    jmp slowly
arch_wait_slowly:
    mov $NATIVE_WAIT, %eax
    jmp slowly
arch_reply_and_receive_slowly:
    mov $NATIVE_REPLY_AND_RECEIVE, %eax
    jmp slowly
arch_call_slowly:
    mov $NATIVE_CALL, %eax
slowly:
    mov %rax, CONTEXT_rax(%r14)
    SAVE_MESSAGE
    mov %r14, %rdi
    mov %gs:CPU_KERNEL_STACK, %rsp
    xor %ebp, %ebp
    call kernel_system_call
    jmp exit

// A kernel operation on the capability in r15.
arch_operation:
    SAVE_MESSAGE
    mov %r14, %rdi
    mov %r15, %rsi
    mov %gs:CPU_KERNEL_STACK, %rsp
    xor %ebp, %ebp
    call kernel_operation
    jmp exit

// Back to user mode with a message in its registers as above. r14: the thread, which waited in a system call, or, the second
// way, is the one that came.
    .globl arch_exit_to_other, arch_exit_to_same
arch_exit_to_other:
    mov CONTEXT_gs_base(%r14), %rax
    EXIT_FAST
    swapgs
    wrgsbase %rax
    xor %eax, %eax
    sysretq
arch_exit_to_same:
    EXIT_FAST
    swapgs
    xor %eax, %eax
    sysretq

// A number that is not the kernel's, for the thread's own system-call entry, unless that has asked not to be disturbed.
foreign:
    mov %rsp, %gs:CPU_USER_STACK
    mov %gs:CPU_CURRENT, %rsp
    cmpq $0, CONTEXT_SYSTEM_CALL_ENTRY(%rsp)
    je 1f
    mov CONTEXT_CONTROL(%rsp), %rsp
    cmpq $0, CONTROL_UPCALLS_MASKED(%rsp)
    jne 1f
    mov %rcx, CONTROL_SAVED_RIP(%rsp)
    mov %r11, CONTROL_SAVED_RFLAGS(%rsp)
    movq $1, CONTROL_UPCALLS_MASKED(%rsp)
    mov %gs:CPU_CURRENT, %rsp
    mov CONTEXT_SYSTEM_CALL_ENTRY(%rsp), %rcx
    mov $USER_RFLAGS, %r11d
    mov %gs:CPU_USER_STACK, %rsp
    CLEAR_BUFFERS
    swapgs
    sysretq

// `syscall` while a trace is on: every number the same way. (1: a foreign number, for the thread's fault handler, which may look
// at all registers and change them.)
    .globl arch_traced_system_call_entry
    .balign 16
arch_traced_system_call_entry:
    endbr64
    swapgs
    mov %rsp, %gs:CPU_USER_STACK
1:  mov %gs:CPU_CURRENT, %rsp
    SAVE %rsp, ALL_BUT_RDI_RSP, rdi
    mov %rcx, CONTEXT_rip(%rsp)
    mov %r11, CONTEXT_rflags(%rsp)
    mov %gs:CPU_USER_STACK, %rcx
    mov %rcx, CONTEXT_rsp(%rsp)
    movb $0, CONTEXT_BY_SYSRET(%rsp)
    mov %rsp, %rdi
    mov %gs:CPU_KERNEL_STACK, %rsp
    xor %ebp, %ebp
    call kernel_system_call
    jmp exit

// For code that will not return the way it came. Interrupts are off.
    .globl arch_exit_kernel
arch_exit_kernel:
    mov %gs:CPU_KERNEL_STACK, %rsp
exit:
#if CLUU_DEBUG
    call kernel_check_left
#endif
    mov %gs:CPU_CURRENT, %rdi
    test %rdi, %rdi
    jz idle
    cmpb $0, CONTEXT_BY_SYSRET(%rdi)
    je exit_by_iret
    // This address is one after a `syscall` instruction, so in the lower half: sysret to one in the upper would fault in the
    // kernel on the user's stack.
    mov CONTEXT_rip(%rdi), %rcx
    mov $USER_RFLAGS, %r11d
    RESTORE %rdi, rax, rbx, rdx, rsi, rbp, rsp, r8, r9, r10, r12, r13, r14, r15, rdi
    CLEAR_BUFFERS
    swapgs
    sysretq

exit_by_iret:
    pushq $SELECTOR_USER_DATA
    pushq CONTEXT_rsp(%rdi)
    pushq CONTEXT_rflags(%rdi)
    pushq $SELECTOR_USER_CODE
    pushq CONTEXT_rip(%rdi)
    RESTORE %rdi, ALL_BUT_RDI_RSP, rdi
    CLEAR_BUFFERS
    swapgs
    iretq

// Nothing to run. An interrupt does not return here but leaves through `exit` again (only an NMI returns).
idle:
    mov %gs:CPU_KERNEL_STACK, %rsp
    xor %ebp, %ebp
    sti
    hlt
    cli
    jmp idle

// u64 arch_nap(): see traps.hpp. `sti` takes effect after the `hlt` has begun.
    .globl arch_nap
arch_nap:
    endbr64
    xor %eax, %eax
    sti
    hlt
nap_end:
    cli
    ret

nap_interrupt:
    pop %rax  // vector
    add $8, %rsp
    andl $~(1 << 9), 16(%rsp)  // IF
    iretq

// A trap: the CPU has pushed ss rsp rflags cs rip and perhaps an error code; the stub below made sure of the error code
// and pushed the vector.
trap:
    testb $3, 24(%rsp)
    jz kernel_trap
    swapgs
    lfence  // no speculation past this with the user's gs
    push %rdi
    mov %gs:CPU_CURRENT, %rdi
    SAVE %rdi, ALL_BUT_RDI_RSP
    pop CONTEXT_rdi(%rdi)
    pop %rsi  // vector
    pop %rdx  // error code
    pop CONTEXT_rip(%rdi)
    add $8, %rsp
    pop CONTEXT_rflags(%rdi)
    pop CONTEXT_rsp(%rdi)
    movb $0, CONTEXT_BY_SYSRET(%rdi)
    mov %gs:CPU_KERNEL_STACK, %rsp
    xor %ebp, %ebp
    // The user's flags still hold: AC would let the kernel touch user pages, DF would run string instructions backwards.
    pushq $2
    popfq
    call arch_user_trap
    jmp exit

kernel_trap:
    cmpq $32, (%rsp)
    jb kernel_exception
    // Interrupts are on in the kernel only in a nap and while it idles, on an empty stack with nothing to come back to.
    cmpq $nap_end, 16(%rsp)
    je nap_interrupt
    mov (%rsp), %rdi
    mov %gs:CPU_KERNEL_STACK, %rsp
    xor %ebp, %ebp
    cld
    call arch_idle_interrupt
    jmp exit

kernel_exception:
    .irp register, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    push %\register
    .endr
    cld
    mov %rsp, %rdi
    mov %rsp, %rbp
    sub $16, %rsp
    and $-16, %rsp
    // Whatever gs is here: this CPU's GDT lies inside its Cpu.
    rdgsbase %rbx
    sgdt (%rsp)
    mov 2(%rsp), %rax
    sub $CPU_GDT, %rax
    wrgsbase %rax
    mov %rbp, %r12
    call arch_kernel_trap
    wrgsbase %rbx
    mov %r12, %rsp
    .irp register, r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax
    pop %\register
    .endr
    add $16, %rsp
    iretq

// 256 stubs of 16 bytes. Vectors 8, 10 to 14, 17, 21, 29 and 30 bring an error code.
    .globl arch_trap_stubs
    .balign 16
arch_trap_stubs:
    .set vector, 0
    .rept 256
    .balign 16
    endbr64
    .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
    pushq $0
    .endif
    pushq $vector
    jmp trap
    .set vector, vector + 1
    .endr

    .section .rodata.clear_buffers, "a", @progbits
    .globl arch_clear_buffers_places_end
arch_clear_buffers_places_end:

    .section .rodata.entry, "a", @progbits
    .globl arch_clear_buffers_begin, arch_clear_buffers_end
    .balign 8
arch_clear_buffers_begin:
    verw clear_buffers_selector
arch_clear_buffers_end:
    .if arch_clear_buffers_end - arch_clear_buffers_begin != 8
    .error "the two instructions differ in length"
    .endif
clear_buffers_selector:
    .word SELECTOR_KERNEL_DATA

    .section .note.GNU-stack, "", @progbits
