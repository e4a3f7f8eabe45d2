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

// Pages, 32 bytes at a time (pages.cpp). The register that is used gets back what it held. If all upper halves were in their
// initial state before, they are again: else later code that knows only the lower halves would pay for them.
.macro BORROW_VECTOR
    mov $1, %ecx
    xgetbv  // what is in use: bit 2 the upper halves
    sub $40, %rsp
    vmovdqu %ymm0, (%rsp)
.endm

.macro RETURN_VECTOR
    vmovdqu (%rsp), %ymm0
    add $40, %rsp
    test $4, %al
    jnz 2f
    vzeroupper
2:  ret
.endm

// void arch_zero_page_by_vectors(void* page)
    .globl arch_zero_page_by_vectors
    .balign 16
arch_zero_page_by_vectors:
    BORROW_VECTOR
    vpxor %xmm0, %xmm0, %xmm0
    lea 4096(%rdi), %rcx
1:  .set at, 0
    .rept 32
    vmovdqa %ymm0, at(%rdi)
    .set at, at + 32
    .endr
    add $1024, %rdi
    cmp %rcx, %rdi
    jne 1b
    RETURN_VECTOR

// void arch_copy_page_by_vectors(void* to, const void* from)
    .globl arch_copy_page_by_vectors
    .balign 16
arch_copy_page_by_vectors:
    BORROW_VECTOR
    lea 4096(%rdi), %rcx
1:  .set at, 0
    .rept 32
    vmovdqa at(%rsi), %ymm0
    vmovdqa %ymm0, at(%rdi)
    .set at, at + 32
    .endr
    add $1024, %rsi
    add $1024, %rdi
    cmp %rcx, %rdi
    jne 1b
    RETURN_VECTOR

    .section .note.GNU-stack, "", @progbits
