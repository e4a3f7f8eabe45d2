// SPDX-License-Identifier: MIT
#include "kernel/object/reply.hpp"

#include "kernel/object/thread.hpp"

namespace kernel {

void Reply::sever() {
    if (caller != nullptr) {
        caller->lose_answer();
    }
    if (reserved != nullptr) {
        reserved->waiting.reply = nullptr;  // its receive goes on, without being able to take calls
        reserved = nullptr;
    }
}

}  // namespace kernel
