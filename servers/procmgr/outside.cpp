// SPDX-License-Identifier: MIT
#include "servers/procmgr/outside.hpp"

namespace procmgr {

ipc::KernelResult<void> Outside::start(ipc::Ref<ipc::Notification> done) {
    std::uint64_t bit = 1;
    for (Slot& slot : slots_) {
        slot.go_owner = TRY(ipc::own_bank()->create_notification());
        slot.go = slot.go_owner.index();
        slot.done = done.index();
        slot.bit = bit;
        bit <<= 1;
        slot.thread = TRY(rt::Thread::start(&Outside::caller_main, &slot));
    }
    return {};
}

void Outside::caller_main(void* argument) {
    auto& slot = *static_cast<Slot*>(argument);
    for (;;) {
        if (ipc::sys::wait(slot.go).error == abi::Error::ok) {
            slot.work->perform(slot.payload);
            (void)ipc::sys::signal(slot.done, slot.bit);
        }
    }
}

void Outside::enqueue(Work& work) {
    queue_.push_back(&work);
    dispatch();
}

void Outside::dispatch() {
    for (Slot& slot : slots_) {
        if (queue_.empty()) {
            return;
        }
        if (slot.work == nullptr) {
            slot.work = queue_.front();
            queue_.pop_front();
            (void)ipc::sys::signal(slot.go, 1);
        }
    }
}

void Outside::on_signal(std::uint64_t bits) {
    for (Slot& slot : slots_) {
        if ((bits & slot.bit) != 0 && slot.work != nullptr) {
            // The slot stays taken while the coroutine runs on: it reads the payload.
            const std::coroutine_handle<> waiting = slot.work->waiting;
            waiting.resume();
            slot.work = nullptr;
        }
    }
    dispatch();
}

}  // namespace procmgr
