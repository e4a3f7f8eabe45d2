// SPDX-License-Identifier: MIT
// The kernel's trace, from its start to its end: events are taken out of the rings as often as `take` is called.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "apps/trace/history.hpp"
#include "libs/ipc/capability.hpp"
#include "libs/ipc/kernel_objects.hpp"

namespace trace_tool {

class Recorder {
public:
    // What is wrong, in words, if a trace cannot be started.
    static std::expected<Recorder, std::string> start();
    // All that is there now.
    void take(History& history);
    // The last events, and the end.
    void stop(History& history);

private:
    Recorder(ipc::Capability<ipc::Memory>&& rings, std::uint64_t cpus)
        : rings_(std::move(rings)), cpus_(cpus) {}

    ipc::Capability<ipc::Memory> rings_;  // the trace ends with it
    std::uint64_t cpus_;
};

}  // namespace trace_tool
