// SPDX-License-Identifier: MIT
#include "apps/top/samples.hpp"

#include <algorithm>

#include "apps/top/columns.hpp"

namespace top {

namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::uint64_t tick_ns = second_ns / procfs::ticks_per_second;

std::uint64_t per_second(std::uint64_t count, std::uint64_t passed_ns) {
    const std::uint64_t milliseconds = passed_ns / 1'000'000;
    return milliseconds == 0 ? 0 : count * 1000 / milliseconds;
}

// Programs that it executes may begin to count anew.
std::uint64_t growth(std::uint64_t before, std::uint64_t now) {
    return now >= before ? now - before : now;
}

}  // namespace

void read_system_files(Snapshot& snapshot, std::string_view stat, std::string_view meminfo,
                       std::string_view loadavg) {
    snapshot.busy_ns = procfs::number_after(stat, "cpu ") * tick_ns;
    snapshot.cpus = 0;
    while (stat.contains("\ncpu" + std::to_string(snapshot.cpus) + " ")) ++snapshot.cpus;
    snapshot.total_kib = procfs::number_after(meminfo, "MemTotal");
    snapshot.free_kib = procfs::number_after(meminfo, "MemFree");
    std::size_t end = 0;
    for (int i = 0; i < 3 && end != loadavg.npos; ++i) end = loadavg.find(' ', end + 1);
    snapshot.load = loadavg.substr(0, end);
}

std::vector<ProcessRow> rates(const Snapshot& before, const Snapshot& now) {
    std::vector<ProcessRow> rows;
    for (const Process& process : now.processes) {
        const auto old = std::ranges::lower_bound(before.processes, process.pid, {}, &Process::pid);
        const bool same = old != before.processes.end() && old->pid == process.pid &&
                          old->started == process.started;
        const std::uint64_t since = same ? before.at_ns : process.started * tick_ns;
        const std::uint64_t passed = now.at_ns - std::min(now.at_ns, since);
        rows.push_back(
            {.process = process,
             .cpu_tenths = share_of(growth(same ? old->cpu_ns : 0, process.cpu_ns), passed),
             .messages_per_second =
                 per_second(growth(same ? old->messages : 0, process.messages), passed)});
    }
    return rows;
}

std::vector<ContainerRow> by_container(const std::vector<ProcessRow>& rows) {
    std::vector<ContainerRow> containers;
    for (const ProcessRow& row : rows) {
        const Process& process = row.process;
        if (process.container.empty()) continue;
        auto found = std::ranges::find(containers, process.container, &ContainerRow::name);
        if (found == containers.end()) {
            containers.push_back({.name = process.container,
                                  .image = process.image,
                                  .user = process.user,
                                  .memory_kib = process.container_kib,
                                  .limit_kib = process.container_limit_kib});
            found = containers.end() - 1;
        }
        ++found->processes;
        found->cpu_tenths += row.cpu_tenths;
        found->messages_per_second += row.messages_per_second;
        found->cpu_ns += process.cpu_ns;
    }
    return containers;
}

std::uint64_t busy_tenths(const Snapshot& before, const Snapshot& now) {
    return share_of(growth(before.busy_ns, now.busy_ns), now.at_ns - before.at_ns);
}

}  // namespace top
