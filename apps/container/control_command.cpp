// SPDX-License-Identifier: MIT
// kill, wait, restart, logs, top and stats: what is asked of a container that runs.
#include <unistd.h>
#include <algorithm>
#include <ctime>
#include <map>

#include "apps/container/command.hpp"
#include "apps/container/json.hpp"
#include "apps/container/manager.hpp"
#include "apps/container/text.hpp"
#include "libs/cluufile/explain.hpp"
#include "libs/procfs/process.hpp"

namespace container_tool {

namespace {

std::uint32_t exit_code(std::uint32_t status) {
    const std::uint32_t signal = status & 0x7f;
    return signal != 0 ? 128 + signal : status >> 8 & 0xff;
}

struct Sample {
    std::uint64_t at_ns = 0, cpu_ns = 0;
};

// In hundredths of one CPU.
std::string share_text(const Sample& before, const Sample& after) {
    const std::uint64_t passed = after.at_ns - before.at_ns;
    const std::uint64_t used = after.cpu_ns - std::min(before.cpu_ns, after.cpu_ns);
    const std::uint64_t tenths = passed == 0 ? 0 : used * 1000 / passed;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + "%";
}

void show_stats(const std::vector<ContainerInfo>& containers, std::map<std::uint32_t, Sample>& last,
                bool as_json) {
    Table table({"ID", "NAME", "CPU %", "MEM USAGE / LIMIT", "PIDS"});
    std::string lines;
    const std::uint64_t now = monotonic_now();
    for (const auto& [info, name, image, end] : containers) {
        Sample& before = last.try_emplace(info.id, Sample{info.started_ns, 0}).first->second;
        const Sample sample{now, info.cpu_ns};
        const std::string share = share_text(before, sample);
        before = sample;
        lines += JsonObject()
                     .add("id", std::uint64_t{info.id})
                     .add("name", name)
                     .add("cpuPercent", share)
                     .add("memoryBytes", info.memory_bytes)
                     .add("memoryLimit", info.memory_limit)
                     .add("processes", std::uint64_t{info.processes})
                     .text() +
                 "\n";
        table.add({std::to_string(info.id), name, share,
                   cluufile::size_text(info.memory_bytes) + " / " +
                       cluufile::size_text(info.memory_limit),
                   std::to_string(info.processes)});
    }
    print(as_json ? lines : table.text());
}

}  // namespace

int kill_command(Arguments arguments) {
    std::uint32_t signal = 9;
    if (arguments.size() >= 2 &&
        (std::string_view(arguments[0]) == "-s" || std::string_view(arguments[0]) == "--signal")) {
        const auto given = parse_signal(arguments[1]);
        if (!given) return complain(std::string(arguments[1]) + ": no such signal");
        signal = *given;
        arguments = arguments.subspan(2);
    }
    return for_each(arguments, "kill", [&](Manager& manager, const std::string& name) {
        return manager.signal(name, signal);
    });
}

int wait_command(Arguments arguments) {
    return for_each(arguments, "wait",
                    [](Manager& manager, const std::string& name) -> Result<void> {
                        const auto status = manager.await_end(name);
                        if (!status) return std::unexpected(status.error());
                        print(std::to_string(exit_code(*status)) + "\n");
                        return {};
                    });
}

int restart_command(Arguments arguments) {
    const auto grace = take_grace(arguments);
    if (!grace) return usage_error("restart");
    return for_each(arguments, "restart", [&](Manager& manager, const std::string& name) {
        return manager.restart(name, *grace);
    });
}

int logs_command(Arguments arguments) {
    const bool follows = take_flag(arguments, "-f", "--follow");
    if (arguments.size() != 1) return usage_error("logs");
    auto manager = Manager::open();
    if (!manager) return complain(manager.error());
    std::uint64_t position = 0;
    for (;;) {
        const auto part = manager->read_log(arguments[0], position, follows);
        if (!part) return complain(part.error());
        print(part->text);
        if (part->ended || (!follows && part->text.empty())) return 0;
        position = part->next;
    }
}

int top_command(Arguments arguments) {
    const bool as_json = take_json(arguments);
    if (arguments.size() != 1) return usage_error("top");
    auto manager = Manager::open();
    if (!manager) return complain(manager.error());
    const auto containers = manager->list(false);
    if (!containers) return complain(containers.error());
    const auto found = find_container(*containers, arguments[0]);
    if (!found) return complain(std::string(arguments[0]) + ": no such container");
    Table table({"PID", "PPID", "MEMORY", "COMMAND"});
    std::string lines;
    for (const procfs::Process& one : procfs::list().value_or(std::vector<procfs::Process>{})) {
        if (one.container != found->name || one.arguments.empty()) continue;
        const std::string pid = std::to_string(one.pid), parent = std::to_string(one.parent),
                          memory = std::to_string(one.memory_kib) + " kB";
        table.add({pid, parent, memory, one.arguments});
        lines += JsonObject()
                     .add("pid", pid)
                     .add("ppid", parent)
                     .add("memory", memory)
                     .add("command", one.arguments)
                     .text() +
                 "\n";
    }
    print(as_json ? lines : table.text());
    return 0;
}

// Docker's goes on until it is stopped; so does this one, unless it is told not to.
int stats_command(Arguments arguments) {
    bool as_json = false, once = false;
    for (bool found = true; found;) {
        found = false;
        if (take_json(arguments)) found = as_json = true;
        if (take_flag(arguments, "--no-stream", "--no-stream")) found = once = true;
    }
    auto manager = Manager::open();
    if (!manager) return complain(manager.error());
    std::map<std::uint32_t, Sample> last;
    for (;;) {
        auto containers = manager->list(false);
        if (!containers) return complain(containers.error());
        if (!arguments.empty()) {
            std::erase_if(*containers, [&](const ContainerInfo& one) {
                return std::ranges::none_of(arguments,
                                            [&](const char* name) { return is_called(one, name); });
            });
            if (containers->empty()) return complain("none of these runs");
        }
        show_stats(*containers, last, as_json);
        if (once) return 0;
        const timespec second{.tv_sec = 1, .tv_nsec = 0};
        nanosleep(&second, nullptr);
    }
}

}  // namespace container_tool
