// SPDX-License-Identifier: MIT
// Memory that the library shares with other processes, and that is not there any more. Whoever bought it can
// make it smaller, or end the bank that it was bought from, at any time. So no check before an access would do; the
// fault itself is answered (linux/entry/context.cpp), and the accesses cost nothing.
#include "libs/ipc/kernel_objects.hpp"
#include "linux/fd/pipe_ring.hpp"
#include "linux/fd/windows.hpp"
#include "linux/process/hooks.hpp"

namespace linux::fd {

namespace {

// Several threads may do this at the same time, for the same memory: each one's is as good.
bool replace(std::uint64_t address, std::uint64_t bytes, std::uint64_t on_clone) {
    const auto memory = ipc::Ref<ipc::Bank> { process::container_bank } -> create_memory(bytes);
    // Paid for now: else the next fault would be for want of it.
    if (!memory || !(*memory)->reserve(bytes)) {
        return false;
    }
    (void)ipc::own_space()->unmap(address, bytes);
    const auto mapped = ipc::own_space()->map(
        *memory, {.address = address,
                  .length = bytes,
                  .flags = abi::MapFlags::read | abi::MapFlags::write | on_clone});
    return mapped || mapped.error() == abi::Error::overlap;
}

void end_pipe(std::uint64_t address) {
    const PipeRing ring{reinterpret_cast<std::byte*>(address)};
    ring.header().ended.store(PipeRing::reading_ended | PipeRing::writing_ended);
}

}  // namespace

bool replace_lost_memory(std::uint64_t address) {
    if (const auto pipe = pipe_windows.start_of(address)) {
        constexpr std::uint64_t bytes = PipeRing::memory_bytes;
        if (!replace(*pipe, 2 * bytes, abi::MapFlags::on_clone_share)) {
            return false;
        }
        end_pipe(*pipe);
        end_pipe(*pipe + bytes);
        return true;
    }
    if (const auto page = small_windows.start_of(address)) {
        return replace(*page, abi::page_size, abi::MapFlags::on_clone_share);
    }
    // Of a file's pages only the header is read without more ado; what else is missing is EFAULT.
    const auto file = file_windows.start_of(address);
    return file && address - *file < abi::page_size &&
           replace(*file, abi::page_size, abi::MapFlags::on_clone_drop);
}

}  // namespace linux::fd
