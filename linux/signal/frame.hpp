// SPDX-License-Identifier: MIT
// The layout of a signal frame on the program's stack, in numbers: pure, so that it is tested on the
// host. Upwards:
//
//      frame        SignalFrame; rsp of the handler. rsp + 8 is a multiple of 16, as after a call
//      fpu_state    64-byte aligned: what FXSAVE or XSAVE writes
//      (128 bytes)  the red zone, which belongs to the function that was interrupted
//      old rsp
#pragma once

#include <cstddef>
#include <cstdint>

#include "abi/kernel/message.hpp"
#include "abi/linux/signal.hpp"

namespace linux::signals {

struct FramePlace {
    std::uint64_t frame;
    std::uint64_t fpu_state;
};

constexpr bool is_on_stack(const linux_abi::SignalStack& stack, std::uint64_t rsp) {
    return (stack.flags & linux_abi::SignalStack::disabled) == 0 && rsp > stack.address &&
           rsp - stack.address <= stack.size;
}

// The highest address that the frame may use.
constexpr std::uint64_t frame_top(const linux_abi::SignalStack& stack, std::uint64_t rsp,
                                  bool wants_signal_stack) {
    constexpr std::uint64_t red_zone = 128;
    if (wants_signal_stack && (stack.flags & linux_abi::SignalStack::disabled) == 0 &&
        !is_on_stack(stack, rsp)) {
        return stack.address + stack.size;
    }
    return rsp - red_zone;
}

constexpr FramePlace place_frame(std::uint64_t top, std::size_t fpu_bytes) {
    const std::uint64_t fpu_state = (top - fpu_bytes) & ~std::uint64_t{63};
    const std::uint64_t frame =
        ((fpu_state - sizeof(linux_abi::SignalFrame)) & ~std::uint64_t{15}) - 8;
    return {frame, fpu_state};
}

// The user selectors that programs see (and iretq needs).
void to_machine_context(linux_abi::MachineContext& machine, const abi::Registers& registers);
void from_machine_context(abi::Registers& registers, const linux_abi::MachineContext& machine);

}  // namespace linux::signals
