// SPDX-License-Identifier: MIT
// ls, stop, rm and inspect.
#include <ctime>

#include "apps/container/command.hpp"
#include "apps/container/json.hpp"
#include "apps/container/manager.hpp"
#include "apps/container/text.hpp"
#include "libs/cluufile/explain.hpp"

namespace container_tool {

namespace {

using cluufile::size_text;

constexpr std::uint64_t nanoseconds_per_second = 1'000'000'000;
constexpr std::uint64_t default_grace_seconds = 10;

std::string state_of(const ContainerInfo& one, std::uint64_t now) {
    if (one.info.state == container::State::exited) return one.end;
    if (one.info.state == container::State::restarting) return "restarting, " + one.end;
    const std::uint64_t started = one.info.started_ns;
    std::string text = "up " + duration_text(now > started ? now - started : 0);
    switch (one.info.health) {
        case container::Health::none:      break;
        case container::Health::starting:  return text + " (health: starting)";
        case container::Health::healthy:   return text + " (healthy)";
        case container::Health::unhealthy: return text + " (unhealthy)";
    }
    return text;
}

std::string_view word_of(container::State state) {
    constexpr std::string_view words[] = {"running", "exited", "restarting"};
    return words[static_cast<std::size_t>(state)];
}

std::string_view word_of(container::Health health) {
    constexpr std::string_view words[] = {"none", "starting", "healthy", "unhealthy"};
    return words[static_cast<std::size_t>(health)];
}

std::string memory_of(const container::Info& info) {
    std::string text = size_text(info.memory_bytes);
    if (info.memory_limit != 0) text += " / " + size_text(info.memory_limit);
    return text;
}

std::string json_of(const ContainerInfo& one, const std::string& state) {
    return JsonObject()
        .add("id", std::uint64_t{one.info.id})
        .add("name", one.name)
        .add("image", one.image)
        .add("state", word_of(one.info.state))
        .add("status", state)
        .add("end", one.end)
        .add("health", word_of(one.info.health))
        .add("pid", std::uint64_t{one.info.pid})
        .add("processes", std::uint64_t{one.info.processes})
        .add("restarts", std::uint64_t{one.info.restarts})
        .add("memoryBytes", one.info.memory_bytes)
        .add("memoryLimit", one.info.memory_limit)
        .add("cpuNanoseconds", one.info.cpu_ns)
        .text();
}

}  // namespace

std::uint64_t monotonic_now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * nanoseconds_per_second +
           static_cast<std::uint64_t>(time.tv_nsec);
}

bool is_called(const ContainerInfo& one, std::string_view name) {
    return one.name == name || std::to_string(one.info.id) == name;
}

std::optional<ContainerInfo> find_container(const std::vector<ContainerInfo>& containers,
                                            std::string_view name) {
    for (const ContainerInfo& one : containers) {
        if (is_called(one, name)) return one;
    }
    return std::nullopt;
}

int for_each(Arguments names, std::string_view command,
             const std::function<Result<void>(Manager&, const std::string&)>& each) {
    if (names.empty()) return usage_error(command);
    auto manager = Manager::open();
    if (!manager) return complain(manager.error());
    int status = 0;
    for (const char* name : names) {
        auto done = each(*manager, std::string(name));
        if (!done) status = complain(done.error());
    }
    return status;
}

std::optional<std::uint64_t> take_grace(Arguments& arguments) {
    if (!take_flag(arguments, "-t", "--time"))
        return default_grace_seconds * nanoseconds_per_second;
    const auto given = arguments.empty() ? std::nullopt : parse_seconds(arguments[0]);
    if (!given) return std::nullopt;
    arguments = arguments.subspan(1);
    return *given * nanoseconds_per_second;
}

int list_command(Arguments arguments) {
    bool also_exited = false, only_names = false, as_json = false;
    for (bool found = true; found;) {
        found = false;
        if (take_flag(arguments, "-a", "--all")) found = also_exited = true;
        if (take_flag(arguments, "-q", "--quiet")) found = only_names = true;
        if (take_flag(arguments, "-aq", "-qa")) found = also_exited = only_names = true;
        if (take_json(arguments)) found = as_json = true;
    }
    if (!arguments.empty()) return usage_error("ls");
    auto manager = Manager::open();
    if (!manager) return complain(manager.error());
    auto containers = manager->list(also_exited);
    if (!containers) return complain(containers.error());
    std::uint64_t now = monotonic_now();
    Table table({"ID", "NAME", "IMAGE", "STATE", "PID", "PROCESSES", "MEMORY", "CPU"});
    std::string lines;
    for (const ContainerInfo& one : *containers) {
        const container::Info& info = one.info;
        if (only_names) {
            lines += std::to_string(info.id) + "\n";
        } else if (as_json) {
            lines += json_of(one, state_of(one, now)) + "\n";
        } else {
            table.add({std::to_string(info.id), one.name, one.image, state_of(one, now),
                       std::to_string(info.pid), std::to_string(info.processes), memory_of(info),
                       cpu_text(info.cpu_ns)});
        }
    }
    print(only_names || as_json ? lines : table.text());
    return 0;
}

int stop_command(Arguments arguments) {
    const auto grace = take_grace(arguments);
    if (!grace) return usage_error("stop");
    return for_each(arguments, "stop", [&](Manager& manager, const std::string& name) {
        return manager.stop(name, *grace);
    });
}

int remove_command(Arguments arguments) {
    const bool ends_it = take_flag(arguments, "-f", "--force");
    return for_each(arguments, "rm",
                    [ends_it](Manager& manager, const std::string& name) -> Result<void> {
                        if (ends_it) {
                            auto stopped = manager.stop(name, 0);
                            if (!stopped) return stopped;
                        }
                        return manager.remove(name);
                    });
}

int inspect_command(Arguments arguments) {
    const bool as_json = take_json(arguments);
    return for_each(arguments, "inspect",
                    [as_json](Manager& manager, const std::string& name) -> Result<void> {
                        auto text = manager.inspect(name);
                        if (!text) return std::unexpected(text.error());
                        print(as_json ? json_of_lines(*text) + "\n" : *text);
                        return {};
                    });
}

}  // namespace container_tool
