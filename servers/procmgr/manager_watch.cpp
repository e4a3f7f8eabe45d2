// SPDX-License-Identifier: MIT
// Manager: who wants to know of the end of a process (process::Watch).
//
// Each watcher's guard lies in a table that the process's container pays for, and goes with it when
// the process ends: then the kernel tells them. Strangers, who could not signal the process, shall not
// cost that container anything; for them there is one table of procmgr's own.
#include "servers/procmgr/manager.hpp"

namespace procmgr {

Result<ipc::Capability<process::Watching>> Manager::watch(const Process& process,
                                                          ipc::Capability<ipc::Notification> guard,
                                                          bool stranger) {
    if (process.life == Life::zombie) {
        return ipc::Capability<process::Watching>{};  // the guard goes right away
    }
    const Container* container = container_of(process);
    const bool own = !stranger && container != nullptr && container->bank;
    ipc::Capability<ipc::CapTable>& guards = own ? watched_[process.pid] : strangers_;
    if (!guards) {
        auto fresh = own ? container->bank->create_cap_table(most_watchers)
                         : containers_bank_->create_cap_table(most_strangers);
        if (!fresh) {
            return base::fail(ipc::to_status(fresh.error()));
        }
        guards = std::move(*fresh);
    }
    do {
        watch_number_ = (watch_number_ + 1) & Badge::serial_mask;
    } while (watches_.contains({process.pid, watch_number_}));
    const Badge badge{BadgeKind::watching, watch_number_, process.pid};
    auto watching = ipc::mint<process::Watching>(
        given.endpoint, {.badge = badge.raw(), .rights = 0, .flags = abi::MintFlags::drop_guard});
    if (!watching) {
        return base::fail(ipc::to_status(watching.error()));
    }
    const auto slot = guards->move(std::move(guard));
    if (!slot) {
        return base::fail(slot.error() == abi::Error::table_full ? Status::limit
                                                                 : ipc::to_status(slot.error()));
    }
    watches_.emplace(std::pair{process.pid, watch_number_}, WatchPlace{*slot, !own});
    return std::move(*watching);
}

void Manager::end_watch(Pid pid, std::uint32_t number) {
    const auto watch = watches_.find({pid, number});
    if (watch == watches_.end()) {
        return;  // the process has ended before
    }
    const WatchPlace place = watch->second;
    watches_.erase(watch);
    (void)(place.stranger ? strangers_ : watched_[pid])->remove(place.slot);
}

void Manager::end_watches(Pid pid) {
    auto watch = watches_.lower_bound({pid, 0});
    while (watch != watches_.end() && watch->first.first == pid) {
        if (watch->second.stranger) {
            (void)strangers_->remove(watch->second.slot);
        }
        watch = watches_.erase(watch);
    }
    watched_.erase(pid);
}

}  // namespace procmgr
