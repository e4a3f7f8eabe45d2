// SPDX-License-Identifier: MIT
// kill, wait, restart, top and stats: what is asked of a container that runs.
#include <unistd.h>
#include <algorithm>
#include <ctime>
#include <map>

#include "apps/container/command.hpp"
#include "apps/container/json.hpp"
#include "apps/container/manager.hpp"
#include "apps/container/options.hpp"
#include "apps/container/text.hpp"
#include "libs/cluufile/explain.hpp"
#include "libs/procfs/process.hpp"

namespace container_tool {

namespace {

struct Sample {
    std::uint64_t at_ns = 0, cpu_ns = 0;
};

std::string percent_text(std::uint64_t part, std::uint64_t whole) {
    const std::uint64_t tenths = whole == 0 ? 0 : part * 1000 / whole;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + "%";
}

// In hundredths of one CPU.
std::string share_text(const Sample& before, const Sample& after) {
    const std::uint64_t passed = after.at_ns - before.at_ns;
    const std::uint64_t used = after.cpu_ns - std::min(before.cpu_ns, after.cpu_ns);
    return percent_text(used, passed);
}

void show_stats(const std::vector<ContainerInfo>& containers, std::map<std::uint32_t, Sample>& last,
                bool as_json) {
    Table table({"ID", "NAME", "CPU %", "MEM USAGE / LIMIT", "MEM %", "PIDS"});
    std::string lines;
    const std::uint64_t now = monotonic_now();
    for (const auto& [info, name, image, end] : containers) {
        Sample& before = last.try_emplace(info.id, Sample{info.started_ns, 0}).first->second;
        const Sample sample{now, info.cpu_ns};
        const bool runs = info.state == container::State::running;
        const std::string share = runs ? share_text(before, sample) : percent_text(0, 1);
        before = sample;
        const std::string used =
            cluufile::size_text(info.memory_bytes) + " / " + cluufile::size_text(info.memory_limit);
        const std::string part = percent_text(info.memory_bytes, info.memory_limit);
        lines += JsonObject()
                     .add("ID", std::to_string(info.id))
                     .add("Container", name)
                     .add("Name", name)
                     .add("CPUPerc", share)
                     .add("MemUsage", used)
                     .add("MemPerc", part)
                     .add("PIDs", std::to_string(info.processes))
                     .add("MemoryBytes", info.memory_bytes)
                     .add("MemoryLimit", info.memory_limit)
                     .text() +
                 "\n";
        table.add(
            {std::to_string(info.id), name, share, used, part, std::to_string(info.processes)});
    }
    print(as_json ? lines : table.text());
}

}  // namespace

int kill_command(Arguments arguments) {
    constexpr Option known[] = {{.letter = 's', .name = "signal", .has_value = true}};
    const auto options = Options::parse(arguments, known);
    if (!options) return usage_error("kill");
    const std::string_view word = options->value("signal").value_or("KILL");
    const auto signal = parse_signal(word);
    if (!signal) return complain(std::string(word) + ": no such signal");
    return do_each(options->names(), "kill", [&](Manager& manager, const std::string& name) {
        return manager.signal(name, *signal);
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
    const auto how = end_options(arguments);
    if (!how) return usage_error("restart");
    return do_each(how->options.names(), "restart", [&](Manager& manager, const std::string& name) {
        return manager.restart(name, how->grace_ns);
    });
}

int top_command(Arguments arguments) {
    constexpr Option known[] = {format_option};
    const auto options = Options::parse(arguments, known);
    if (!options || options->names().size() != 1 || !has_known_format(*options))
        return usage_error("top");
    const std::string name = options->names()[0];
    auto manager = Manager::open();
    if (!manager) return complain(manager.error());
    const auto containers = manager->list(false);
    if (!containers) return complain(containers.error());
    const auto found = find_container(*containers, name);
    if (!found) return complain(name + ": no such container");
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
    print(options->has("format") ? lines : table.text());
    return 0;
}

// Docker's goes on until it is stopped; so does this one, unless it is told not to.
int stats_command(Arguments arguments) {
    constexpr Option known[] = {
        {.letter = 'a', .name = "all"}, {.name = "no-stream"}, format_option};
    const auto options = Options::parse(arguments, known);
    if (!options || !has_known_format(*options)) return usage_error("stats");
    const auto names = options->names();
    // On a terminal each list takes the place of the one before.
    const bool clears = !options->has("no-stream") && isatty(STDOUT_FILENO) == 1;
    auto manager = Manager::open();
    if (!manager) return complain(manager.error());
    std::map<std::uint32_t, Sample> last;
    for (;;) {
        auto containers = manager->list(options->has("all"));
        if (!containers) return complain(containers.error());
        if (!names.empty()) {
            std::erase_if(*containers, [&](const ContainerInfo& one) {
                return std::ranges::none_of(names,
                                            [&](const char* name) { return is_called(one, name); });
            });
            if (containers->empty()) return complain("none of these runs");
        }
        if (clears) print("\x1b[H\x1b[J");
        show_stats(*containers, last, options->has("format"));
        if (options->has("no-stream")) return 0;
        const timespec second{.tv_sec = 1, .tv_nsec = 0};
        nanosleep(&second, nullptr);
    }
}

}  // namespace container_tool
