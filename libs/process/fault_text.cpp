// SPDX-License-Identifier: MIT
#include "libs/process/fault_text.hpp"

#include <array>

#include "abi/kernel/fault.hpp"
#include "libs/rt/start_info.hpp"

namespace loader {
namespace {

// Bits of a page fault's error code (Intel SDM vol. 3, 4.7).
constexpr std::uint64_t error_present = 1;
constexpr std::uint64_t error_write = 2;
constexpr std::uint64_t error_fetch = 16;

constexpr std::array<std::string_view, 22> exception_names = {"division error",
                                                              "debug exception",
                                                              "non-maskable interrupt",
                                                              "breakpoint",
                                                              "overflow",
                                                              "bound range exceeded",
                                                              "invalid instruction",
                                                              "no floating point",
                                                              "double fault",
                                                              "exception 9",
                                                              "invalid task state",
                                                              "segment not present",
                                                              "stack fault",
                                                              "general protection fault",
                                                              "page fault",
                                                              "exception 15",
                                                              "floating-point error",
                                                              "alignment check",
                                                              "machine check",
                                                              "vector floating-point error",
                                                              "virtualization exception",
                                                              "control protection exception"};

void describe_page_fault(const ipc::Words& words, rt::Line& line) {
    const std::uint64_t code = words[1];
    const std::string_view action = (code & error_fetch) != 0   ? "executing "
                                    : (code & error_write) != 0 ? "writing "
                                                                : "reading ";
    line.add("page fault ").add(action).add(rt::hex(words[0]));
    line.add((code & error_present) != 0 ? " (not allowed)" : " (nothing there)");
}

}  // namespace

std::optional<std::uint8_t> exit_status(const ipc::Fault& fault) {
    const std::uint64_t number = fault.words[0] - rt::exit_call;
    if (fault.kind != abi::FaultLabel::system_call || number > 0xff) {
        return std::nullopt;
    }
    return static_cast<std::uint8_t>(number);
}

void describe(const ipc::Fault& fault, rt::Line& line) {
    const ipc::Words& words = fault.words;
    if (fault.kind == abi::FaultLabel::page) {
        describe_page_fault(words, line);
    } else if (fault.kind == abi::FaultLabel::exception) {
        line.add(words[0] < exception_names.size() ? exception_names[words[0]] : "exception");
        line.add(" (vector ").add(words[0]).add(", error code ").add(rt::hex(words[1])).add(")");
    } else {
        line.add("unknown system call ").add(rt::hex(words[0]));
    }
    line.add(", at rip ").add(rt::hex(words[2])).add(", rsp ").add(rt::hex(words[3]));
}

}  // namespace loader
