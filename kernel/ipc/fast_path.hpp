// SPDX-License-Identifier: MIT
// The fast path: a call to a server that waits, and its answer, with words in registers only.
//
// Both do exactly what ipc::call, ipc::answer and ipc::receive would, in the one case in which nothing else can happen: no payload,
// no capabilities, no flags; the partner waits, nobody has a deadline, nobody more important is ready. They look at everything
// first and change nothing unless all of it holds; then they go straight through to the partner.
#pragma once

namespace kernel {

class Thread;

struct FastPath {
    // True: done, and the partner is on the CPU. False: nothing has happened, take the long way.
    static bool call(Thread& caller);
    static bool reply_and_receive(Thread& server);
};

}  // namespace kernel
