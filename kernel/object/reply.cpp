// SPDX-License-Identifier: MIT
#include "kernel/object/reply.hpp"

#include "kernel/object/thread.hpp"

namespace kernel {

bool Reply::sever(Work& work) {
    if (!work.take(10)) {
        return false;
    }
    if (caller != nullptr) {
        caller->is_call() ? caller->wake_with(Error::dead) : caller->abandon_fault();
    }
    if (reserved != nullptr) {
        reserved->waiting.reply = nullptr;  // its receive goes on, without being able to take calls
        reserved = nullptr;
    }
    return true;
}

}  // namespace kernel
