// SPDX-License-Identifier: MIT
// inspect: what procmgr knows of containers, in JSON with Docker's names for what Docker has, or as lines.
#include <algorithm>

#include "apps/container/command.hpp"
#include "apps/container/json.hpp"
#include "apps/container/manager.hpp"
#include "apps/container/options.hpp"
#include "apps/container/text.hpp"

namespace container_tool {

namespace {

// Of procmgr's lines, those that `State` and its neighbours do not say already.
std::string other_lines(std::string_view text) {
    constexpr std::string_view said[] = {"name", "id",     "image",         "state",   "health",
                                         "end",  "status", "first process", "restarts"};
    std::string out;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (!std::ranges::contains(said, line.substr(0, line.find(": "))))
            out += std::string(line) + "\n";
    }
    return out;
}

std::string json_of(const ContainerInfo& one, std::string_view text) {
    const container::Info& info = one.info;
    const bool runs = info.state == container::State::running;
    JsonObject state;
    state.add("Status", word_of(info.state))
        .add_json("Running", runs ? "true" : "false")
        .add_json("Restarting", info.state == container::State::restarting ? "true" : "false")
        .add_json("OOMKilled", info.cause == container::Cause::memory ? "true" : "false")
        .add("Pid", std::uint64_t{runs ? info.pid : 0})
        .add("ExitCode", std::uint64_t{runs ? 0 : exit_code(info.status)})
        .add("Error", one.end);
    if (info.health != container::Health::none)
        state.add_json("Health", JsonObject().add("Status", word_of(info.health)).text());
    return JsonObject()
        .add("Id", std::to_string(info.id))
        .add("Name", one.name)
        .add("Image", one.image)
        .add_json("State", state.text())
        .add("RestartCount", std::uint64_t{info.restarts})
        .add_members(json_of_lines(other_lines(text)))
        .text();
}

}  // namespace

int inspect_command(Arguments arguments) {
    constexpr Option known[] = {format_option};
    const auto options = Options::parse(arguments, known);
    const std::string_view format =
        options ? options->value("format").value_or("array") : std::string_view{};
    const bool is_known = format == "array" || format == "json" || format == "text";
    if (!is_known || options->names().empty()) return usage_error("inspect");
    std::vector<std::string> objects;
    const int status = for_each(options->names(), "inspect",
                                [&](Manager& manager, const std::string& name) -> Result<void> {
                                    auto text = manager.inspect(name);
                                    if (!text) return std::unexpected(text.error());
                                    const auto all = manager.list(true);
                                    const auto one =
                                        all ? find_container(*all, name) : std::nullopt;
                                    if (format == "text") {
                                        print(*text);
                                    } else if (one) {
                                        objects.push_back(json_of(*one, *text));
                                        if (format == "json") print(objects.back() + "\n");
                                    }
                                    return {};
                                });
    if (format == "array") print(json_indented(json_list(objects)) + "\n");
    return status;
}

}  // namespace container_tool
