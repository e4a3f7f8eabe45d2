// SPDX-License-Identifier: MIT
//
// The memory functions that the compiler calls. Bulk goes by quadwords: `rep` costs one step per quadword on machines
// (and in emulators) without fast string operations, and no less than that on the others.

    .section .text.memory, "ax", @progbits

    .globl memcpy
    .balign 16
memcpy:
    mov %rdi, %rax
    mov %rdx, %rcx
    shr $3, %rcx
    rep movsq
    mov %edx, %ecx
    and $7, %ecx
    rep movsb
    ret

// Overlap with the destination above the source: from the end down.
    .globl memmove
    .balign 16
memmove:
    mov %rdi, %rcx
    sub %rsi, %rcx
    cmp %rdx, %rcx  // unsigned: below the source is far away
    jae memcpy
    mov %rdi, %rax
    mov %rdx, %rcx
    lea -1(%rdi, %rdx), %rdi
    lea -1(%rsi, %rdx), %rsi
    std
    rep movsb
    cld
    ret

    .globl memset
    .balign 16
memset:
    mov %rdi, %r8
    movzbl %sil, %eax
    movabs $0x0101010101010101, %rcx
    imul %rcx, %rax
    mov %rdx, %rcx
    shr $3, %rcx
    rep stosq
    mov %edx, %ecx
    and $7, %ecx
    rep stosb
    mov %r8, %rax
    ret

    .globl memcmp
    .balign 16
memcmp:
    xor %ecx, %ecx
1:  cmp %rcx, %rdx
    je 2f
    movzbl (%rdi, %rcx), %eax
    movzbl (%rsi, %rcx), %r8d
    inc %rcx
    sub %r8d, %eax
    je 1b
    ret
2:  xor %eax, %eax
    ret

    .globl memchr
    .balign 16
memchr:
    xor %ecx, %ecx
1:  cmp %rcx, %rdx
    je 2f
    cmp %sil, (%rdi, %rcx)
    lea 1(%rcx), %rcx
    jne 1b
    lea -1(%rdi, %rcx), %rax
    ret
2:  xor %eax, %eax
    ret

    .globl strlen
    .balign 16
strlen:
    xor %eax, %eax
1:  cmpb $0, (%rdi, %rax)
    lea 1(%rax), %rax
    jne 1b
    dec %rax
    ret

    .section .note.GNU-stack, "", @progbits
