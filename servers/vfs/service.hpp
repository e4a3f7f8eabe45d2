// SPDX-License-Identifier: MIT
// Service: the path operations of protocol `fs`, and protocol `namespace`, on views. A badge is a
// view's place in the table plus one; the first is the root view.
//
// Only names pass through here: what is opened is answered with a capability of the file system's
// own. Device nodes are the exception: of those whose major number is registered, the capability of
// the device's server is given out instead.
#pragma once

#include <map>

#include "interfaces/entrance.hpp"
#include "libs/ipc/server.hpp"
#include "servers/vfs/derive.hpp"

namespace vfs {

// What the service needs of the process around it.
class Host : public FileSystemMaker {
public:
    // With a drop guard.
    [[nodiscard]] virtual Result<ipc::Capability<names::View>> mint_view(std::uint64_t badge) = 0;
    // The badge of a capability to this server's own endpoint.
    [[nodiscard]] virtual Result<std::uint64_t> badge_of(ipc::Ref<names::View> view) = 0;

protected:
    ~Host() = default;
};

class Service {
public:
    using Protocol =
        ipc::Operations<fs::Open, fs::GetPathAttributes, fs::MakeNode, fs::Remove, fs::Rename,
                        fs::Link, fs::MakeSymbolicLink, fs::ReadSymbolicLink, fs::SetAttributes,
                        fs::CheckAccess, fs::GetUsage, fs::SyncAll, names::Derive, names::Mount,
                        names::Unmount, names::ListMounts, names::RegisterDevice, names::Enter,
                        names::Grant, names::ReadUses>;

    // The root view: user 0, a Manager. Its mounts come from the caller.
    Service(Host& host, View root);

    // What is opened of character devices with this major number is a matter of this Directory.
    void add_device(std::uint32_t major, FileSystemPointer server);

    // Path operations (service_paths.cpp).
    Result<fs::Open::Reply> handle(fs::Open open, ipc::Request& request);
    Result<fs::GetPathAttributes::Reply> handle(fs::GetPathAttributes get, ipc::Request& request);
    Result<fs::MakeNode::Reply> handle(const fs::MakeNode& make, ipc::Request& request);
    Result<fs::Remove::Reply> handle(const fs::Remove& remove, ipc::Request& request);
    Result<fs::Rename::Reply> handle(const fs::Rename& rename, ipc::Request& request);
    Result<fs::Link::Reply> handle(const fs::Link& link, ipc::Request& request);
    Result<fs::MakeSymbolicLink::Reply> handle(const fs::MakeSymbolicLink& make,
                                               ipc::Request& request);
    Result<fs::ReadSymbolicLink::Reply> handle(const fs::ReadSymbolicLink& read,
                                               ipc::Request& request);
    Result<fs::SetAttributes::Reply> handle(const fs::SetAttributes& set, ipc::Request& request);
    Result<fs::CheckAccess::Reply> handle(const fs::CheckAccess& check, ipc::Request& request);
    Result<fs::GetUsage::Reply> handle(const fs::GetUsage& get, ipc::Request& request);
    Result<fs::SyncAll::Reply> handle(const fs::SyncAll& sync, ipc::Request& request);

    // Views (service_views.cpp).
    Result<names::Derive::Reply> handle(const names::Derive& how, ipc::Request& request);
    Result<names::Grant::Reply> handle(const names::Grant& grant, ipc::Request& request);
    Result<names::ReadUses::Reply> handle(const names::ReadUses& read, ipc::Request& request);
    Result<names::Mount::Reply> handle(const names::Mount& mount, ipc::Request& request);
    Result<names::Unmount::Reply> handle(const names::Unmount& unmount, ipc::Request& request);
    Result<names::ListMounts::Reply> handle(const names::ListMounts& list, ipc::Request& request);
    Result<names::RegisterDevice::Reply> handle(const names::RegisterDevice& device,
                                                ipc::Request& request);

    Result<names::Enter::Reply> handle(const names::Enter& enter, ipc::Request& request);

    void on_drop(std::uint64_t badge);

private:
    static constexpr std::size_t max_views = 8192;

    // Of an entrance: a path of the view, what of the mount's file system is there, and how.
    struct Place {
        std::string path;
        std::string start;
        bool read_only = false;
    };

    [[nodiscard]] Result<View*> view_at(std::uint64_t badge);
    [[nodiscard]] Result<View*> manager(const ipc::Request& request);
    [[nodiscard]] Result<fs::Open::Reply> open_device(const fs::Open& open,
                                                      const fs::Open::Reply& node,
                                                      ipc::Request& request);
    [[nodiscard]] Result<std::uint64_t> add_view(View view);
    [[nodiscard]] static Result<Place> entrance_place(const View& view, Location at);

    Host& host_;
    std::vector<std::unique_ptr<View>> views_;
    std::map<std::uint32_t, FileSystemPointer> devices_;  // by major number
};

}  // namespace vfs
