// SPDX-License-Identifier: MIT
// The C++ library brings its demangler, 107 KiB of each program, to print the type of an exception that nobody catches. With this
// in its place it prints the mangled name (Itanium C++ ABI, 3.4.1: a status of -2 says that a name could not be demangled).
#include <cstddef>

// NOLINTBEGIN(readability-identifier-naming): the name is the ABI's
extern "C" char* __cxa_demangle(const char* name, char* buffer, std::size_t* length, int* status);

extern "C" char* __cxa_demangle(const char* /*name*/, char* /*buffer*/, std::size_t* /*length*/,
                                int* status) {
    constexpr int not_a_name = -2;
    if (status != nullptr) {
        *status = not_a_name;
    }
    return nullptr;
}
// NOLINTEND(readability-identifier-naming)
