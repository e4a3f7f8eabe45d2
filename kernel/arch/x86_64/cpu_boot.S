// SPDX-License-Identifier: MIT
//
// The first instructions of every CPU but the boot CPU. It comes here in 16-bit real mode, at the start of a page below 1 MiB
// into which cpus.cpp has copied this, and goes straight to 64-bit mode on page tables that show that page at its own
// address and the kernel where it is. Everything is addressed relative to the page. The last words are filled in for each
// CPU; the stack is taken by an exchange, so that a CPU that comes late, or twice, finds none and stops.
#include "kernel/arch/x86_64/layout.hpp"

#define CR4_PAE 0x20
#define CR0_PAGING 0x80010001  // PG, WP, PE
#define MSR_EFER 0xc0000080
#define EFER_LONG_MODE_NX 0x900

    .section .rodata.cpu_boot, "a", @progbits
    .globl arch_cpu_boot_begin, arch_cpu_boot_words, arch_cpu_boot_end
    .balign 16
    .code16
arch_cpu_boot_begin:
    cli
    cld
    mov %cs, %ax
    mov %ax, %ds
    mov $CR4_PAE, %eax
    mov %eax, %cr4
    mov boot_root - arch_cpu_boot_begin, %eax
    mov %eax, %cr3
    mov $MSR_EFER, %ecx
    rdmsr
    or $EFER_LONG_MODE_NX, %eax
    wrmsr
    lgdtl gdt_pointer - arch_cpu_boot_begin
    mov $CR0_PAGING, %eax
    mov %eax, %cr0
    ljmpl *(far_pointer - arch_cpu_boot_begin)

    .code64
long_mode:
    mov $SELECTOR_KERNEL_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    xor %eax, %eax
    mov %eax, %fs
    mov %eax, %gs
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
