# SPDX-License-Identifier: MIT
#
# The first instructions of a native program, and of a further thread. rdi: StartInfo (0: this is init), or the thread's
# closure. The stack pointer is at a page boundary; a zero return address and frame pointer end backtraces here.
    .text
    .global _start
    .type _start, @function
_start:
    xor %ebp, %ebp
    push %rbp
    push %rbp
    call rt_start
    ud2
    .size _start, . - _start

    .global rt_thread_start
    .hidden rt_thread_start
    .type rt_thread_start, @function
rt_thread_start:
    xor %ebp, %ebp
    push %rbp
    push %rbp
    call rt_thread_main
    ud2
    .size rt_thread_start, . - rt_thread_start

    .section .note.GNU-stack, "", @progbits
