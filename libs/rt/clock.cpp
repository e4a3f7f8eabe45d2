// SPDX-License-Identifier: MIT
#include "libs/rt/clock.hpp"

#include "libs/rt/start_info.hpp"

namespace rt {

const abi::TimePage* clock_page() {
    return reinterpret_cast<const abi::TimePage*>(start_info().time_page);
}

std::uint64_t now() {
    const abi::TimePage* page = clock_page();
    return page != nullptr ? nanoseconds(*page, time_stamp()) : 0;
}

std::uint64_t wall_clock() {
    const abi::TimePage* page = clock_page();
    return page != nullptr ? now() - page->ns_base + page->wall_ns_base : 0;
}

}  // namespace rt
