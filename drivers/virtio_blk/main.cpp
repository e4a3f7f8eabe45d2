// SPDX-License-Identifier: MIT
// The driver of a virtio disk: protocol `block` over one device that devmgr gives.
//
// Capabilities: "endpoint" (receive), "bus" (device::Bus with a filter for such disks), "log".
// Without a disk it answers not_found to everybody who asks.
#include <optional>

#include "drivers/virtio_blk/disk.hpp"
#include "interfaces/block.hpp"
#include "libs/ipc/server.hpp"
#include "libs/rt/log.hpp"
#include "libs/rt/start_info.hpp"

namespace virtio {
namespace {

class Service {
public:
    using Protocol = ipc::Operations<block::Attach, block::Read, block::Write, block::Flush>;

    explicit Service(std::optional<Disk> disk) : disk_(std::move(disk)) {}

    ipc::Result<block::Attach::Reply> handle(const block::Attach&, ipc::Request& request) {
        if (!disk_) {
            return base::fail(Status::not_found);
        }
        request.add_capability(disk_->buffer());
        return block::Attach::Reply{.sectors = disk_->sectors(),
                                    .buffer_bytes = Disk::buffer_bytes,
                                    .read_only = disk_->read_only() ? 1U : 0U};
    }
    ipc::Result<block::Read::Reply> handle(const block::Read& read, ipc::Request&) {
        return finish<block::Read::Reply>(
            disk_ ? disk_->read({read.sector, read.count, read.buffer_offset}) : Status::not_found);
    }
    ipc::Result<block::Write::Reply> handle(const block::Write& write, ipc::Request&) {
        return finish<block::Write::Reply>(
            disk_ ? disk_->write({write.sector, write.count, write.buffer_offset})
                  : Status::not_found);
    }
    ipc::Result<block::Flush::Reply> handle(const block::Flush&, ipc::Request&) {
        return finish<block::Flush::Reply>(disk_ ? disk_->flush() : Status::not_found);
    }

private:
    template <class Reply>
    static ipc::Result<Reply> finish(Status status) {
        if (status != Status::ok) {
            return base::fail(status);
        }
        return Reply{};
    }

    std::optional<Disk> disk_;
};

}  // namespace
}  // namespace virtio

void server_main(const rt::StartInfo& start) {
    const auto endpoint = start.require<ipc::Endpoint>("endpoint");
    std::optional<virtio::Disk> disk;
    if (auto opened = virtio::Disk::open(start.require<device::Bus>("bus"))) {
        rt::log(opened->sectors() / 2048, " MiB", opened->read_only() ? ", read only" : "");
        disk = std::move(*opened);
    } else if (opened.error() == ipc::Failure{interfaces::Status::not_found}) {
        rt::log("no disk");
    } else {
        rt::log("the disk cannot be used: ", opened.error());
    }
    virtio::Service service{std::move(disk)};
    const abi::Error why = ipc::serve<virtio::Service::Protocol>(endpoint, service);
    rt::log("cannot receive: ", why);
}
