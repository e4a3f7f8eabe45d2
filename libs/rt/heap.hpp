// SPDX-License-Identifier: MIT
// The program's heap, behind `operator new` and malloc. It has no locks: only the program's first
// thread may use it.
#pragma once

#include <cstddef>

extern "C" {
void* malloc(std::size_t bytes);
void* calloc(std::size_t count, std::size_t bytes);
void* realloc(void* object, std::size_t bytes);
void* aligned_alloc(std::size_t alignment, std::size_t bytes);
void free(void* object);
}
