// SPDX-License-Identifier: MIT
//
// The shared object made of clock.cpp, as a part of the library's text: programs can read and execute it there, and learn
// where it is from AT_SYSINFO_EHDR. Although it lies inside the library, it is the program's code: see linux_exception.
    .section .text.vdso, "ax", @progbits
    .balign 4096
    .globl linux_vdso, linux_vdso_end
    .hidden linux_vdso, linux_vdso_end
    .type linux_vdso, @object
linux_vdso:
    .incbin VDSO_FILE
    .balign 16
linux_vdso_end:
    .size linux_vdso, . - linux_vdso

    .section .note.GNU-stack, "", @progbits
