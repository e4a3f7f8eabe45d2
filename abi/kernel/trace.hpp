// SPDX-License-Identifier: MIT
// What Log.trace_read returns: events of one CPU, in the order in which they happened there.
#pragma once

#include <cstdint>

namespace abi {

enum class TraceKind : std::uint8_t {
    switched = 1,  // from now on the CPU runs `thread`; 0: it idles
    thread,        // `thread` is met for the first time: a: number of its domain (CapTable)
    name,          // its name (Thread.set_name): a and b, 16 bytes, zeros at the end
    system_call,   // code: Syscall, from 0; a: the capability it names, b: the tag
    operation,     // `call` on a kernel object: code: ObjectType << 8 | label; a: the capability
    foreign_call,  // code: the number; a, b: its first two arguments
    call,          // `thread`'s call has reached a server. code: label; a: number of that thread
    reply,         // `thread` has answered. code: label; a: number of the caller
    message,       // `thread`'s one-way message has arrived. code: label; a: the receiver
    fault,         // in user code. code: exception vector; a: address (page fault), b: error code
    interrupt,     // code: vector; `thread`: who ran
};

struct TraceEvent {
    std::uint64_t tsc;
    std::uint32_t thread;  // its number; numbers are not used again
    TraceKind kind;
    std::uint8_t cpu;
    std::uint16_t code;
    std::uint64_t a, b;
};
static_assert(sizeof(TraceEvent) == 32);

inline constexpr std::uint64_t most_trace_pages = 512;

}  // namespace abi
