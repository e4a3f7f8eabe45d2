// SPDX-License-Identifier: MIT
#include "linux/signal/fault.hpp"

#include "abi/linux/signal.hpp"
#include "libs/base/align.hpp"
#include "linux/memory/program_space.hpp"
#include "linux/process/out_of_memory.hpp"

namespace linux::signals {
namespace {

// Intel SDM vol. 3, 6.15.
enum Vector : std::uint64_t {
    divide = 0,
    debug = 1,
    breakpoint = 3,
    overflow = 4,
    bound = 5,
    bad_opcode = 6,
    no_fpu = 7,
    stack_segment = 12,
    protection = 13,
    page_fault = 14,
    x87 = 16,
    alignment = 17,
    simd = 19
};
constexpr std::uint64_t error_write = 2;
constexpr std::uint64_t error_fetch = 16;

// Is the access one that the mapping allows? Then its page could not be had: a file that became
// shorter, or a bank that is empty.
bool is_allowed(std::uint32_t protection, std::uint64_t error) {
    using linux_abi::Protection;
    if ((error & error_write) != 0) {
        return (protection & Protection::write) != 0;
    }
    if ((error & error_fetch) != 0) {
        return (protection & Protection::execute) != 0;
    }
    return protection != 0;
}

Fault describe_page_fault(const CpuException& exception) {
    using linux_abi::SignalCode;
    Fault fault{.signal = linux_abi::sig_segv,
                .code = SignalCode::not_mapped,
                .address = exception.address};
    const auto region = program_space().region_at(exception.address);
    if (!region) {
        return fault;
    }
    if (!is_allowed(region->protection, exception.error)) {
        fault.code = SignalCode::no_access;
        return fault;
    }
    // An instruction that writes to the page that it stands in cannot have both.
    if (is_writable_code(region->protection) && !is_memory_exhausted()) {
        fault.code = SignalCode::no_access;
        return fault;
    }
    fault.signal = linux_abi::sig_bus;
    fault.code = SignalCode::no_backing;
    // A file's page may also be missing because the file became shorter.
    fault.out_of_memory = region->backing == Backing::own || region->backing == Backing::sparse ||
                          region->backing == Backing::inherited ||
                          (region->backing == Backing::object && is_memory_exhausted());
    return fault;
}

Fault describe_cause(const CpuException& exception) {
    using linux_abi::SignalCode;
    switch (exception.vector) {
        case divide:
            return {
                .signal = linux_abi::sig_fpe, .code = SignalCode::division, .address_is_rip = true};
        case debug:
            return {
                .signal = linux_abi::sig_trap, .code = SignalCode::trace, .address_is_rip = true};
        case breakpoint: return {.signal = linux_abi::sig_trap, .code = SignalCode::kernel};
        case bad_opcode:
            return {.signal = linux_abi::sig_ill,
                    .code = SignalCode::illegal_operand,
                    .address_is_rip = true};
        case x87:
        case simd:
            return {.signal = linux_abi::sig_fpe,
                    .code = SignalCode::float_invalid,
                    .address_is_rip = true};
        case alignment:  return {.signal = linux_abi::sig_bus, .code = SignalCode::alignment};
        case page_fault: return describe_page_fault(exception);
        default:         return {.signal = linux_abi::sig_segv, .code = SignalCode::kernel};
    }
}

// From Intel SDM vol. 2, 2.3.11: an instruction has 15 bytes at most.
bool is_in_page(std::uint64_t rip, std::uint64_t address) {
    constexpr std::uint64_t longest = 15;
    const std::uint64_t page = base::align_down(address, abi::page_size);
    return rip < page + abi::page_size && rip + longest > page;
}

}  // namespace

bool turns_page(const CpuException& exception, std::uint64_t rip) {
    const bool to_execute = (exception.error & error_fetch) != 0;
    const bool to_write = (exception.error & error_write) != 0;
    return exception.vector == page_fault && (to_execute || to_write) &&
           (to_execute || !is_in_page(rip, exception.address)) &&
           program_space().turn_page(exception.address, to_execute);
}

bool is_mended(const CpuException& exception, std::uint64_t rip) {
    if (exception.vector != page_fault) {
        return false;
    }
    if (turns_page(exception, rip)) {
        return true;
    }
    const auto region = program_space().region_at(exception.address);
    return region && region->backing == Backing::lent &&
           is_allowed(region->protection, exception.error) &&
           program_space().replace_lent(exception.address);
}

Fault describe(const CpuException& exception) {
    Fault fault = describe_cause(exception);
    fault.vector = exception.vector;
    fault.error = exception.error;
    fault.page_fault_address = exception.address;
    return fault;
}

}  // namespace linux::signals
