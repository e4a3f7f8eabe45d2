# SPDX-License-Identifier: MIT
#
# Code that holds known values in every register when it enters the kernel, or is interrupted, and tells what is there
# afterwards. A set (registers.hpp) lies in memory as:
    .set set_rax, 0
    .set set_rbx, 8
    .set set_rcx, 16
    .set set_rdx, 24
    .set set_rsi, 32
    .set set_rdi, 40
    .set set_rbp, 48
    .set set_r8, 56
    .set set_r9, 64
    .set set_r10, 72
    .set set_r11, 80
    .set set_r12, 88
    .set set_r13, 96
    .set set_r14, 104
    .set set_r15, 112
    .set set_rflags, 120
    .set set_fs, 128

# All but rsp and gs from the set at rdi.
.macro LOAD
    mov set_fs(%rdi), %rax
    wrfsbase %rax
    pushq set_rflags(%rdi)
    mov set_rax(%rdi), %rax
    mov set_rbx(%rdi), %rbx
    mov set_rcx(%rdi), %rcx
    mov set_rdx(%rdi), %rdx
    mov set_rsi(%rdi), %rsi
    mov set_rbp(%rdi), %rbp
    mov set_r8(%rdi), %r8
    mov set_r9(%rdi), %r9
    mov set_r10(%rdi), %r10
    mov set_r11(%rdi), %r11
    mov set_r12(%rdi), %r12
    mov set_r13(%rdi), %r13
    mov set_r14(%rdi), %r14
    mov set_r15(%rdi), %r15
    mov set_rdi(%rdi), %rdi
    popfq
.endm

# Into the set whose address the stack's top holds.
.macro STORE
    pushfq
    push %rdi
    mov 16(%rsp), %rdi
    mov %rax, set_rax(%rdi)
    mov %rbx, set_rbx(%rdi)
    mov %rcx, set_rcx(%rdi)
    mov %rdx, set_rdx(%rdi)
    mov %rsi, set_rsi(%rdi)
    mov %rbp, set_rbp(%rdi)
    mov %r8, set_r8(%rdi)
    mov %r9, set_r9(%rdi)
    mov %r10, set_r10(%rdi)
    mov %r11, set_r11(%rdi)
    mov %r12, set_r12(%rdi)
    mov %r13, set_r13(%rdi)
    mov %r14, set_r14(%rdi)
    mov %r15, set_r15(%rdi)
    pop %rax
    mov %rax, set_rdi(%rdi)
    pop %rax
    mov %rax, set_rflags(%rdi)
    rdfsbase %rax
    mov %rax, set_fs(%rdi)
.endm

.macro BEGIN
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    push %rsi
.endm

.macro END
    pop %rsi
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    cld
    ret
.endm

    .text

# void enter_with(const Set* in, Set* out): a system call.
    .global enter_with
enter_with:
    BEGIN
    LOAD
    syscall
    STORE
    END

# void spin_with(const Set* in, Set* out): says that it spins, and does so until it is told to stop.
    .global spin_with
spin_with:
    BEGIN
    LOAD
    movl $1, spins(%rip)
1:  cmpl $0, spin_no_more(%rip)
    je 1b
    STORE
    END

# void touch_with(const Set* in, Set* out): a fault, at the address in rax.
    .global touch_with
touch_with:
    BEGIN
    LOAD
    mov (%rax), %rax
    STORE
    END

# What a thread finds in its registers at its very first instruction. Its stack holds the address of the set.
    .global first_instruction
first_instruction:
    STORE
    movl $1, spins(%rip)
1:  jmp 1b

    .bss
    .global spins, spin_no_more
    .balign 4
spins:
    .long 0
spin_no_more:
    .long 0

    .section .note.GNU-stack, "", @progbits
