// SPDX-License-Identifier: MIT
// UnchangingBackend: a back end of procmgr's, whose nodes are what procmgr knows. By the operations of a
// file system none of them can be changed.
#pragma once

#include "libs/fs_server/backend.hpp"

namespace procmgr {

class UnchangingBackend : public fs_server::Backend {
public:
    using Inode = fs_server::Inode;
    using Status = fs_server::Status;
    template <class T>
    using Result = fs_server::Result<T>;

    Result<void> change(Inode, const fs_server::AttributeChange&) override { return refused(); }
    Result<Inode> make(const fs_server::Place&, const fs_server::NewNode&) override {
        return base::fail(Status::not_permitted);
    }
    Result<void> link(const fs_server::Place&, Inode) override { return refused(); }
    Result<void> remove(const fs_server::Place&, Inode) override { return refused(); }
    Result<void> rename(const fs_server::Place&, Inode, const fs_server::Place&,
                        std::optional<Inode>) override {
        return refused();
    }
    Result<std::size_t> write(Inode, std::uint64_t, std::span<const std::byte>) override {
        return base::fail(Status::not_permitted);
    }
    Result<void> truncate(Inode, std::uint64_t) override { return refused(); }
    Result<void> allocate(Inode, std::uint64_t, std::uint64_t) override { return refused(); }
    Result<fs_server::MappedFile> map(Inode, bool) override {
        return base::fail(Status::unsupported);
    }
    Result<void> sync(Inode, bool) override { return {}; }
    Result<void> sync_all() override { return {}; }

private:
    static Result<void> refused() { return base::fail(Status::not_permitted); }
};

}  // namespace procmgr
