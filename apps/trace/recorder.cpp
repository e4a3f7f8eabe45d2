// SPDX-License-Identifier: MIT
#include "apps/trace/recorder.hpp"

#include <cstring>

#include "interfaces/process_image.hpp"
#include "libs/ipc/names.hpp"

namespace trace_tool {

namespace {

ipc::Ref<ipc::Log> log_capability() { return ipc::Ref<ipc::Log>{process::own_log}; }

std::string explain(abi::Error error) {
    switch (error) {
        case abi::Error::invalid_capability:
        case abi::Error::missing_right:
            return "not permitted (this takes a Cluufile with PROFILE admin)";
        case abi::Error::busy:      return "somebody else is tracing";
        case abi::Error::no_memory: return "no memory for the events";
        default:                    return std::string(ipc::name_of(error));
    }
}

}  // namespace

std::expected<Recorder, std::string> Recorder::start() {
    auto rings = ipc::own_bank()->create_memory(abi::most_trace_pages * abi::page_size);
    if (!rings) {
        return std::unexpected(explain(rings.error()));
    }
    const auto cpus = log_capability()->trace_start(*rings);
    if (!cpus) {
        return std::unexpected(explain(cpus.error()));
    }
    return Recorder(std::move(*rings), *cpus);
}

void Recorder::take(History& history) {
    for (std::uint64_t cpu = 0; cpu < cpus_; ++cpu) {
        std::size_t bytes = abi::message_bytes;
        // Taking them makes a few events, too, but fewer than fit into a page.
        while (bytes == abi::message_bytes) {
            const auto answer = log_capability()->trace_read(cpu);
            bytes = answer ? answer->events.size() : 0;
            std::vector<abi::TraceEvent> events(bytes / sizeof(abi::TraceEvent));
            if (bytes != 0) {
                std::memcpy(events.data(), answer->events.data(),
                            events.size() * sizeof(abi::TraceEvent));
            }
            history.add(events);
            if (answer) {
                history.set_lost(cpu, answer->lost);
            }
        }
    }
}

void Recorder::stop(History& history) {
    take(history);
    (void)log_capability()->trace_stop();
    history.finish();
}

}  // namespace trace_tool
