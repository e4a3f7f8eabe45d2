// SPDX-License-Identifier: MIT
//
// The first instructions. A loader comes here in 32-bit protected mode, flat segments, paging and interrupts off:
//
//   PVH (QEMU -kernel, micro-VMs): ebx = hvm_start_info, entry named by an ELF note
//   multiboot2 (GRUB):             ebx = its information, eax = its magic number
//
// What runs here is linked in the upper half but not there yet: every address is written LOW(x). Page tables that show
// the first 4 GiB at 0, in the kernel window and (its first 2 GiB) at the image's address take us to long mode and to
// boot_main, which builds the real ones.
#include "kernel/arch/x86_64/long_mode.S"

#define LOW(symbol) (symbol - IMAGE_BEGIN)
#define MULTIBOOT_MAGIC 0xe85250d6

#define PAGE_TABLE 0x3      // present, writable
#define PAGE_LARGE 0x83     // present, writable, 2 MiB

#define COM1 0x3f8

// The multiboot2 header: what we are, and tags for what we would like (multiboot2 specification, 3.1).
    .section .multiboot, "a", @progbits
    .balign 8
multiboot_header:
    .long MULTIBOOT_MAGIC, 0, multiboot_header_end - multiboot_header
    .long 0x100000000 - (MULTIBOOT_MAGIC + (multiboot_header_end - multiboot_header))
    .balign 8
    .word 1, 0  // information: command line, modules, memory map; GRUB adds ACPI and framebuffer where there are
    .long 2f - 1f + 8
1:  .long 1, 3, 6
2:  .balign 8
    .word 3, 0  // our entry
    .long 12, LOW(boot_entry_multiboot)
    .balign 8
    .word 5, 1  // a framebuffer, if there can be one
    .long 20, 1024, 768, 32
    .balign 8
    .word 6, 0  // modules on page boundaries
    .long 8
    .balign 8
    .word 0, 0
    .long 8
multiboot_header_end:

// XEN_ELFNOTE_PHYS32_ENTRY.
    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 4, 18
    .asciz "Xen"
    .long LOW(boot_entry_pvh)

    .section .text.boot, "ax", @progbits
    .code32
    .globl boot_entry_multiboot
boot_entry_multiboot:
    mov %eax, %esi
    jmp 1f
    .globl boot_entry_pvh
boot_entry_pvh:
    xor %esi, %esi
1:  cli
    cld
    rdtsc
    mov %eax, LOW(boot_entry_tsc)
    mov %edx, LOW(boot_entry_tsc + 4)
    mov $LOW(boot_stack_top), %esp

    // Is there a long mode?
    mov $0x80000000, %eax
    push %ebx
    cpuid
    cmp $0x80000001, %eax
    jb no_long_mode
    mov $0x80000001, %eax
    cpuid
    pop %ebx
    bt $29, %edx
    jnc no_long_mode

    mov $LOW(boot_root), %eax
    PREPARE_LONG_MODE EFER_LONG_MODE
    mov $CR0_PAGING, %eax
    mov %eax, %cr0
    lgdt LOW(boot_gdt_pointer)
    ljmp $SELECTOR_KERNEL_CODE, $LOW(boot_long_mode)

no_long_mode:
    mov $LOW(no_long_mode_text), %esi
    mov $(no_long_mode_text_end - no_long_mode_text), %ecx
    mov $COM1, %edx
    rep outsb
1:  hlt
    jmp 1b

    .code64
boot_long_mode:
    LOAD_DATA_SEGMENTS
    movabs $boot_stack_top, %rsp
    xor %ebp, %ebp
    mov %esi, %edi
    mov %ebx, %esi
    movabs $boot_main, %rax
    call *%rax
    ud2

    .section .rodata.boot, "a", @progbits
    .balign 8
boot_gdt:
    .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
boot_gdt_pointer:
    .word boot_gdt_pointer - boot_gdt - 1
    .long LOW(boot_gdt)
no_long_mode_text:
    .ascii "CLUU: this CPU has no 64-bit mode, which CLUU needs.\r\n"
no_long_mode_text_end:

    .bss
    .globl boot_entry_tsc
    .balign 8
boot_entry_tsc:
    .skip 8

// The boot CPU's stacks, each above a page that the final page tables leave out.
    .section .stacks, "aw", @nobits
    .balign 4096
    .globl boot_stack_guard
boot_stack_guard:
    .skip 4096
    .skip KERNEL_STACK_SIZE
    .globl boot_stack_top
boot_stack_top:

// The first page tables. One table of pointers serves all three places: entries 0 to 3 identity and window, 510 and 511 the image.
    .section .boot_tables, "aw", @progbits
    .balign 4096
boot_root:
    .quad LOW(boot_pointers) + PAGE_TABLE
    .fill 255, 8, 0
    .quad LOW(boot_pointers) + PAGE_TABLE
    .fill 254, 8, 0
    .quad LOW(boot_pointers) + PAGE_TABLE
boot_pointers:
    .irp table, 0, 1, 2, 3
    .quad LOW(boot_directories) + \table * 4096 + PAGE_TABLE
    .endr
    .fill 506, 8, 0
    .quad LOW(boot_directories) + PAGE_TABLE, LOW(boot_directories) + 4096 + PAGE_TABLE
// Four tables of 512 pages of 2 MiB, in a row.
boot_directories:
    .set address, 0
    .rept 2048
    .quad address + PAGE_LARGE
    .set address, address + 0x200000
    .endr

    .section .note.GNU-stack, "", @progbits
