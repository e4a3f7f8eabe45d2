// SPDX-License-Identifier: MIT
// Numbers and structures of Linux x86-64 around processes, threads, limits and scheduling.
#pragma once

#include <cstddef>
#include <cstdint>

namespace linux_abi {

struct CloneFlag {
    static constexpr std::uint64_t exit_signal = 0xff;
    static constexpr std::uint64_t memory = 0x100, directory = 0x200, files = 0x400;
    static constexpr std::uint64_t handlers = 0x800, pidfd = 0x1000, vfork = 0x4000;
    static constexpr std::uint64_t parent = 0x8000, thread = 0x10000, namespaces = 0x7e020000;
    static constexpr std::uint64_t semaphores = 0x40000, set_tls = 0x80000;
    static constexpr std::uint64_t parent_set_id = 0x100000, child_clear_id = 0x200000;
    static constexpr std::uint64_t child_set_id = 0x1000000;
};

struct WaitOption {
    static constexpr std::uint32_t no_hang = 1, stopped = 2, exited = 4, continued = 8;
    static constexpr std::uint32_t keep = 0x01000000;
    static constexpr std::uint32_t no_thread = 0x20000000, all = 0x40000000, clone = 0x80000000;
};

struct WaitKind {  // idtype_t
    static constexpr std::uint32_t all = 0, pid = 1, group = 2, pidfd = 3;
};

struct Timeval {
    std::int64_t seconds, microseconds;
};
struct Timespec {
    std::int64_t seconds, nanoseconds;
};
struct IntervalTimer {
    Timeval interval, value;
};

struct ResourceUsage {
    Timeval user, system;
    std::int64_t peak_kilobytes;
    std::int64_t others[13];
};
static_assert(sizeof(ResourceUsage) == 144);

struct ResourceLimit {
    std::uint64_t soft, hard;
};

struct ProcessTimes {  // clock ticks of 10 ms
    std::int64_t user, system, children_user, children_system;
};

struct SystemNames {  // struct utsname
    char system[65], node[65], release[65], version[65], machine[65], domain[65];
};

struct SystemInfo {
    std::int64_t uptime;
    std::uint64_t loads[3];
    std::uint64_t total_memory, free_memory, shared_memory, buffer_memory;
    std::uint64_t total_swap, free_swap;
    std::uint16_t processes, padding;
    std::uint32_t padding2;
    std::uint64_t total_high, free_high;
    std::uint32_t unit;
    std::uint32_t padding3;
};
static_assert(sizeof(SystemInfo) == 112);

struct Reboot {
    static constexpr std::uint32_t magic = 0xfee1dead;
    static constexpr std::uint32_t magic2[] = {0x28121969, 0x05121996, 0x16041998, 0x20112000};
    static constexpr std::uint32_t restart = 0x01234567, power_off = 0x4321fedc, halt = 0xcdef0123;
    // Whether Ctrl-Alt-Del restarts at once.
    static constexpr std::uint32_t keys_on = 0x89abcdef, keys_off = 0;
};

struct FutexOp {
    static constexpr std::uint32_t wait = 0, wake = 1, fd = 2, requeue = 3, compare_requeue = 4;
    static constexpr std::uint32_t wake_op = 5, lock_pi = 6, wait_bitset = 9, wake_bitset = 10;
    static constexpr std::uint32_t private_flag = 128, real_time = 256, command = 127;
};

struct ProcessControl {  // prctl
    static constexpr std::uint32_t set_death_signal = 1, get_death_signal = 2;
    static constexpr std::uint32_t get_dumpable = 3, set_dumpable = 4;
    static constexpr std::uint32_t set_name = 15, get_name = 16;
    static constexpr std::uint32_t get_seccomp = 21, read_bounding = 23;
    static constexpr std::uint32_t set_timer_slack = 29, get_timer_slack = 30;
    static constexpr std::uint32_t set_subreaper = 36, get_subreaper = 37;
    static constexpr std::uint32_t set_no_new_privileges = 38;
    static constexpr std::uint32_t get_no_new_privileges = 39;
};

struct ArchControl {  // arch_prctl
    static constexpr std::uint32_t set_gs = 0x1001, set_fs = 0x1002, get_fs = 0x1003;
    static constexpr std::uint32_t get_gs = 0x1004;
};

struct ClockId {
    static constexpr std::int32_t real_time = 0, monotonic = 1, process_cpu = 2, thread_cpu = 3;
    static constexpr std::int32_t monotonic_raw = 4, real_time_coarse = 5, monotonic_coarse = 6;
    static constexpr std::int32_t boot_time = 7, real_time_alarm = 8, boot_time_alarm = 9;
    static constexpr std::int32_t atomic_time = 11;
    static constexpr std::uint32_t absolute = 1;  // clock_nanosleep's TIMER_ABSTIME
};

}  // namespace linux_abi
