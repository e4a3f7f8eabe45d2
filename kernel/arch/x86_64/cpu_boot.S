// SPDX-License-Identifier: MIT
//
// The first instructions of every CPU but the boot CPU. It comes here in 16-bit real mode, at the start of a page below 1 MiB
// into which cpus.cpp has copied this, and goes straight to 64-bit mode on page tables that show that page at its own
// address and the kernel where it is. Everything is addressed relative to the page. The last words are filled in for each
// CPU; the stack is taken by an exchange, so that a CPU that comes late, or twice, finds none and stops.
#include "kernel/arch/x86_64/long_mode.S"

    .section .rodata.cpu_boot, "a", @progbits
    .globl arch_cpu_boot_begin, arch_cpu_boot_words, arch_cpu_boot_end
    .balign 16
    .code16
arch_cpu_boot_begin:
    cli
    cld
    mov %cs, %ax
    mov %ax, %ds
    mov boot_root - arch_cpu_boot_begin, %eax
    PREPARE_LONG_MODE (EFER_LONG_MODE | EFER_NO_EXECUTE)
    lgdtl gdt_pointer - arch_cpu_boot_begin
    mov $CR0_PAGING, %eax
    mov %eax, %cr0
    ljmpl *(far_pointer - arch_cpu_boot_begin)

    .code64
long_mode:
    LOAD_DATA_SEGMENTS
    xchg %rax, stack(%rip)
    test %rax, %rax
    jz 1f
    mov %rax, %rsp
    mov cpu(%rip), %rdi
    mov entry(%rip), %rax
    xor %ebp, %ebp
    call *%rax
1:  hlt
    jmp 1b

    .balign 8
gdt:
    .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff

// CpuBootWords in cpus.cpp.
    .balign 8
arch_cpu_boot_words:
stack:
    .quad 0
cpu:
    .quad 0
entry:
    .quad 0
boot_root:
    .quad 0
far_pointer:
    .long long_mode - arch_cpu_boot_begin
    .word SELECTOR_KERNEL_CODE, 0
gdt_pointer:
    .word 23  // three entries
    .long gdt - arch_cpu_boot_begin
arch_cpu_boot_end:

    .section .note.GNU-stack, "", @progbits
