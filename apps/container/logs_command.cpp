// SPDX-License-Identifier: MIT
// logs: what a container in the background has written. Its standard output is shown on the caller's, its errors on the
// caller's, as `docker logs` does it; and if something is not kept any more, that is said where it is missing.
#include <unistd.h>
#include <algorithm>

#include "apps/container/command.hpp"
#include "apps/container/log_text.hpp"
#include "apps/container/manager.hpp"
#include "apps/container/options.hpp"
#include "apps/container/text.hpp"
#include "libs/cluufile/explain.hpp"

namespace container_tool {

namespace {

class Shown {
public:
    Shown(std::string name, bool with_times) : name_(std::move(name)), with_times_(with_times) {}

    void show(const LogEntry& entry) {
        const std::string text =
            with_times_ ? stamped(entry, begins_[entry.is_error ? 1 : 0]) : entry.text;
        if (entry.is_error) {
            complain_with(text);
        } else {
            print(text);
        }
    }
    void show_gap(std::uint64_t room) const {
        complain(name_ + ": what came before this is gone: its log holds " +
                 cluufile::size_text(room) + " (LIMIT log, --log-opt max-size)");
    }

private:
    std::string name_;
    bool with_times_;
    bool begins_[2] = {true, true};
};

struct Wanted {
    std::string name;
    bool follows = false;
    std::optional<std::uint64_t> lines;  // none: all
};

int show_log(Manager& manager, const Wanted& wanted, Shown& shown) {
    std::vector<LogEntry> kept;
    std::uint64_t position = 0;
    // What is there already.
    for (;;) {
        auto part = manager.read_log(wanted.name, position, false);
        if (!part) return complain(part.error());
        if (part->dropped && !wanted.lines) shown.show_gap(part->room);
        position = part->next;
        const bool is_all = part->entries.empty();
        std::ranges::move(part->entries, std::back_inserter(kept));
        if (is_all || !wanted.lines) {
            if (wanted.lines) kept = last_lines(std::move(kept), *wanted.lines);
            for (const LogEntry& entry : kept) shown.show(entry);
            kept.clear();
        }
        if (part->ended) return 0;
        if (is_all) break;
    }
    while (wanted.follows) {
        const auto part = manager.read_log(wanted.name, position, true);
        if (!part) return complain(part.error());
        if (part->dropped) shown.show_gap(part->room);
        for (const LogEntry& entry : part->entries) shown.show(entry);
        if (part->ended) break;
        position = part->next;
    }
    return 0;
}

}  // namespace

int logs_command(Arguments arguments) {
    constexpr Option known[] = {{.letter = 'f', .name = "follow"},
                                {.letter = 'n', .name = "tail", .has_value = true},
                                {.letter = 't', .name = "timestamps"}};
    const auto options = Options::parse(arguments, known);
    if (!options || options->names().size() != 1) return usage_error("logs");
    Wanted wanted{.name = options->names()[0], .follows = options->has("follow"), .lines = {}};
    if (const auto tail = options->value("tail"); tail && *tail != "all") {
        wanted.lines = parse_count(*tail);
        if (!wanted.lines) return usage_error("logs");
    }
    auto manager = Manager::open();
    if (!manager) return complain(manager.error());
    Shown shown(wanted.name, options->has("timestamps"));
    return show_log(*manager, wanted, shown);
}

}  // namespace container_tool
