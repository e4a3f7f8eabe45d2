// SPDX-License-Identifier: MIT
// Manager: what happens when a time has come; the orderly end of the system.
//
//   shut_down: SIGTERM to all but services, in the order that DEPENDS asks for
//      |    later: SIGHUP to those who lead a session, as a person's shell does not heed SIGTERM
//      v
//   all gone, or the grace is over: SIGKILL; services last, for others call them to the end
//      |
//      v
//   file systems write what they hold ---> power off, or restart
#include "libs/rt/clock.hpp"
#include "libs/rt/log.hpp"
#include "servers/procmgr/manager.hpp"

namespace procmgr {
namespace {

// With what the file systems have to write, the end takes less than 2 s.
constexpr std::uint64_t hang_up_after = 400 * rt::millisecond;
constexpr std::uint64_t shutdown_grace = 1500 * rt::millisecond;

}  // namespace

void Manager::on_deadline() {
    const std::uint64_t now = rt::now();
    while (const auto timer = timers.expire(now)) {
        expire(*timer);
    }
}

std::uint64_t Manager::earliest_cpu_time(std::uint64_t cpu_ns) {
    constexpr std::uint64_t least_ns = rt::millisecond;  // between two looks
    const abi::TimePage* clock = rt::clock_page();
    const std::uint64_t cpus = clock == nullptr || clock->cpus == 0 ? 1 : clock->cpus;
    return rt::now() + std::max(cpu_ns / cpus, least_ns);
}

void Manager::expire_cpu_timer(Timer timer) {
    const Process* process = table.find(timer.pid);
    if (process == nullptr || process->life == Life::zombie) {
        return;
    }
    const std::uint64_t used = usage_of(*process).cpu_ns;
    const bool over = used >= timer.cpu_target_ns;
    if (over && timer.cpu_interval_ns != 0) {
        const std::uint64_t missed = (used - timer.cpu_target_ns) / timer.cpu_interval_ns;
        timer.cpu_target_ns += (missed + 1) * timer.cpu_interval_ns;
    }
    if (!over || timer.cpu_interval_ns != 0) {
        timer.deadline_ns = earliest_cpu_time(timer.cpu_target_ns - used);
        timers.set(timer);
    }
    if (over) {
        deliver(timer.pid, timer.signal, kernel_info());
    }
}

void Manager::expire(const Timer& timer) {
    switch (timer.kind) {
        case TimerKind::cpu:     expire_cpu_timer(timer); return;
        case TimerKind::process: {
            process::SignalPage::Info info = kernel_info();
            if (timer.number != 0) {
                info.code = -2;  // SI_TIMER
                info.status = timer.number;
            }
            deliver(timer.pid, timer.signal, info);
            return;
        }
        case TimerKind::stop: {
            std::vector<Pid> all;
            table.for_each([&](const Process& process) {
                if (process.container == timer.number) {
                    all.push_back(process.pid);
                }
            });
            for (const Pid pid : all) {
                end_process(pid, signal_number::kill);
            }
            return;
        }
        case TimerKind::health: check_health(timer.number); return;
        case TimerKind::time:
            if (const auto found = containers_.find(timer.number); found != containers_.end()) {
                end_for_time(found->second);
            }
            return;
        case TimerKind::restart:
            if (timer.pid != 0) {
                start_entry(static_cast<int>(timer.number));
            } else {
                restart_container(timer.number);
            }
            return;
        case TimerKind::hang_up:
            for (const auto& [leader, session] : sessions_) {
                deliver(leader, signal_number::hup, kernel_info());
            }
            return;
        case TimerKind::shutdown: {
            std::vector<Pid> all;
            for (const auto& [pid, body] : bodies_) {
                all.push_back(pid);
            }
            for (const Pid pid : all) {
                end_process(pid, signal_number::kill);
            }
            power_down();
            return;
        }
    }
}

void Manager::shut_down(bool restart) {
    if (shutting_down_) {
        return;
    }
    shutting_down_ = true;
    restart_machine_ = restart;
    rt::log(restart ? "restarting" : "shutting down");
    timers.set({.kind = TimerKind::hang_up, .deadline_ns = rt::now() + hang_up_after});
    timers.set({.kind = TimerKind::shutdown, .deadline_ns = rt::now() + shutdown_grace});
    std::vector<std::uint32_t> running;
    for (const auto& [id, container] : containers_) {
        if (container.processes != 0 && !is_service(container)) {
            running.push_back(id);
        }
    }
    for (const std::uint32_t id : running) {
        stop_container(containers_.at(id), container::nobody, shutdown_grace);
    }
    end_services();
}

void Manager::end_services() {
    std::vector<Pid> services;
    for (const auto& [pid, body] : bodies_) {
        if (!is_service(*table.find(pid))) {
            return;
        }
        services.push_back(pid);
    }
    if (services.empty()) {
        power_down();
    }
    for (const Pid pid : services) {
        end_process(pid, signal_number::kill);
    }
}

Task Manager::power_down() {
    if (powering_down_) {
        co_return;
    }
    powering_down_ = true;
    const auto synced = co_await outside.call(given.names, fs::SyncAll{});
    if (!synced) {
        rt::log("the file systems could not be synced: ", synced.error());
    }
    const std::uint32_t restart = restart_machine_ ? 1 : 0;
    // A second time for a devmgr that ends of the first: the call then waits for the next one.
    for (int tries = 0; tries < 2; ++tries) {
        const auto off = co_await outside.call(given.power, device::PowerOff{.restart = restart});
        if (!off) {
            rt::log("the machine cannot be switched off: ", off.error());
        }
    }
}

}  // namespace procmgr
