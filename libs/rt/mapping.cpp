// SPDX-License-Identifier: MIT
#include "libs/rt/mapping.hpp"

#include <algorithm>

#include "libs/base/align.hpp"
#include "libs/rt/start_info.hpp"

namespace rt {
namespace {

// Where searches begin: below it, no gap is longer than the page that follows each mapping.
constinit std::uint64_t cursor = mappings_base;

// From here on a mapping may have large pages in it, and begins where one can.
constexpr std::uint64_t large_page = std::uint64_t{2} << 20;

}  // namespace

// The kernel knows what is mapped; asking it needs no book-keeping that could differ.
ipc::KernelResult<std::uint64_t> find_free(std::uint64_t length) {
    if (length == 0 || length > mappings_end - mappings_base) {
        return base::fail(abi::Error::out_of_range);
    }
    bool passed_a_gap = false;
    for (std::uint64_t place = cursor; place <= mappings_end - length;) {
        const ipc::Region region = TRY(ipc::own_space()->query(place));
        if (region.mapped) {
            // Who runs over its end, or over the beginning of the next, meets nothing.
            place = region.start + region.length + abi::page_size;
        } else if (region.start == 0 || region.start - place >= length) {
            cursor = passed_a_gap ? cursor : place + length;
            return place;
        } else {
            passed_a_gap |= region.start - place > abi::page_size;
            place = region.start;
        }
    }
    return base::fail(abi::Error::no_memory);
}

void unmap(std::uint64_t address, std::uint64_t length) {
    (void)ipc::own_space()->unmap(address, length);
    cursor = std::min(cursor, address);
}

ipc::KernelResult<Mapping> map(ipc::Ref<ipc::Memory> memory, const MapOptions& options) {
    const std::uint64_t length = base::align_up(options.length, abi::page_size);
    const std::uint64_t slack = length >= large_page ? large_page : 0;
    std::uint64_t address = TRY(find_free(length + slack + abi::page_size));
    if (slack != 0) {
        address += (options.offset - address) % large_page;
    }
    TRY(ipc::own_space()->map(
        memory,
        {.address = address, .length = length, .offset = options.offset, .flags = options.flags}));
    return Mapping{address, length};
}

}  // namespace rt
