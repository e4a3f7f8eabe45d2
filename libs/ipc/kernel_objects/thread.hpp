// SPDX-License-Identifier: MIT
// Thread and SchedContext: what runs, and the right to run.
#pragma once

#include <algorithm>
#include <cstring>
#include <string_view>

#include "libs/ipc/kernel_objects/address_space.hpp"

namespace ipc {

struct Notification;

struct ThreadStart {
    std::uint64_t rip;
    std::uint64_t rsp;
    std::uint64_t rdi = 0;
    std::uint64_t gs_base = 0;
    std::uint64_t fs_base = 0;
};

struct UpcallEntries {
    std::uint64_t system_call = 0;
    std::uint64_t exception = 0;
    std::uint64_t interrupt = 0;
};

struct ThreadInfo {
    abi::ThreadState state;
    std::uint64_t cpu_ns;
    std::uint8_t priority;
};

struct Thread : Object {
    using Op = abi::ThreadOp;

    [[nodiscard]] KernelResult<void> start(const ThreadStart& at) const {
        return detail::operate(index, Op::start, {at.rip, at.rsp, at.rdi, at.gs_base, at.fs_base});
    }
    [[nodiscard]] KernelResult<void> stop() const { return detail::operate(index, Op::stop); }
    [[nodiscard]] KernelResult<void> resume() const { return detail::operate(index, Op::resume); }
    // Of a stopped or blocked thread.
    [[nodiscard]] KernelResult<abi::Registers> get_registers() const {
        TRY(detail::operate(index, Op::get_registers));
        abi::Registers registers;
        std::memcpy(&registers, message_page().data(), sizeof registers);
        return registers;
    }
    [[nodiscard]] KernelResult<void> set_registers(const abi::Registers& registers) const {
        std::memcpy(message_page().data(), &registers, sizeof registers);
        return detail::operate(index, Op::set_registers, {}, sizeof registers);
    }
    [[nodiscard]] KernelResult<void> interrupt() const {
        return detail::operate(index, Op::interrupt);
    }
    [[nodiscard]] KernelResult<void> set_upcalls(const UpcallEntries& entries) const {
        return detail::operate(index, Op::set_upcalls,
                               {entries.system_call, entries.exception, entries.interrupt});
    }
    [[nodiscard]] KernelResult<void> set_fault_handler(Ref<Endpoint> handler,
                                                       std::uint64_t badge) const {
        return detail::operate(index, Op::set_fault_handler, {handler.index(), badge});
    }
    // What people who trace see; 16 bytes of it.
    [[nodiscard]] KernelResult<void> set_name(std::string_view name) const {
        std::uint64_t words[2] = {};
        std::memcpy(words, name.data(), std::min(name.size(), sizeof words));
        return detail::operate(index, Op::set_name, {words[0], words[1]});
    }
    [[nodiscard]] KernelResult<ThreadInfo> query() const {
        const Words words = TRY(detail::ask(index, Op::query));
        return ThreadInfo{static_cast<abi::ThreadState>(words[0]), words[1],
                          static_cast<std::uint8_t>(words[2])};
    }
    // From now on the thread's `receive` also returns this notification's signals. None: no longer.
    [[nodiscard]] KernelResult<void> bind_notification(Ref<Notification> notification) const {
        return detail::operate(index, Op::bind_notification, {notification.index()});
    }
};

struct SchedInfo {
    std::uint64_t consumed_ns;
    std::uint8_t priority;
    std::uint64_t budget_ns;
    std::uint64_t period_ns;
};

struct SchedContext : Object {
    using Op = abi::SchedContextOp;

    [[nodiscard]] KernelResult<void> bind(Ref<Thread> thread) const {
        return detail::operate(index, Op::bind, {thread.index()});
    }
    [[nodiscard]] KernelResult<void> unbind() const { return detail::operate(index, Op::unbind); }
    [[nodiscard]] KernelResult<SchedInfo> query() const {
        const Words words = TRY(detail::ask(index, Op::query));
        return SchedInfo{words[0], static_cast<std::uint8_t>(words[1]), words[2], words[3]};
    }
};

inline Ref<Thread> own_thread() { return Ref<Thread>{self().thread}; }
inline Ref<SchedContext> own_sched_context() { return Ref<SchedContext>{self().sched_context}; }

}  // namespace ipc
