// SPDX-License-Identifier: MIT
// Messages between threads: call, send, receive, reply, and what the kernel itself sends (faults, drops, signals).
//
// A message goes straight from the registers and the message page of the sender into those of the receiver, when both
// are there. If the partner is not, the thread waits with its message where it is: nothing is buffered in the kernel.
//
// Time. A call lends the caller's scheduling context to the receiver until it answers or receives again; so does a request for
// a page, until that has come. The receiver is switched to at once, unless somebody more important is ready.
//
// Capabilities that cannot be put into the receiver's table (it is full, or its bank is) arrive as slot 0; so does one
// which the sender has deleted while its message waited. Those that were to be moved have left the sender's table all the same.
//
// Functions named like system calls take decoded, checked arguments and leave the result in the threads' registers.
#pragma once

#include "abi/kernel/message.hpp"
#include "kernel/object/reply.hpp"
#include "kernel/object/thread.hpp"
#include "kernel/result.hpp"

namespace kernel {

class DropGuard;
class Endpoint;

namespace ipc {

void call(Thread& caller, Endpoint& endpoint, std::uint64_t badge);
void send(Thread& sender, Endpoint& endpoint, std::uint64_t badge);
// `reply`: what to answer received calls with, or nullptr.
void receive(Thread& receiver, Endpoint& endpoint, Reply* reply);
// Delivers the caller's message to who waits for this reply; false: nobody does.
[[nodiscard]] bool answer(Thread& replier, Reply& reply);

// The thread's fault, or its request for a page (in Thread::waiting).
void send_fault(Thread& thread, Endpoint& endpoint, Thread::Purpose purpose);
void deliver_drop(Thread& receiver, DropGuard& guard);
void deliver_signal(Thread& receiver, std::uint64_t bits);

// The reply object that the receiver has named, or null: free again, to be used for the message at hand.
inline Reply* take_reply(Thread& receiver) {
    Reply* reply = receiver.waiting.reply;
    if (reply != nullptr) {
        reply->reserved = nullptr;
        receiver.waiting.reply = nullptr;
    }
    return reply;
}

}  // namespace ipc
}  // namespace kernel
