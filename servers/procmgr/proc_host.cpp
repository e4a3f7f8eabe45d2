// SPDX-License-Identifier: MIT
#include "libs/rt/clock.hpp"
#include "servers/procmgr/proc_backend.hpp"

namespace procmgr {

fs::Timestamp ProcHost::now() const {
    const std::uint64_t ns = rt::wall_clock();
    return {static_cast<std::int64_t>(ns / rt::second), static_cast<std::uint32_t>(ns % rt::second),
            0};
}

fs_server::Result<ipc::Capability<fs::File>> ProcHost::mint_file(std::uint64_t badge) {
    auto minted = ipc::mint<fs::File>(
        endpoint_,
        {.badge = badge, .rights = abi::EndpointRights::call, .flags = abi::MintFlags::drop_guard});
    if (!minted) {
        return base::fail(ipc::to_status(minted.error()));
    }
    return std::move(*minted);
}

fs_server::Result<ipc::Capability<fs::Directory>> ProcHost::mint_root(std::uint64_t badge) {
    auto minted = ipc::mint<fs::Directory>(
        endpoint_,
        {.badge = badge, .rights = abi::EndpointRights::call, .flags = abi::MintFlags::drop_guard});
    if (!minted) {
        return base::fail(ipc::to_status(minted.error()));
    }
    return std::move(*minted);
}

}  // namespace procmgr
