# SPDX-License-Identifier: MIT
#
# Code that holds known values in all vector registers. What it works on (vector_test.cpp) lies at rdi:
    .set first, 0        # 16 registers as the thread found them
    .set in, 512
    .set out, 1024
    .set pages, 1536     # to be written to, one byte each
    .set pages_end, 1544
    .set in_use, 1552    # what XGETBV says is in use before the pages are touched, and after that
    .set in_use_after, 1560
    .set holds, 1568     # 1: the registers hold `in`, and all pages have been touched
    .set go, 1576        # 1: goes on to look at them
    .set done, 1584

.macro ALL_VECTORS instruction, base, to_memory
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    .if \to_memory
    \instruction %ymm\n, \base + \n * 32(%rdi)
    .else
    \instruction \base + \n * 32(%rdi), %ymm\n
    .endif
    .endr
.endm

.macro IN_USE to
    mov $1, %ecx
    xgetbv
    mov %eax, \to(%rdi)
.endm

    .text

# A thread that starts here needs no stack.
    .global hold_by_vectors
hold_by_vectors:
    ALL_VECTORS vmovdqu, first, 1
    ALL_VECTORS vmovdqu, in, 0
    cmpq $0, in(%rdi)
    jne 1f
    vzeroupper
1:  IN_USE in_use
    mov pages(%rdi), %rbx
2:  movb $0x5e, (%rbx)
    add $4096, %rbx
    cmp pages_end(%rdi), %rbx
    jb 2b
    IN_USE in_use_after
    movq $1, holds(%rdi)
3:  cmpq $0, go(%rdi)
    je 3b
    ALL_VECTORS vmovdqu, out, 1
    movq $1, done(%rdi)
    jmp .

    .section .note.GNU-stack, "", @progbits
