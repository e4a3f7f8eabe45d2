// SPDX-License-Identifier: MIT
// Whole pages, cleared and copied.
//
// There are two ways: string instructions, which modern processors do by whole cache lines, and 32 bytes at a time through a
// vector register, which suits processors (and emulators) that take a step for each quadword of a string. Which of them is
// the faster here is tried out at boot. The vector way leaves no trace: the register gets back what it held, and the upper
// halves, if they were in their initial state, return to it.
#pragma once

namespace arch {

void zero_page(void* page);
void copy_page(void* to, const void* from);

// Tries both ways on a page that nobody uses. Until then pages are cleared and copied by string instructions.
void choose_page_functions(void* page);

}  // namespace arch
