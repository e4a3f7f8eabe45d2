// SPDX-License-Identifier: MIT
// Container: what one Cluufile became. A bank with the limit, and the plan it was built from.
//
// It runs while it has processes. Containers nest: one that a process of another starts has its bank
// in the other's, and its processes count there too, so that nobody leaves a limit by starting a
// container. When the last process has ended, here and in all that was started from here, the bank
// is destroyed: whatever the container's processes bought for themselves or shared among each other
// (a pipe, for example, that a container started from here still reads) is free again. An exited
// container is kept in the list only if somebody started it by name; one that an exec made is
// forgotten.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "interfaces/container.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "libs/ipc/request.hpp"
#include "servers/procmgr/model/authority.hpp"
#include "servers/procmgr/model/log_ring.hpp"
#include "servers/procmgr/shared_view.hpp"

namespace procmgr {

// As whom, and with what, a container was started.
struct Started {
    Identity identity;
    std::optional<ImageSet> images;  // that it may start
    std::size_t first_argument = 1;  // of those that the starter gave
};

// What it takes to start a container's first process again.
struct RestartKit {
    ImageBlock block;  // its capabilities are slots of procmgr's own table ...
    std::vector<ipc::Capability<ipc::Any>> owned;  // ... and owned here
    ipc::Capability<names::View> starter_view;
    Started by;
};

struct Container {
    std::uint32_t id = 0;
    std::string name;
    Plan plan;
    CommandLineNote command_line;
    std::uint64_t memory_limit = 0;
    std::uint32_t process_limit = 0;
    std::uint32_t descriptor_limit = 0;
    ipc::Capability<ipc::Bank> bank;
    ipc::Capability<ipc::Bank> disk;  // in `bank`: what its private mounts may take; may be none
    ipc::Capability<ipc::SchedContext> cpu;  // what its threads' contexts are within; may be none
    std::uint32_t starter = 0;               // the container it is inside of, or 0
    std::uint32_t inner = 0;  // containers inside this one, without those inside them
    std::uint32_t depth = 0;  // how many containers it is inside of
    Pid main = 0;
    std::uint32_t processes = 0;
    std::uint32_t all_processes = 0;  // with those of the containers inside
    std::uint32_t user = 0;           // who started it
    bool by_name = false;
    int start_entry = -1;  // index in the start table
    container::State state = container::State::running;
    std::uint32_t status = 0;
    container::Cause cause = container::Cause::none;
    std::uint32_t ended_by = container::nobody;  // Info
    std::uint32_t signalled = 0,
                  signalled_by = 0;  // the signal that container::Signal has sent last
    std::string ended_before;        // Stop: the container that it needs, which was to be stopped
    std::string start_failure;       // why it could not be started again
    bool met_process_limit = false;
    bool gave_up = false;  // RESTART
    std::uint64_t ended_ns = 0;
    std::uint32_t restarts = 0;
    std::uint32_t failures = 0;  // in a row
    std::uint64_t started_ns = 0;
    std::uint64_t ended_cpu_ns = 0;        // of processes that have ended
    bool stopping = false;                 // asked to end: no restart
    std::vector<std::uint32_t> waits_for;  // containers that must end before it is told to end ...
    std::uint64_t grace_ns = 0;            // ... with this grace
    container::Health health = container::Health::none;
    Pid check = 0;                 // the process that looks at its health at the moment
    std::uint32_t bad_checks = 0;  // in a row
    std::vector<ipc::PendingReply> awaiting_health;
    std::vector<ipc::PendingReply> stoppers;  // who asked for it, and waits until it has ended
    bool restart_asked = false;               // for when it has ended
    std::vector<ipc::PendingReply> awaiting;  // container::Await
    // Of one that is traced: those of its runs, the latest last. They cost vfs's memory, so of many the latest are kept.
    static constexpr std::size_t most_traced_runs = 4;
    std::vector<ipc::Capability<names::View>> traced_views;
    bool trace_incomplete = false;
    // GRANT argv start: what may be started with the starter's view, by whom it was.
    StartableNames startable;
    SharedView start_view;
    Identity start_identity;
    LogRing log;                              // of one in the background
    ipc::Capability<ipc::Memory> log_memory;  // where it is; none: it has no log
    std::uint32_t log_home = 0;   // the container whose bank pays for that; 0: that of all
    std::uint32_t logs_here = 0;  // whose memory this one's bank pays for
    struct LogReader {
        std::uint64_t position = 0;
        ipc::PendingReply reply;
    };
    std::vector<LogReader> log_readers;
    std::uint32_t flags = 0;  // container::ConfigureNext
    bool forgotten = false;   // not in the list; here only for what is still inside
    std::unique_ptr<RestartKit> kit;

    // It has ended, and will start again.
    [[nodiscard]] bool restarting() const {
        return state == container::State::exited && kit != nullptr && !stopping;
    }
    [[nodiscard]] bool has(cluufile::Profile profile) const { return plan.profiles.has(profile); }
    [[nodiscard]] bool has_log() const { return (flags & container::ConfigureNext::log) != 0; }
    [[nodiscard]] bool traced() const { return (flags & container::ConfigureNext::trace) != 0; }
    [[nodiscard]] bool supervises() const {
        return has(cluufile::Profile::supervisor) || has(cluufile::Profile::admin);
    }
};

}  // namespace procmgr
