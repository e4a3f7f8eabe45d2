// SPDX-License-Identifier: MIT
// Any bytes as the firmware's tables: physical memory from 64 KiB on, the RSDP at its start. Sums are made right wherever a table
// could be, so that the input reaches what lies behind them.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "kernel/plat/pc/acpi.hpp"

namespace {

constexpr std::uint64_t memory_base = 0x10000;
constexpr std::size_t page = 0x1000;
constexpr std::size_t table_header_bytes = 36;
std::vector<std::byte> memory;

const std::byte* view_memory(PhysAddr begin, std::uint64_t bytes) {
    const std::uint64_t at = begin.value() - memory_base;
    if (begin.value() < memory_base || at > memory.size() || bytes > memory.size() - at) {
        return nullptr;
    }
    return memory.data() + at;
}

void fix_sum(std::size_t begin, std::size_t bytes, std::size_t at) {
    bytes = std::min(bytes, memory.size() - begin);
    std::uint8_t sum = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
        sum = static_cast<std::uint8_t>(sum + std::to_integer<std::uint8_t>(memory[begin + i]));
    }
    memory[begin + at] = std::byte{
        static_cast<std::uint8_t>(std::to_integer<std::uint8_t>(memory[begin + at]) - sum)};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto* bytes = reinterpret_cast<const std::byte*>(data);
    memory.assign(bytes, bytes + size);
    memory.resize((size / page + 2) * page);
    fix_sum(0, 20, 8);
    fix_sum(0, table_header_bytes, 32);
    for (std::size_t at = page; at < memory.size(); at += page) {
        std::uint32_t length = 0;
        std::copy_n(memory.begin() + static_cast<std::ptrdiff_t>(at) + 4, 4,
                    reinterpret_cast<std::byte*>(&length));
        fix_sum(at, length, 9);
    }
    const PhysAddr root = plat::acpi_root({memory.data(), std::min(size, plat::rsdp_bytes)});
    const plat::InterruptTopology found = plat::read_interrupt_topology(root, view_memory);
    if (found.cpus.size() > plat::most_cpus || found.io_apics.empty() ||
        found.io_apics.size() > 8) {
        std::abort();
    }
    return 0;
}
