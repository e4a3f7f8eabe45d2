// SPDX-License-Identifier: MIT
// Region: a range of an address space that shows pages of one Memory. It is in the tree of the one and in the list of the other.
#pragma once

#include <cstdint>

#include "libs/base/list.hpp"
#include "libs/base/ordered_tree.hpp"

namespace kernel {

class AddressSpace;
class Memory;

// Pages of a Memory in a row, and where they are to be seen.
struct Mapping {
    Memory* memory = nullptr;
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::uint64_t first_page = 0;  // of the Memory, at `start`
    std::uint64_t flags = 0;       // abi::MapFlags
    // Rights of the capability that was used for it: protect cannot exceed them.
    std::uint8_t allowed = 0;

    [[nodiscard]] std::uint64_t page_at(std::uint64_t address) const {
        return first_page + (address - start) / 4096;
    }
};

struct Region : Mapping {
    Region(const Mapping& mapping, AddressSpace& in) : Mapping(mapping), space(&in) {}

    AddressSpace* space;
    base::TreeNode node;
    base::ListLink memory_link;  // Memory: the regions that map it

    [[nodiscard]] std::uint64_t pages() const { return (end - start) / 4096; }
};

}  // namespace kernel
