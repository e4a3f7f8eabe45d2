// SPDX-License-Identifier: MIT
#include "servers/procmgr/model/proc_text.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "servers/procmgr/model/text.hpp"

namespace procmgr {
namespace {

constexpr std::uint64_t tick_ns = 10'000'000;  // the unit of CPU times in these files (USER_HZ 100)
constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::uint64_t page = 4096;

char state_letter(const ProcessFacts& facts) {
    switch (facts.process->life) {
        case Life::zombie:  return 'Z';
        case Life::stopped: return 'T';
        case Life::running: break;
    }
    return facts.on_cpu ? 'R' : 'S';
}

std::string_view state_word(char letter) {
    switch (letter) {
        case 'Z': return "zombie";
        case 'T': return "stopped";
        case 'R': return "running";
        default:  return "sleeping";
    }
}

// procmgr has no parent, and shows itself so.
Pid shown_parent(const Process& process) {
    return process.pid == ProcessTable::self ? 0 : process.parent;
}

std::uint64_t ticks(std::uint64_t ns) { return ns / tick_ns; }

// Seconds with two digits after the point.
std::string hundredths(std::uint64_t ns) {
    const std::uint64_t part = ns % second_ns / tick_ns;
    return decimal(ns / second_ns) + (part < 10 ? ".0" : ".") + decimal(part);
}

void field(std::string& out, std::uint64_t number) {
    out += ' ';
    out += decimal(number);
}

std::string kilobytes(std::string_view name, std::uint64_t bytes) {
    std::string number = decimal(bytes / 1024);
    std::string line{name};
    line += ":";
    line.append(line.size() < 16 ? 16 - line.size() : 1, ' ');
    line.append(number.size() < 8 ? 8 - number.size() : 0, ' ');
    return line + number + " kB\n";
}

}  // namespace

void Load::update(std::uint64_t now_ns, std::uint64_t busy_ns) {
    const std::uint64_t passed = now_ns - last_ns_;
    if (passed < tick_ns) {
        return;
    }
    const std::uint64_t busy = busy_ns > last_busy_ns_ ? busy_ns - last_busy_ns_ : 0;
    const std::uint64_t share = std::min<std::uint64_t>(busy * 1000 / passed, 1000);
    constexpr std::array<std::uint64_t, 3> windows{60 * second_ns, 300 * second_ns,
                                                   900 * second_ns};
    for (std::size_t i = 0; i < load_.size(); ++i) {
        // In milliseconds, so that the products stay small.
        const std::uint64_t window = windows[i] / 1'000'000;
        const std::uint64_t span = std::min(passed / 1'000'000, window * 100);
        load_[i] = (load_[i] * window + share * span) / (window + span);
    }
    last_ns_ = now_ns;
    last_busy_ns_ = busy_ns;
}

// The 52 fields of proc(5), in its order.
std::string stat_text(const ProcessFacts& facts) {
    const Process& process = *facts.process;
    std::string out = decimal(facts.id) + " (" + facts.name + ") " + state_letter(facts);
    field(out, shown_parent(process));
    field(out, process.group);
    field(out, process.session);
    field(out, facts.terminal);
    out += facts.terminal == 0 ? " -1" : " " + decimal(process.group);
    for (int i = 0; i < 5; ++i) {  // flags, page faults
        field(out, 0);
    }
    field(out, ticks(facts.usage.cpu_ns));
    field(out, 0);
    field(out, ticks(process.children_usage.cpu_ns));
    field(out, 0);
    // priority, nice, threads, itrealvalue
    out += " " + decimal_signed(20 + process.nice) + " " + decimal_signed(process.nice) + " " +
           decimal(facts.threads) + " 0";
    field(out, ticks(process.started_ns));
    field(out, facts.virtual_bytes);
    field(out, facts.usage.peak_bytes / page);
    for (int i = 25; i <= 52; ++i) {
        field(out, i == 31 ? facts.pending_signals : i == 38 ? 17 : 0);  // exit signal: SIGCHLD
    }
    return out + "\n";
}

std::string statm_text(const ProcessFacts& facts) {
    return decimal(facts.virtual_bytes / page) + " " + decimal(facts.usage.peak_bytes / page) +
           " 0 0 0 0 0\n";
}

std::string status_text(const ProcessFacts& facts) {
    const Process& process = *facts.process;
    const char letter = state_letter(facts);
    std::string out = "Name:\t" + printable(facts.name) + "\nState:\t" + letter + " (" +
                      std::string{state_word(letter)} + ")\nTgid:\t" + decimal(process.pid) +
                      "\nPid:\t" + decimal(facts.id) + "\nPPid:\t" +
                      decimal(shown_parent(process)) + "\nTracerPid:\t0\n";
    // The last one is that of file access, which the effective one is.
    const auto four = [&process](std::string_view name, std::uint32_t Identity::* which) {
        const std::string effective = decimal(process.identity.*which);
        return std::string{name} + "\t" + decimal(process.real.*which) + "\t" + effective + "\t" +
               decimal(process.saved.*which) + "\t" + effective + "\n";
    };
    out += four("Uid:", &Identity::user) + four("Gid:", &Identity::group);
    out += "VmSize:\t" + decimal(facts.virtual_bytes / 1024) + " kB\nVmRSS:\t" +
           decimal(facts.usage.peak_bytes / 1024) + " kB\nThreads:\t" + decimal(facts.threads) +
           "\nSigPnd:\t" + hexadecimal(facts.pending_signals, 16) + "\n";
    // What follows Linux does not have.
    out += "CpuTime:\t" + decimal(facts.usage.cpu_ns) + " ns\nMessages:\t" +
           decimal(facts.usage.messages) + "\n";
    if (const ContainerFacts& container = facts.container; !container.name.empty()) {
        out += "Container:\t" + container.name + "\nImage:\t" + container.image +
               "\nContainerMem:\t" + decimal(container.memory_bytes / 1024) +
               " kB\nContainerMax:\t" + decimal(container.memory_limit / 1024) + " kB\n";
    }
    return out;
}

std::string maps_text(const std::vector<MapLine>& lines) {
    std::string out;
    for (const MapLine& line : lines) {
        out += hexadecimal(line.start, 8) + "-" + hexadecimal(line.start + line.length, 8) + " ";
        out += line.read ? 'r' : '-';
        out += line.write ? 'w' : '-';
        out += line.execute ? 'x' : '-';
        out += line.shared ? 's' : 'p';
        out += " 00000000 00:00 0\n";
    }
    return out;
}

std::string system_stat_text(const SystemFacts& facts) {
    const std::uint64_t all = facts.uptime_ns * facts.cpus;
    const std::uint64_t idle = all > facts.busy_ns ? all - facts.busy_ns : 0;
    const auto times = [&](std::uint64_t part) {
        return decimal(ticks(facts.busy_ns / part)) + " 0 0 " + decimal(ticks(idle / part)) +
               " 0 0 0 0 0 0\n";
    };
    std::string out = "cpu  " + times(1);
    // Which CPU was busy is not recorded: each has its share.
    for (std::uint64_t i = 0; i < facts.cpus; ++i) {
        out += "cpu" + decimal(i) + " " + times(facts.cpus);
    }
    return out + "intr 0\nctxt 0\nbtime " + decimal(facts.boot_seconds) + "\nprocesses " +
           decimal(facts.created) + "\nprocs_running " + decimal(facts.running) +
           "\nprocs_blocked 0\n";
}

std::string meminfo_text(const SystemFacts& facts) {
    std::string out;
    const std::initializer_list<std::pair<std::string_view, std::uint64_t>> lines{
        {"MemTotal", facts.total_bytes},
        {"MemFree", facts.free_bytes},
        {"MemAvailable", facts.free_bytes},
        {"Buffers", 0},
        {"Cached", 0},
        {"SwapCached", 0},
        {"Active", 0},
        {"Inactive", 0},
        {"SwapTotal", 0},
        {"SwapFree", 0},
        {"Dirty", 0},
        {"Writeback", 0},
        {"AnonPages", facts.total_bytes - std::min(facts.total_bytes, facts.free_bytes)},
        {"Mapped", 0},
        {"Shmem", 0},
        {"Slab", 0}};
    for (const auto& [name, bytes] : lines) {
        out += kilobytes(name, bytes);
    }
    return out;
}

std::string uptime_text(const SystemFacts& facts) {
    const std::uint64_t idle =
        facts.uptime_ns > facts.busy_ns ? facts.uptime_ns - facts.busy_ns : 0;
    return hundredths(facts.uptime_ns) + " " + hundredths(idle) + "\n";
}

std::string loadavg_text(const SystemFacts& facts, const Load& load) {
    std::string out;
    for (const std::uint64_t thousandths : load.thousandths()) {
        out += hundredths(thousandths * 1'000'000) + " ";
    }
    return out + decimal(facts.running) + "/" + decimal(facts.processes) + " " +
           decimal(facts.last_pid) + "\n";
}

}  // namespace procmgr
