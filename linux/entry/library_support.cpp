// SPDX-License-Identifier: MIT
// What libc++'s headers leave to a compiled library.
#include <new>
#include <string>

#include "linux/entry/report.hpp"

template class std::basic_string<char>;

namespace std {
const nothrow_t nothrow{};
}

// NOLINTNEXTLINE(readability-identifier-naming): the name is the ABI's
extern "C" [[noreturn]] void __cxa_pure_virtual() {
    linux::die({"a pure virtual function was called"});
}
