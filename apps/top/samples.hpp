// SPDX-License-Identifier: MIT
// What happened between two looks at the processes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libs/procfs/process.hpp"

namespace top {

using procfs::Process;

struct Snapshot {
    std::uint64_t at_ns = 0;    // after the start of the system
    std::uint64_t busy_ns = 0;  // of all CPUs together, since then
    std::uint64_t cpus = 1;
    std::uint64_t total_kib = 0, free_kib = 0;
    std::string load;  // three numbers
    std::vector<Process> processes;
};

// Fills all but `at_ns` and `processes`, from the texts of these files.
void read_system_files(Snapshot& snapshot, std::string_view stat, std::string_view meminfo,
                       std::string_view loadavg);

struct ProcessRow {
    Process process;
    std::uint64_t cpu_tenths = 0;           // of a percent of one CPU
    std::uint64_t messages_per_second = 0;  // that it sent
};

struct ContainerRow {
    std::string name, image;
    std::uint32_t user = 0;  // of its first process
    std::uint32_t processes = 0;
    std::uint64_t cpu_tenths = 0;
    std::uint64_t memory_kib = 0, limit_kib = 0;  // with the containers inside it
    std::uint64_t messages_per_second = 0;
    std::uint64_t cpu_ns = 0;  // of the processes that are there
};

// What each process did between the two; one that is new, since it started.
[[nodiscard]] std::vector<ProcessRow> rates(const Snapshot& before, const Snapshot& now);
// By container; what belongs to none is left out.
[[nodiscard]] std::vector<ContainerRow> by_container(const std::vector<ProcessRow>& rows);
// Of all CPUs together, in tenths of a percent of one.
[[nodiscard]] std::uint64_t busy_tenths(const Snapshot& before, const Snapshot& now);

}  // namespace top
