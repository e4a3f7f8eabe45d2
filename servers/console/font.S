// SPDX-License-Identifier: MIT
// The font file, as it is (cmake/CluuFont.cmake).
    .section .rodata
    .globl console_font_begin, console_font_end
    .balign 16
console_font_begin:
    .incbin "console.psf"
console_font_end:
    .section .note.GNU-stack, "", @progbits
