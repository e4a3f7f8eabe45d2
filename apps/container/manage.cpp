// SPDX-License-Identifier: MIT
// ls, stop and rm, and what they share with others.
#include <pwd.h>
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

std::string user_name(std::uint32_t user) {
    const passwd* entry = getpwuid(user);
    return entry == nullptr ? "user " + std::to_string(user) : entry->pw_name;
}

std::string time_since(std::uint64_t then, std::uint64_t now) {
    return duration_text(now > then ? now - then : 0);
}

std::string end_of(const ContainerInfo& one, std::uint64_t now) {
    std::string text = one.end;
    if (one.info.ended_by != container::nobody) text += " (" + user_name(one.info.ended_by) + ")";
    return text + ", " + time_since(one.info.ended_ns, now) + " ago";
}

std::string state_of(const ContainerInfo& one, std::uint64_t now) {
    if (one.info.state == container::State::exited) return end_of(one, now);
    if (one.info.state == container::State::restarting) return "restarting, " + end_of(one, now);
    std::string text = "up " + time_since(one.info.started_ns, now);
    switch (one.info.health) {
        case container::Health::none:      break;
        case container::Health::starting:  return text + " (health: starting)";
        case container::Health::healthy:   return text + " (healthy)";
        case container::Health::unhealthy: return text + " (unhealthy)";
    }
    return text;
}

std::string memory_of(const container::Info& info) {
    std::string text = size_text(info.memory_bytes);
    if (info.memory_limit != 0) text += " / " + size_text(info.memory_limit);
    return text;
}

std::string json_of(const ContainerInfo& one, std::uint64_t now) {
    const bool runs = one.info.state == container::State::running;
    return JsonObject()
        .add("ID", std::to_string(one.info.id))
        .add("Names", one.name)
        .add("Image", one.image)
        .add("State", word_of(one.info.state))
        .add("Status", state_of(one, now))
        .add("RunningFor", time_since(one.info.started_ns, now) + " ago")
        .add("End", one.end)
        .add("ExitCode", std::uint64_t{runs ? 0 : exit_code(one.info.status)})
        .add("Health", word_of(one.info.health))
        .add("PID", std::uint64_t{one.info.pid})
        .add("Processes", std::uint64_t{one.info.processes})
        .add("Restarts", std::uint64_t{one.info.restarts})
        .add("MemoryBytes", one.info.memory_bytes)
        .add("MemoryLimit", one.info.memory_limit)
        .add("CPUNanoseconds", one.info.cpu_ns)
        .text();
}

}  // namespace

std::string_view word_of(container::State state) {
    constexpr std::string_view words[] = {"running", "exited", "restarting"};
    return words[static_cast<std::size_t>(state)];
}

std::string_view word_of(container::Health health) {
    constexpr std::string_view words[] = {"none", "starting", "healthy", "unhealthy"};
    return words[static_cast<std::size_t>(health)];
}

std::uint32_t exit_code(std::uint32_t status) {
    const std::uint32_t signal = status & 0x7f;
    return signal != 0 ? 128 + signal : status >> 8 & 0xff;
}

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

int do_each(std::span<char* const> names, std::string_view command,
            const std::function<Result<void>(Manager&, const std::string&)>& each) {
    return for_each(names, command, [&](Manager& manager, const std::string& name) {
        auto done = each(manager, name);
        if (done) print(name + "\n");
        return done;
    });
}

std::optional<EndOptions> end_options(std::span<char* const> arguments) {
    constexpr Option known[] = {{.letter = 't', .name = "time", .has_value = true},
                                {.name = "timeout", .has_value = true}};
    auto options = Options::parse(arguments, known);
    if (!options) return std::nullopt;
    std::uint64_t seconds = default_grace_seconds;
    for (const Option& option : known) {
        const auto word = options->value(option.name);
        const auto given = word ? parse_seconds(*word) : std::optional(seconds);
        if (!given) return std::nullopt;
        seconds = *given;
    }
    return EndOptions{seconds * nanoseconds_per_second, std::move(*options)};
}

int list_command(Arguments arguments) {
    constexpr Option known[] = {{.letter = 'a', .name = "all"}, quiet_option, format_option};
    const auto options = Options::parse(arguments, known);
    if (!options || !options->names().empty() || !has_known_format(*options))
        return usage_error("ls");
    auto manager = Manager::open();
    if (!manager) return complain(manager.error());
    auto containers = manager->list(options->has("all"));
    if (!containers) return complain(containers.error());
    const std::uint64_t now = monotonic_now();
    Table table({"ID", "NAME", "IMAGE", "STATE", "PID", "PROCESSES", "MEMORY", "CPU"});
    std::string lines;
    for (const ContainerInfo& one : *containers) {
        const container::Info& info = one.info;
        if (options->has("quiet")) {
            lines += std::to_string(info.id) + "\n";
        } else if (options->has("format")) {
            lines += json_of(one, now) + "\n";
        } else {
            table.add({std::to_string(info.id), one.name, one.image, state_of(one, now),
                       std::to_string(info.pid), std::to_string(info.processes), memory_of(info),
                       cpu_text(info.cpu_ns)});
        }
    }
    print(options->has("quiet") || options->has("format") ? lines : table.text());
    return 0;
}

int stop_command(Arguments arguments) {
    const auto how = end_options(arguments);
    if (!how) return usage_error("stop");
    return do_each(how->options.names(), "stop", [&](Manager& manager, const std::string& name) {
        return manager.stop(name, how->grace_ns);
    });
}

int remove_command(Arguments arguments) {
    constexpr Option known[] = {force_option};
    const auto options = Options::parse(arguments, known);
    if (!options) return usage_error("rm");
    return do_each(options->names(), "rm",
                   [&](Manager& manager, const std::string& name) -> Result<void> {
                       if (options->has("force")) {
                           auto stopped = manager.stop(name, 0);
                           if (!stopped) return stopped;
                       }
                       return manager.remove(name);
                   });
}

}  // namespace container_tool
