// SPDX-License-Identifier: MIT
#include "linux/process/state.hpp"

namespace linux {
namespace {

constexpr std::uint64_t default_stack = 8 * 1024 * 1024;
constexpr std::uint64_t default_files = 1024;

constinit ProcessState the_state;

}  // namespace

ProcessState& state() { return the_state; }

std::array<Limit, static_cast<std::size_t>(Resource::count)> default_limits() {
    std::array<Limit, static_cast<std::size_t>(Resource::count)> limits;
    limits.fill({no_limit, no_limit});
    limits[static_cast<std::size_t>(Resource::stack)] = {default_stack, no_limit};
    limits[static_cast<std::size_t>(Resource::core)] = {0, 0};
    limits[static_cast<std::size_t>(Resource::files)] = {default_files, default_files};
    limits[static_cast<std::size_t>(Resource::nice)] = {0, 0};
    limits[static_cast<std::size_t>(Resource::real_time_priority)] = {0, 0};
    return limits;
}

}  // namespace linux
