// SPDX-License-Identifier: MIT
// What the library knows about its process as a whole, beside what has a folder of its own
// (descriptors: linux/fd, mappings: linux/memory, dispositions: linux/signal).
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "interfaces/process.hpp"
#include "interfaces/process_image.hpp"
#include "libs/ipc/protocol.hpp"
#include "linux/process/mutex.hpp"

namespace linux {

// Written by procmgr, so each read may see something new.
inline const volatile process::IdentityPage& identity() {
    return *reinterpret_cast<const volatile process::IdentityPage*>(process::identity_page);
}

inline ipc::Ref<process::Process> own_process() {
    return ipc::Ref<process::Process>{process::own_process};
}

struct Limit {
    std::uint64_t soft, hard;
};
inline constexpr std::uint64_t no_limit = ~std::uint64_t{0};
enum class Resource : std::uint8_t {  // RLIMIT_*
    cpu,
    file_size,
    data,
    stack,
    core,
    resident,
    processes,
    files,
    locked,
    address_space,
    locks,
    pending_signals,
    queue_bytes,
    nice,
    real_time_priority,
    real_time_cpu,
    count
};

struct ProcessState {
    Mutex limits_lock;
    std::array<Limit, static_cast<std::size_t>(Resource::count)> limits{};

    std::string executable_path;  // /proc/self/exe
    std::string name;             // PR_SET_NAME of the first thread
};

ProcessState& state();
std::array<Limit, static_cast<std::size_t>(Resource::count)> default_limits();

inline Limit limit_of(Resource resource) {
    MutexGuard guard{state().limits_lock};
    return state().limits[static_cast<std::size_t>(resource)];
}

}  // namespace linux
