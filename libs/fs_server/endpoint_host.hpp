// SPDX-License-Identifier: MIT
// The part of Host that is the same for every file system on CLUU: capabilities to its endpoint.
#pragma once

#include "libs/fs_server/service.hpp"

namespace fs_server {

class EndpointHost : public Host {
public:
    // The endpoint with the rights to receive and to mint.
    explicit EndpointHost(ipc::Ref<ipc::Endpoint> endpoint) : endpoint_(endpoint) {}

    Result<ipc::Capability<fs::File>> mint_file(std::uint64_t badge) override {
        return mint<fs::File>(badge);
    }
    Result<ipc::Capability<fs::Directory>> mint_root(std::uint64_t badge) override {
        return mint<fs::Directory>(badge);
    }

protected:
    ~EndpointHost() = default;

private:
    template <class T>
    Result<ipc::Capability<T>> mint(std::uint64_t badge) {
        auto minted = ipc::mint<T>(endpoint_, {.badge = badge,
                                               .rights = abi::EndpointRights::call,
                                               .flags = abi::MintFlags::drop_guard});
        if (!minted) {
            return base::fail(ipc::to_status(minted.error()));
        }
        return std::move(*minted);
    }

    ipc::Ref<ipc::Endpoint> endpoint_;
};

}  // namespace fs_server
