// SPDX-License-Identifier: MIT
// One line an event: microseconds since the first one, the CPU, the thread, what happened.
#include <cstdio>

#include "apps/trace/history.hpp"
#include "apps/trace/names.hpp"

namespace trace_tool {

namespace {

using abi::TraceEvent;
using abi::TraceKind;

std::string detail_of(const History& history, const TraceEvent& event) {
    switch (event.kind) {
        case TraceKind::call:
        case TraceKind::reply:
        case TraceKind::message:
            return " to " + history.thread_name(static_cast<std::uint32_t>(event.a));
        case TraceKind::system_call:
        case TraceKind::operation:
            // What receive is called with names its reply object, too: in the upper half.
            return " of capability " + std::to_string(static_cast<std::uint32_t>(event.a));
        case TraceKind::fault: {
            char text[32];
            std::snprintf(text, sizeof text, " at %#llx", static_cast<unsigned long long>(event.a));
            return text;
        }
        default: return "";
    }
}

}  // namespace

std::string as_text(const History& history, const Clock& clock) {
    std::string text;
    const std::uint64_t begin = history.events().empty() ? 0 : history.events().front().tsc;
    for (const TraceEvent& event : history.events()) {
        const std::uint64_t ns = clock.nanoseconds(begin, event.tsc);
        const std::string who = event.thread == 0 ? "-" : history.thread_name(event.thread);
        const bool idles = event.kind == TraceKind::switched && event.thread == 0;
        char head[96];
        std::snprintf(head, sizeof head, "%9llu.%03llu %2d %-20s ",
                      static_cast<unsigned long long>(ns / 1000),
                      static_cast<unsigned long long>(ns % 1000), event.cpu, who.c_str());
        text += head + (idles ? "idle" : name_of(event)) + detail_of(history, event) + "\n";
    }
    if (history.lost() != 0) {
        text += std::to_string(history.lost()) + " events were lost\n";
    }
    return text;
}

}  // namespace trace_tool
