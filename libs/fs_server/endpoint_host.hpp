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
    Result<PipeObjects> make_pipe() override {
        const auto made =
            [](auto&& result) -> Result<typename std::decay_t<decltype(result)>::value_type> {
            if (!result) {
                return base::fail(ipc::to_status(result.error()));
            }
            return std::move(*result);
        };
        using abi::MemoryRights;
        using abi::NotificationRights;
        PipeObjects pipe;
        pipe.memory = TRY(made(ipc::own_bank()->create_memory(fs::OpenPipe::memory_bytes)));
        pipe.notification = TRY(made(ipc::own_bank()->create_notification()));
        pipe.shared_memory =
            TRY(made(ipc::copy(pipe.memory.ref(), MemoryRights::read | MemoryRights::write)));
        pipe.shared_notification = TRY(made(ipc::copy(
            pipe.notification.ref(), NotificationRights::signal | NotificationRights::wait)));
        pipe.server = TRY(mint<fs::Server>(nobody_badge, 0));
        return pipe;
    }
    // Who reads the counts trusts them no further than he must: the sides can write there too.
    void publish(const PipeObjects& pipe, const fs::OpenPipe::Ends& ends) override {
        (void)pipe.memory->write(fs::OpenPipe::ends_offset, std::as_bytes(std::span{&ends, 1}));
        (void)pipe.notification->signal(1);
    }

protected:
    ~EndpointHost() = default;

    // For make_versions.
    static Result<ipc::Capability<ipc::Memory>> make_page() {
        auto page = ipc::own_bank()->create_memory(abi::page_size);
        if (!page || !(*page)->commit({0, abi::page_size})) {
            return base::fail(Status::no_memory);
        }
        return std::move(*page);
    }

private:
    template <class T>
    Result<ipc::Capability<T>> mint(std::uint64_t badge,
                                    std::uint32_t flags = abi::MintFlags::drop_guard) {
        auto minted = ipc::mint<T>(
            endpoint_, {.badge = badge, .rights = abi::EndpointRights::call, .flags = flags});
        if (!minted) {
            return base::fail(ipc::to_status(minted.error()));
        }
        return std::move(*minted);
    }

    ipc::Ref<ipc::Endpoint> endpoint_;
};

}  // namespace fs_server
