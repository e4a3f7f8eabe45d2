// SPDX-License-Identifier: MIT
#include "servers/procmgr/model/signals.hpp"

#include <atomic>

namespace procmgr {
namespace {

bool descends_from(const ProcessTable& table, const Process& process, Pid ancestor) {
    const Process* step = &process;
    while (step != nullptr && step->pid != ProcessTable::self) {
        if (step->parent == ancestor) {
            return true;
        }
        step = table.find(step->parent);
    }
    return false;
}

}  // namespace

bool sees(const ProcessTable& table, const Sender& sender, const Process& target) {
    const Process* from = table.find(sender.pid);
    return from != nullptr &&
           (from->pid == ProcessTable::self || target.pid == ProcessTable::self ||
            sender.supervisor || from->container == target.container ||
            sender.contains(target.container) || descends_from(table, target, from->pid));
}

bool may_signal(const ProcessTable& table, const Sender& sender, const Process& target,
                std::uint32_t signal) {
    const Process* from = table.find(sender.pid);
    if (from == nullptr || target.pid == ProcessTable::self) {
        return false;
    }
    if (from->pid == ProcessTable::self) {
        return true;
    }
    const bool same_session = from->session == target.session;
    const auto is_of = [&target](std::uint32_t user) {
        return user == target.real.user || user == target.saved.user;
    };
    return sees(table, sender, target) &&
           (from->identity.user == 0 || is_of(from->identity.user) || is_of(from->real.user) ||
            (signal == signal_number::cont && same_session));
}

Result<std::vector<Pid>> signal_targets(const ProcessTable& table, const Sender& sender,
                                        std::int32_t pid, std::uint32_t signal) {
    const Process* from = table.find(sender.pid);
    if (from == nullptr) {
        return base::fail(Status::no_process);
    }
    std::vector<Pid> chosen;
    bool any = false;
    const auto consider = [&](const Process& target) {
        any = any || sees(table, sender, target);
        if (may_signal(table, sender, target, signal)) {
            chosen.push_back(target.pid);
        }
    };
    if (pid > 0) {
        if (const Process* target = table.find(static_cast<Pid>(pid))) {
            consider(*target);
        }
    } else {
        const Pid group = pid == 0 ? from->group : 0U - static_cast<std::uint32_t>(pid);
        for (const Process* target = table.after(ProcessTable::self); target != nullptr;
             target = table.after(target->pid)) {
            const bool meant = pid == -1 ? target->pid != sender.pid : target->group == group;
            if (meant && target->life != Life::zombie) {
                consider(*target);
            }
        }
    }
    if (chosen.empty()) {
        return base::fail(any ? Status::not_permitted : Status::no_process);
    }
    return chosen;
}

bool is_unheard(process::SignalPage& page, std::uint32_t signal) {
    const std::uint64_t unheard = std::atomic_ref<std::uint64_t>{page.unheard}.load();
    return (unheard & process::may_be_unheard & signal_bit(signal)) != 0;
}

bool set_pending(process::SignalPage& page, std::uint32_t signal,
                 const process::SignalPage::Info& info) {
    using Page = process::SignalPage;
    const std::atomic_ref pending{page.pending};
    if (signal >= Page::first_queued) {
        const std::uint32_t at = page.appended;
        // The process may write nonsense here, and then gets some of its own signals late or never.
        if (at - std::atomic_ref{page.taken}.load(std::memory_order_acquire) >=
            Page::queue_length) {
            return false;
        }
        page.queue[at % Page::queue_length] = {.info = info, .signal = signal, .reserved = 0};
        std::atomic_ref{page.appended}.store(at + 1, std::memory_order_release);
    } else {
        if (signal == signal_number::cont) {
            pending.fetch_and(~stop_signals);
        } else if ((signal_bit(signal) & stop_signals) != 0) {
            pending.fetch_and(~signal_bit(signal_number::cont));
        }
        page.info[signal - 1] = info;
    }
    // Release: who sees the bit sees the information.
    pending.fetch_or(signal_bit(signal), std::memory_order_release);
    return true;
}

}  // namespace procmgr
