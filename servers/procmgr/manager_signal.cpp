// SPDX-License-Identifier: MIT
// Manager: signals, stopping and continuing.
#include <atomic>

#include "servers/procmgr/manager.hpp"

namespace procmgr {

process::SignalPage::Info kernel_info() {
    process::SignalPage::Info info{};
    info.code = 0x80;  // SI_KERNEL
    return info;
}

bool Manager::deliver(Pid pid, std::uint32_t signal, const process::SignalPage::Info& info) {
    Process* process = table.find(pid);
    Body* body = body_of(pid);
    if (process == nullptr || body == nullptr || !is_signal(signal)) {
        return true;
    }
    if (signal == signal_number::kill) {
        end_process(pid, signal);
        return true;
    }
    if (is_unheard(body->signals(), signal)) {
        return true;
    }
    if (!set_pending(body->signals(), signal, info)) {
        return false;
    }
    if (process->life == Life::stopped) {
        // Anything else stays pending until it is continued.
        if (signal == signal_number::cont) {
            process->life = Life::running;
            process->news = News::continued;
            (void)body->thread->interrupt();  // first: it shall look for the signal as it goes on
            (void)body->stopped.answer<process::Stopped>({});
            tell_parent(*process, 6, signal_number::cont);
            serve_waiters(process->parent);
        }
        return true;
    }
    (void)body->thread->interrupt();
    return true;
}

void Manager::deliver_to_group(Pid group, Pid session, std::uint32_t signal) {
    for (const Pid member : table.members(group)) {
        const Process* process = table.find(member);
        if (process != nullptr && process->session == session) {
            deliver(member, signal, kernel_info());
        }
    }
}

bool Manager::stop_process(Process& process, Body& body, std::uint32_t signal,
                           ipc::PendingReply& reply) {
    const std::atomic_ref pending{body.signals().pending};
    const bool continued_meanwhile = (pending.load() & signal_bit(signal_number::cont)) != 0;
    // Terminal stops mean nothing to a group that nobody could continue.
    const bool nobody_continues = signal != signal_number::stop && table.is_orphaned(process.group);
    if (continued_meanwhile || nobody_continues || process.life != Life::running) {
        return false;
    }
    process.life = Life::stopped;
    process.stop_signal = signal;
    process.news = News::stopped;
    body.stopped = std::move(reply);
    tell_parent(process, 5, signal);
    serve_waiters(process.parent);
    return true;
}

}  // namespace procmgr
