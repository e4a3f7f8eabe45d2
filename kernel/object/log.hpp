// SPDX-License-Identifier: MIT
// Log: the kernel's log ring. The kernel writes to it from its first instruction on, processes through a capability.
//
// Positions count all bytes ever written; a reader who asks for what has been overwritten gets the oldest that is left.
// Until user space takes over the console (LogOp::set_echo), all text also goes to the early console.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/object/object.hpp"

namespace kernel {

class Log final : public Object {
public:
    explicit Log(Bank& bank) : Object(ObjectType::log, bank) {}
    [[nodiscard]] static bool sever(Work& work) { return work.take(2); }

    static void write(std::string_view text);
    // Copies from `position` on; moves it behind what was copied. -> bytes copied
    static std::size_t read(std::uint64_t& position, std::span<char> to);
    static void set_echo(bool on);
};

}  // namespace kernel
