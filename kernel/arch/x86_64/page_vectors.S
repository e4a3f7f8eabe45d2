// SPDX-License-Identifier: MIT
//
// Pages, 32 bytes at a time (pages.cpp). The register that is used gets back what it held. If all upper halves were in their
// initial state before, they are again: else later code that knows only the lower halves would pay for them.
    .section .text.memory, "ax", @progbits

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
