// SPDX-License-Identifier: MIT
// tmpfs: file systems in memory, made one by one for whoever holds its fs::Manager (vfs).
//
// Capabilities: "endpoint" (receive, mint), "log". Data is bought from the bank that came with the
// request, or from its own, under the limit that each file system was made with. When a bank that came
// along is destroyed, the data is gone, and what still uses the file system gets errors.
#include "libs/fs_server/endpoint_host.hpp"
#include "libs/fs_server/memory_store.hpp"
#include "libs/rt/clock.hpp"
#include "libs/rt/log.hpp"
#include "libs/rt/mapping.hpp"
#include "libs/rt/start_info.hpp"
#include "servers/tmpfs/archive.hpp"
#include "servers/tmpfs/tree.hpp"

namespace tmpfs {
namespace {

using fs_server::Backend;
using fs_server::MemoryStore;

constexpr std::uint64_t first_device = 0x100;  // device number of the first file system
constexpr std::uint64_t bytes_per_node = 1024;
constexpr std::uint64_t most_nodes = 262144;

Result<void> unpack_from(ipc::Ref<ipc::Memory> archive, Backend& to) {
    const auto info = archive->query();
    if (!info) {
        return base::fail(Status::invalid);
    }
    const auto mapping = rt::map(archive, {.length = info->bytes, .flags = abi::MapFlags::read});
    if (!mapping) {
        return base::fail(Status::no_memory);
    }
    return unpack(mapping->bytes(), to);
}

class Host final : public fs_server::EndpointHost {
public:
    using EndpointHost::EndpointHost;

    fs::Timestamp now() const override {
        const std::uint64_t now = rt::wall_clock();
        return {.seconds = static_cast<std::int64_t>(now / rt::second),
                .nanoseconds = static_cast<std::uint32_t>(now % rt::second)};
    }

    Result<fs_server::VersionsPage> make_versions() override {
        auto page = TRY(make_page());
        auto mapping = rt::map(page, {.length = abi::page_size});
        if (!mapping) {
            return base::fail(Status::no_memory);
        }
        return fs_server::VersionsPage{.memory = std::move(page),
                                       .at = new (mapping->keep().data()) fs::Versions};
    }
    void release_versions(fs_server::VersionsPage& versions) override {
        if (versions.at != nullptr) {
            rt::unmap(reinterpret_cast<std::uint64_t>(versions.at), abi::page_size);
        }
    }

    Result<std::unique_ptr<Backend>> make_file_system(const fs::MakeFileSystem& how,
                                                      ipc::Capability<ipc::Any> along) override {
        const bool with_bank = how.with_bank != 0 && along;
        auto store = TRY(MemoryStore::create(
            with_bank ? along.ref().retype<ipc::Bank>() : ipc::own_bank(), how.limit));
        const TreeOptions options{
            .device = next_device_++,
            .max_nodes = std::min(16 + how.limit / bytes_per_node, most_nodes),
            .root_mode = how.mode & 07777,
            .owner = how.owner};
        auto tree = std::make_unique<Tree>(std::move(store), *this, options);
        if (along && !with_bank) {
            TRY(unpack_from(along.ref().retype<ipc::Memory>(), *tree));
        }
        return tree;
    }

private:
    std::uint64_t next_device_ = first_device;
};

}  // namespace
}  // namespace tmpfs

void server_main(const rt::StartInfo& start) {
    const auto endpoint = start.require<ipc::Endpoint>("endpoint");
    tmpfs::Host host{endpoint};
    fs_server::Service service{host};
    const abi::Error why = ipc::serve<fs_server::Service::Protocol>(endpoint, service);
    rt::log("cannot receive: ", why);
}
