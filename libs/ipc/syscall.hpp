// SPDX-License-Identifier: MIT
//
// The eight system calls as inline functions: registers in, registers out (abi/kernel/message.hpp
// has the table). This is the only file of ours outside the kernel that knows which register
// carries what; the rest of libs/ipc is types on top of `sys::Message` and `sys::Outcome`.
//
// A call without a deadline does not touch r14. Words that a message does not use are zero, because
// all six always travel: otherwise a message would carry whatever the registers held.
#pragma once

#include <array>
#include <cstdint>

#include "abi/kernel/error.hpp"
#include "abi/kernel/message.hpp"
#include "abi/kernel/object.hpp"
#include "abi/kernel/syscall.hpp"

namespace ipc {

using Words = std::array<std::uint64_t, abi::message_words>;

// Points of the monotonic clock in nanoseconds (rt::now(), or the time page).
inline constexpr std::uint64_t no_deadline = ~std::uint64_t{0};

namespace sys {

struct Message {
    abi::Tag tag;
    Words words{};
    std::uint64_t deadline = no_deadline;
};

struct Outcome {
    abi::Error error;
    std::uint64_t badge;  // receive and reply_and_receive only
    abi::Tag tag;
    Words words;
};

#define CLUU_IPC_WORDS_IN(words)                          \
    register std::uint64_t word1 asm("r10") = (words)[1]; \
    register std::uint64_t word2 asm("r8") = (words)[2];  \
    register std::uint64_t word3 asm("r9") = (words)[3];  \
    register std::uint64_t word4 asm("r12") = (words)[4]; \
    register std::uint64_t word5 asm("r13") = (words)[5]; \
    std::uint64_t word0 = (words)[0]

#define CLUU_IPC_WORDS "+d"(word0), "+r"(word1), "+r"(word2), "+r"(word3), "+r"(word4), "+r"(word5)

[[gnu::always_inline]] inline Outcome enter(abi::Syscall call, std::uint64_t target,
                                            const Message& message) {
    auto number = static_cast<std::uint64_t>(call);
    std::uint64_t tag = message.tag.raw;
    CLUU_IPC_WORDS_IN(message.words);
    if (message.deadline == no_deadline) [[likely]] {
        asm volatile("syscall"
                     : "+a"(number), "+D"(target), "+S"(tag), CLUU_IPC_WORDS
                     :
                     : "rcx", "r11", "memory");
    } else {
        register std::uint64_t deadline asm("r14") = message.deadline;
        tag |= abi::Tag::has_deadline;
        asm volatile("syscall"
                     : "+a"(number), "+D"(target), "+S"(tag), CLUU_IPC_WORDS
                     : "r"(deadline)
                     : "rcx", "r11", "memory");
    }
    return {static_cast<abi::Error>(number),
            target,
            abi::Tag{tag},
            {word0, word1, word2, word3, word4, word5}};
}

#undef CLUU_IPC_WORDS
#undef CLUU_IPC_WORDS_IN

// Endpoint: sends and waits for the reply. Any other object: does the operation in the tag's label.
[[gnu::always_inline]] inline Outcome call(abi::CapIndex target, const Message& message) {
    return enter(abi::Syscall::call, target, message);
}

constexpr std::uint64_t receive_target(abi::CapIndex endpoint, abi::CapIndex reply) {
    return std::uint64_t{endpoint} | (std::uint64_t{reply} << 32);
}

// `reply` may be 0: then only one-way messages, drop messages and signals can be received.
[[gnu::always_inline]] inline Outcome receive(abi::CapIndex endpoint, abi::CapIndex reply,
                                              std::uint64_t deadline = no_deadline,
                                              std::uint64_t flags = 0) {
    return enter(abi::Syscall::receive, receive_target(endpoint, reply),
                 Message{abi::Tag{flags}, {}, deadline});
}

// On no_caller nothing was received. The deadline is that of the receive.
[[gnu::always_inline]] inline Outcome reply_and_receive(abi::CapIndex endpoint, abi::CapIndex reply,
                                                        const Message& message) {
    return enter(abi::Syscall::reply_and_receive, receive_target(endpoint, reply), message);
}

[[gnu::always_inline]] inline abi::Error reply(abi::CapIndex reply_object, const Message& message) {
    return enter(abi::Syscall::reply, reply_object, message).error;
}

// One way: blocks until a receiver has taken the message.
[[gnu::always_inline]] inline abi::Error send(abi::CapIndex endpoint, const Message& message) {
    return enter(abi::Syscall::send, endpoint, message).error;
}

[[gnu::always_inline]] inline abi::Error signal(abi::CapIndex notification, std::uint64_t bits) {
    return enter(abi::Syscall::signal, notification, Message{{}, {bits}, no_deadline}).error;
}

// The bits are in word 0 of the outcome.
[[gnu::always_inline]] inline Outcome wait(abi::CapIndex notification,
                                           std::uint64_t deadline = no_deadline,
                                           std::uint64_t flags = 0) {
    return enter(abi::Syscall::wait, notification, Message{abi::Tag{flags}, {}, deadline});
}

inline void yield() { (void)enter(abi::Syscall::yield, 0, Message{}); }

}  // namespace sys
}  // namespace ipc
