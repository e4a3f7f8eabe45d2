// SPDX-License-Identifier: MIT
// IoPorts: the right to a range of I/O ports, used through the kernel (in, out).
#pragma once

#include <cstdint>

#include "kernel/object/object.hpp"

namespace kernel {

class IoPorts final : public Object {
public:
    IoPorts(Bank& bank, std::uint32_t first, std::uint32_t count)
        : Object(ObjectType::io_ports, bank), first(first), count(count) {}
    [[nodiscard]] static bool sever(Work& work) { return work.take(2); }

    // Are `bytes` ports from `port` on inside?
    [[nodiscard]] bool contains(std::uint64_t port, std::uint64_t bytes) const {
        return port >= first && port - first < count && bytes <= count - (port - first);
    }

    const std::uint32_t first;
    const std::uint32_t count;
};

}  // namespace kernel
