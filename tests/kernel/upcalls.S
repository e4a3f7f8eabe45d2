# SPDX-License-Identifier: MIT
#
# Upcall entries of the tests, and the code that they interrupt. Each entry counts in the control page's free area, undoes
# the mask, and goes on where the thread was. Offsets: abi/kernel/message.hpp, and run_time_area_offset of libs/ipc.

    .set control_masked, 16
    .set control_saved_rip, 32
    .set saved_rsp, 128 + 7 * 8
    .set saved_rip, 128 + 16 * 8
    .set count_system_calls, 352
    .set count_exceptions, 360
    .set count_interrupts, 368

    .text

# A foreign system call returns its number plus 1000. rcx and r11 are free, as after any system call.
    .global enter_system_call
enter_system_call:
    incq %gs:count_system_calls
    add $1000, %rax
    andq $~1, %gs:control_masked
    jmp *%gs:control_saved_rip

# An invalid instruction (of two bytes) is passed over. The code around it gives rcx away.
    .global enter_exception
enter_exception:
    incq %gs:count_exceptions
    mov %gs:saved_rsp, %rsp
    mov %gs:saved_rip, %rcx
    add $2, %rcx
    andq $~3, %gs:control_masked
    jmp *%rcx

# An interrupt goes on at the instruction at which it came; spin_until gives rcx away.
    .global enter_interrupt
enter_interrupt:
    incq %gs:count_interrupts
    mov %gs:saved_rsp, %rsp
    mov %gs:saved_rip, %rcx
    andq $~1, %gs:control_masked
    jmp *%rcx

# Loops until *rdi is not 0; returns how many interrupt upcalls came.
    .global spin_until
spin_until:
    cmpl $0, (%rdi)
    je spin_until
    mov %gs:count_interrupts, %rax
    ret

# Keeps the word at 8(%rdi) in MXCSR and counts at *rdi, for ever; counts no further when MXCSR is another. Needs no stack.
    .global keep_mxcsr
keep_mxcsr:
    ldmxcsr 8(%rdi)
1:  stmxcsr 12(%rdi)
    mov 12(%rdi), %eax
    cmp %eax, 8(%rdi)
    jne .
    incq (%rdi)
    jmp 1b

    .section .note.GNU-stack, "", @progbits
