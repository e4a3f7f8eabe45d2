// SPDX-License-Identifier: MIT
// ls, stop, rm and inspect.
#include <ctime>

#include "apps/container/command.hpp"
#include "apps/container/manager.hpp"
#include "apps/container/text.hpp"
#include "libs/cluufile/explain.hpp"

namespace container_tool {

namespace {

using cluufile::size_text;

constexpr std::uint64_t nanoseconds_per_second = 1'000'000'000;
constexpr std::uint64_t default_grace_seconds = 10;

std::uint64_t monotonic_now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * nanoseconds_per_second +
           static_cast<std::uint64_t>(time.tv_nsec);
}

std::string state_of(const container::Info& info, std::uint64_t now) {
    if (info.state == container::State::exited) return status_text(info.status);
    return "up " + duration_text(now > info.started_ns ? now - info.started_ns : 0);
}

std::string memory_of(const container::Info& info) {
    std::string text = size_text(info.memory_bytes);
    if (info.memory_limit != 0) text += " / " + size_text(info.memory_limit);
    return text;
}

// Does the same with each name, and goes on after a failure.
template <class Each>
int for_each(Arguments names, std::string_view command, Each each) {
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

}  // namespace

int list_command(Arguments arguments) {
    bool also_exited = arguments.size() == 1 && std::string_view(arguments[0]) == "-a";
    if (!arguments.empty() && !also_exited) return usage_error("ls");
    auto manager = Manager::open();
    if (!manager) return complain(manager.error());
    auto containers = manager->list(also_exited);
    if (!containers) return complain(containers.error());
    std::uint64_t now = monotonic_now();
    Table table({"ID", "NAME", "IMAGE", "STATE", "PID", "PROCESSES", "MEMORY", "CPU"});
    for (const ContainerInfo& one : *containers) {
        const container::Info& info = one.info;
        table.add({std::to_string(info.id), one.name, one.image, state_of(info, now),
                   std::to_string(info.pid), std::to_string(info.processes), memory_of(info),
                   cpu_text(info.cpu_ns)});
    }
    print(table.text());
    return 0;
}

int stop_command(Arguments arguments) {
    std::uint64_t seconds = default_grace_seconds;
    if (arguments.size() >= 2 && std::string_view(arguments[0]) == "-t") {
        auto given = parse_seconds(arguments[1]);
        if (!given) return usage_error("stop");
        seconds = *given;
        arguments = arguments.subspan(2);
    }
    return for_each(arguments, "stop", [&](Manager& manager, const std::string& name) {
        return manager.stop(name, seconds * nanoseconds_per_second);
    });
}

int remove_command(Arguments arguments) {
    return for_each(arguments, "rm",
                    [](Manager& manager, const std::string& name) { return manager.remove(name); });
}

int inspect_command(Arguments arguments) {
    return for_each(arguments, "inspect",
                    [](Manager& manager, const std::string& name) -> Result<void> {
                        auto text = manager.inspect(name);
                        if (!text) return std::unexpected(text.error());
                        print(*text);
                        return {};
                    });
}

}  // namespace container_tool
