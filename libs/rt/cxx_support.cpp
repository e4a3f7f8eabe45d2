// SPDX-License-Identifier: MIT
//
// What the compiler and libc++'s headers call by name and nobody else defines here.

#include <cstdlib>
#include <new>
#include <string>

#include "libs/rt/log.hpp"

// std::string's members are declared "extern template" by the library.
template class std::basic_string<char>;
template std::string std::operator+
    <char, std::char_traits<char>, std::allocator<char>>(const char*, const std::string&);

const std::nothrow_t std::nothrow{};

extern "C" {

// A failed check of the library: an index out of range, an empty optional.
[[noreturn]] void cluu_std_abort(const char* message) noexcept { rt::panic(message); }

[[noreturn]] void abort() { rt::panic("abort"); }

[[noreturn]] void __cxa_pure_virtual() { rt::panic("a pure virtual function was called"); }

}  // extern "C"
