// SPDX-License-Identifier: MIT
// The system calls. There are eight; everything else is an operation (abi/kernel/operation.hpp) on
// a capability, asked for with `call`.
//
// Numbers outside this range are foreign: the kernel hands them to the thread's system-call upcall,
// or, with none set, to its fault handler. The base keeps clear of Linux's numbers, of x32's bit
// 30, and of negative numbers.
#pragma once

#include <cstdint>

namespace abi {

inline constexpr std::uint64_t native_system_calls = 0x1000'0000;

enum class Syscall : std::uint64_t {
    // Endpoint: sends and waits for the reply. Any other object: performs the operation that the
    // label names.
    call = native_system_calls,
    // Answers by the reply object in rdi's upper half, then receives on the endpoint in its lower
    // half, with the
    // same reply object. If the reply cannot be delivered it returns no_caller and does not
    // receive.
    reply_and_receive,
    receive,  // rdi: endpoint | reply object << 32 (reply object 0: calls cannot be received, only
              // sends)
    send,     // one way: blocks until a receiver has taken the message
    reply,    // rdi: reply object
    signal,   // rdi: notification, rdx: bits; never blocks
    wait,     // rdi: notification; returns and clears its bits in rdx. A deadline of 0 polls
              // (would_block)
    yield,    // gives the rest of the time slice to others of the same priority
    count_end,
};

}  // namespace abi
