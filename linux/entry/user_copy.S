// SPDX-License-Identifier: MIT
//
// The only instructions of the library that touch addresses chosen by the program. None of these functions uses the stack
// or a preserved register, so that a fault at any of their instructions can be answered by returning -1 (linux_user_recover).
// Addresses are checked by the caller (user_memory.cpp).

    .section .text.user, "ax", @progbits
    .globl linux_user_begin, linux_user_end, linux_user_recover
    .hidden linux_user_begin, linux_user_end, linux_user_recover
linux_user_begin:

// std::int64_t linux_user_copy(void* to, const void* from, std::size_t bytes): 0 or -1
    .globl linux_user_copy
    .hidden linux_user_copy
linux_user_copy:
    movq %rdx, %rcx
    shrq $3, %rcx
    rep movsq
    movl %edx, %ecx
    andl $7, %ecx
    rep movsb
    xorl %eax, %eax
    ret

// std::int64_t linux_user_clear(void* to, std::size_t bytes): 0 or -1
    .globl linux_user_clear
    .hidden linux_user_clear
linux_user_clear:
    xorl %eax, %eax
    movq %rsi, %rcx
    shrq $3, %rcx
    rep stosq
    movl %esi, %ecx
    andl $7, %ecx
    rep stosb
    ret

// std::int64_t linux_user_string(char* to, const char* from, std::size_t most): copies up to and with the zero;
// the length without it, or `most` if there was none among the first `most` bytes, or -1. What is beyond the zero in the
// next eight bytes of `to` is lost
    .globl linux_user_string
    .hidden linux_user_string
linux_user_string:
    xorl %eax, %eax
    movabsq $0x0101010101010101, %r8
    movabsq $0x8080808080808080, %r9
    // Eight bytes at once, as long as these are in one page and there is room.
1:  leaq (%rsi,%rax), %rcx
    andl $0xfff, %ecx
    cmpl $0xff8, %ecx
    ja 3f
    leaq 8(%rax), %r10
    cmpq %rdx, %r10
    ja 3f
    movq (%rsi,%rax), %rcx
    movq %rcx, (%rdi,%rax)
    movq %rcx, %r11
    subq %r8, %rcx
    notq %r11
    andq %r9, %r11
    andq %r11, %rcx  // the lowest bit here is the top one of the first zero byte
    jnz 2f
    movq %r10, %rax
    jmp 1b
2:  bsfq %rcx, %rcx
    shrl $3, %ecx
    addq %rcx, %rax
    ret
3:  cmpq %rdx, %rax
    jae 4f
    movzbl (%rsi,%rax), %ecx
    movb %cl, (%rdi,%rax)
    testl %ecx, %ecx
    jz 4f
    incq %rax
    jmp 1b
4:  ret

// std::int64_t linux_user_load(const std::uint32_t* from): the value or -1
    .globl linux_user_load
    .hidden linux_user_load
linux_user_load:
    movl (%rdi), %eax
    ret

// std::uint64_t linux_user_load_long(const std::uint64_t* from): the value or -1
    .globl linux_user_load_long
    .hidden linux_user_load_long
linux_user_load_long:
    movq (%rdi), %rax
    ret

// std::int64_t linux_user_exchange(std::uint32_t* at, std::uint32_t expected, std::uint32_t desired): what it held, or -1
    .globl linux_user_exchange
    .hidden linux_user_exchange
linux_user_exchange:
    movl %esi, %eax
    lock cmpxchgl %edx, (%rdi)
    movl %eax, %eax
    ret

// std::int64_t linux_user_save_fpu(void* to, std::uint64_t features): XSAVE, or with no features FXSAVE; 0 or -1
    .globl linux_user_save_fpu
    .hidden linux_user_save_fpu
linux_user_save_fpu:
    movq %rsi, %rax
    movq %rsi, %rdx
    shrq $32, %rdx
    testq %rsi, %rsi
    jz 1f
    xsave64 (%rdi)
    xorl %eax, %eax
    ret
1:  fxsave64 (%rdi)
    ret

// std::int64_t linux_user_load_fpu(const void* from, std::uint64_t features): 0, or -1 also for contents that the CPU
// refuses
    .globl linux_user_load_fpu
    .hidden linux_user_load_fpu
linux_user_load_fpu:
    movq %rsi, %rax
    movq %rsi, %rdx
    shrq $32, %rdx
    testq %rsi, %rsi
    jz 1f
    xrstor64 (%rdi)
    xorl %eax, %eax
    ret
1:  fxrstor64 (%rdi)
    ret

linux_user_end:

linux_user_recover:
    movq $-1, %rax
    ret

    .section .note.GNU-stack, "", @progbits
