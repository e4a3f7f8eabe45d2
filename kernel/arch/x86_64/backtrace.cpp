// SPDX-License-Identifier: MIT
#include "kernel/arch/x86_64/registers.hpp"
#include "kernel/arch/x86_64/stacks.hpp"
#include "kernel/arch/x86_64/traps.hpp"
#include "kernel/panic_frames.hpp"
#include "kernel/print.hpp"

extern "C" const std::byte kernel_image_begin[], kernel_image_end[];

namespace arch {

namespace {

constexpr int max_frames = 32;

void print_code_address(std::uint64_t address) {
    const Symbol symbol = find_symbol(address);
    kernel_print("  ", hex(address));
    if (!symbol.name.empty()) {
        kernel_print("  ", symbol.name, " + ", hex(symbol.offset));
    }
    kernel_print("\n");
}

bool in_image(std::uint64_t address) {
    return address >= reinterpret_cast<std::uint64_t>(kernel_image_begin) &&
           address + 16 <= reinterpret_cast<std::uint64_t>(kernel_image_end);
}

}  // namespace

void print_registers(const KernelTrapFrame& f) {
    // The page fault itself finds no stack: it arrives as a double fault, on a stack of its own.
    if ((f.vector == vector_double_fault || f.vector == vector_page_fault) &&
        is_stack_guard(read_control<2>())) {
        kernel_print("stack overflow: ");
    }
    kernel_print(std::string_view(exception_name(f.vector)), " in the kernel, error code ",
                 hex(f.error), "\n");
    kernel_print("rip ", hex(f.rip), "  rsp ", hex(f.rsp), "  rflags ", hex(f.rflags), "\n");
    kernel_print("rax ", hex(f.rax), "  rbx ", hex(f.rbx), "  rcx ", hex(f.rcx), "\n");
    kernel_print("rdx ", hex(f.rdx), "  rsi ", hex(f.rsi), "  rdi ", hex(f.rdi), "\n");
    kernel_print("rbp ", hex(f.rbp), "  r8  ", hex(f.r8), "  r9  ", hex(f.r9), "\n");
    kernel_print("r10 ", hex(f.r10), "  r11 ", hex(f.r11), "  r12 ", hex(f.r12), "\n");
    kernel_print("r13 ", hex(f.r13), "  r14 ", hex(f.r14), "  r15 ", hex(f.r15), "\n");
    kernel_print("cr2 ", hex(read_control<2>()), "  cr3 ", hex(read_control<3>()), "  cr4 ",
                 hex(read_control<4>()), "\n");
    kernel_print("at\n");
    print_code_address(f.rip);
    // The handler's own frames are of no interest: go on with the interrupted code's.
    print_backtrace(f.rbp);
}

void print_backtrace(std::uint64_t frame_pointer) {
    kernel_print("called from\n");
    for (int i = 0; i < max_frames && in_image(frame_pointer) && frame_pointer % 8 == 0; ++i) {
        const auto* frame = reinterpret_cast<const std::uint64_t*>(frame_pointer);
        if (frame[1] == 0) {
            break;
        }
        // The return address may be the first of the next function: look up the call before it.
        print_code_address(frame[1] - 1);
        // Callers' frames lie higher up.
        if (frame[0] <= frame_pointer) {
            break;
        }
        frame_pointer = frame[0];
    }
}

}  // namespace arch
