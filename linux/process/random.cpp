// SPDX-License-Identifier: MIT
#include "linux/process/random.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "linux/entry/cpu.hpp"
#include "linux/fd/random.hpp"
#include "linux/process/state.hpp"

namespace linux {
namespace {

// splitmix64 (Steele, Lea, Flood 2014) over a counter that the clock stirs.
std::uint64_t mixed_clock() {
    static constinit std::atomic<std::uint64_t> counter = 0;
    std::uint64_t z =
        counter.fetch_add(0x9e3779b97f4a7c15) ^ read_tsc() ^ std::uint64_t{identity().pid} << 40;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

}  // namespace

void random_bytes(std::span<std::byte> to) {
    if (fill_random(to)) {
        return;
    }
    while (!to.empty()) {
        const std::uint64_t value = mixed_clock();
        const std::size_t count = std::min(to.size(), sizeof value);
        std::memcpy(to.data(), &value, count);
        to = to.subspan(count);
    }
}

}  // namespace linux
