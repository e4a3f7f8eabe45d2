// SPDX-License-Identifier: MIT
//
// What the two ways into 64-bit mode have in common (boot.S and cpu_boot.S include this).
#include "kernel/arch/x86_64/layout.hpp"

#define CR0_PAGING 0x80010001  // PG, WP, PE
#define EFER_LONG_MODE 0x100
#define EFER_NO_EXECUTE 0x800

// Before paging: with the physical address of the root table in eax. Long mode begins when paging is turned on.
.macro PREPARE_LONG_MODE efer
    mov %eax, %cr3
    mov $0x20, %eax  // PAE
    mov %eax, %cr4
    mov $0xc0000080, %ecx  // EFER
    rdmsr
    or $(\efer), %eax
    wrmsr
.endm

// In 64-bit mode.
.macro LOAD_DATA_SEGMENTS
    mov $SELECTOR_KERNEL_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    xor %eax, %eax
    mov %eax, %fs
    mov %eax, %gs
.endm
