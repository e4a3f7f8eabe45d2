// SPDX-License-Identifier: MIT
// From CPU exceptions to signals.
#pragma once

#include <cstdint>

namespace linux {

struct CpuException {
    std::uint64_t vector;
    std::uint64_t error;
    std::uint64_t address;  // page faults
};

namespace signals {

// A signal that the program's own instruction causes. It cannot be blocked or ignored: then it ends
// the process.
struct Fault {
    std::uint32_t signal = 0;
    std::int32_t code = 0;
    std::uint64_t address = 0;
    std::uint64_t vector = 0, error = 0, page_fault_address = 0;  // for the frame
    bool address_is_rip = false;
    bool out_of_memory = false;  // no handler could do anything about it
};

// A write or a fetch in memory that is writable and executable: the page is what was wanted now (ProgramSpace::turn_page).
bool turns_page(const CpuException& exception, std::uint64_t rip);
// The same; or a page fault that the mapping allows, of memory that was lent to the program and is not any more: it has other
// memory there now.
bool is_mended(const CpuException& exception, std::uint64_t rip);

Fault describe(const CpuException& exception);

}  // namespace signals
}  // namespace linux
