// SPDX-License-Identifier: MIT
// vfs: names. It resolves paths in views and hands out capabilities to the file systems' processes.
//
// Capabilities: "endpoint" (receive, mint), "tmpfs" (fs::Manager), "disk" (fs::Directory: the root of
// the disk's file system; may be missing), "archive" (the initial archive, read only; may be
// missing), "log". The capability that others hold: names::Manager, badge names::root_view_badge.
#include "libs/base/align.hpp"
#include "libs/rt/log.hpp"
#include "libs/rt/start_info.hpp"
#include "servers/vfs/root.hpp"
#include "servers/vfs/service.hpp"

namespace vfs {
namespace {

// Names in a Memory object. It is read and written by messages, never mapped: it may go at any time.
class PaidNames final : public NameMemory {
public:
    explicit PaidNames(ipc::Capability<ipc::Memory> memory) : memory_(std::move(memory)) {}

    Result<std::span<const std::byte>> read(std::uint32_t offset, std::size_t length) override {
        const auto bytes = memory_->read(offset, length);
        if (!bytes) {
            return base::fail(ipc::to_status(bytes.error()));
        }
        return *bytes;
    }
    Result<void> write(std::uint32_t offset, std::span<const std::byte> data) override {
        return done(memory_->write(offset, data));
    }
    Result<void> resize(std::uint32_t bytes) override {
        return done(memory_->resize(base::align_up(bytes, abi::page_size)));
    }

private:
    static Result<void> done(const ipc::KernelResult<void>& result) {
        if (!result) {
            return base::fail(ipc::to_status(result.error()));
        }
        return {};
    }

    ipc::Capability<ipc::Memory> memory_;
};

class ProcessHost final : public Host {
public:
    explicit ProcessHost(const Surroundings& around) : around_(around) {}

    Result<FileSystemPointer> make(const NewFileSystem& what) override {
        return make_in_memory(
            around_, {.limit = what.limit, .mode = what.mode, .owner = what.owner}, what.payer);
    }
    Result<std::unique_ptr<NameMemory>> make_name_memory(ipc::Ref<ipc::Bank> payer) override {
        if (!payer) {
            return base::fail(Status::limit);
        }
        auto memory = payer->create_memory(abi::page_size);
        if (!memory) {
            return base::fail(ipc::to_status(memory.error()));
        }
        return std::make_unique<PaidNames>(std::move(*memory));
    }
    Result<ipc::Capability<names::View>> mint_view(std::uint64_t badge) override {
        auto minted =
            ipc::mint<names::View>(around_.endpoint, {.badge = badge,
                                                      .rights = abi::EndpointRights::call,
                                                      .flags = abi::MintFlags::drop_guard});
        if (!minted) {
            return base::fail(ipc::to_status(minted.error()));
        }
        return std::move(*minted);
    }
    Result<std::uint64_t> badge_of(ipc::Ref<names::View> view) override {
        const auto info = ipc::own_table()->query(view.index());
        if (!info || info->type != abi::ObjectType::endpoint) {
            return base::fail(Status::invalid);
        }
        return info->badge;
    }

private:
    const Surroundings around_;
};

}  // namespace
}  // namespace vfs

void server_main(const rt::StartInfo& start) {
    const vfs::Surroundings around{.endpoint = start.require<ipc::Endpoint>("endpoint"),
                                   .memory = start.require<fs::Manager>("tmpfs"),
                                   .disk = start.capability<fs::Directory>("disk"),
                                   .archive = start.capability<ipc::Memory>("archive"),
                                   .tpm = start.capability<fs::Directory>("tpm")};
    auto root = vfs::make_root_view(around);
    if (!root) {
        rt::panic("no root view: tmpfs does not answer");
    }
    vfs::ProcessHost host{around};
    vfs::Service service{host, std::move(*root)};
    if (around.tpm) {
        service.add_device(vfs::tpm_major, vfs::make_file_system<vfs::DirectoryFileSystem>(
                                               ipc::Capability<fs::Directory>{around.tpm.index()}));
    }
    const abi::Error why = ipc::serve<vfs::Service::Protocol>(around.endpoint, service);
    rt::log("cannot receive: ", why);
}
