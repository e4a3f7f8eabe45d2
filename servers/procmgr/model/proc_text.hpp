// SPDX-License-Identifier: MIT
// The files of /proc as text, from plain numbers. The formats are those that Linux documents
// (proc(5)), because every program that reads them expects these; what CLUU does not have is 0.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "servers/procmgr/model/process_table.hpp"

namespace procmgr {

// The container of a process.
struct ContainerFacts {
    std::string name;  // empty: none
    std::string image;
    std::uint64_t memory_bytes = 0, memory_limit = 0;  // with those inside it
};

struct ProcessFacts {
    const Process* process = nullptr;
    Pid id = 0;        // the process's, or that of one of its threads
    std::string name;  // likewise
    std::uint32_t threads = 1;
    ContainerFacts container;
    bool on_cpu = false;
    Usage usage;
    std::uint64_t virtual_bytes = 0;
    std::uint32_t terminal = 0;  // major << 8 | minor; 0: none
    std::uint64_t pending_signals = 0;
};

struct SystemFacts {
    std::uint64_t uptime_ns = 0;
    std::uint64_t boot_seconds = 0;  // since 1970
    std::uint64_t total_bytes = 0, free_bytes = 0;
    std::uint64_t cpus = 1;
    std::uint64_t busy_ns = 0;  // CPU time of all processes
    std::uint64_t created = 0;  // processes since boot
    std::uint32_t processes = 0, running = 0;
    Pid last_pid = 0;
};

// How busy the CPU was, averaged over about 1, 5 and 15 minutes, in thousandths. Brought up to date
// whenever somebody looks.
class Load {
public:
    void update(std::uint64_t now_ns, std::uint64_t busy_ns);
    [[nodiscard]] const std::array<std::uint64_t, 3>& thousandths() const { return load_; }

private:
    std::array<std::uint64_t, 3> load_{};
    std::uint64_t last_ns_ = 0, last_busy_ns_ = 0;
};

struct MapLine {
    std::uint64_t start = 0, length = 0;
    bool read = false, write = false, execute = false, shared = false;
};

[[nodiscard]] std::string stat_text(const ProcessFacts& facts);
[[nodiscard]] std::string statm_text(const ProcessFacts& facts);
[[nodiscard]] std::string status_text(const ProcessFacts& facts);
[[nodiscard]] std::string maps_text(const std::vector<MapLine>& lines);

[[nodiscard]] std::string system_stat_text(const SystemFacts& facts);
[[nodiscard]] std::string meminfo_text(const SystemFacts& facts);
[[nodiscard]] std::string uptime_text(const SystemFacts& facts);
[[nodiscard]] std::string loadavg_text(const SystemFacts& facts, const Load& load);

}  // namespace procmgr
