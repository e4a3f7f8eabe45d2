// SPDX-License-Identifier: MIT
// Visit: reads the memory of a process, without its help.
//
// The kernel lets nobody read another's address space. But procmgr may clone it so that the clone sees the process's own
// memory (AddressSpaceOp::clone, lending), and a thread that runs there can read it. That thread is the visitor: a few
// instructions of ours that copy what they are asked for, with no capabilities but two notifications. All of it is procmgr's,
// bought from a bank of its own, and gone when the visit is over.
//
//      procmgr's thread      request page: address, bytes         the visitor, in the lent space
//        write request  ------------------------------------->      copies to the data page
//        `go`           ------------------------------------->      `done`, waits for `go`
//
// procmgr waits for it, and for nobody else: the visitor is more important than any program. It can only fail to come back
// when it touches what is not there any more, or what a pager keeps back. Then the process is visited no more (`Body::hidden`): a
// hostile one can stop procmgr for `patience_ns`, once for each image.
#pragma once

#include <optional>
#include <span>

#include "libs/rt/mapping.hpp"
#include "servers/procmgr/body.hpp"

namespace procmgr {

class Visit {
public:
    // Nothing: there is no memory for it, or the process sees another's memory (vfork).
    static std::optional<Visit> begin(Body& body);
    Visit(Visit&&) = default;
    Visit& operator=(Visit&&) = delete;
    ~Visit();

    // At most a page. False: it cannot be read; then nothing can any more.
    [[nodiscard]] bool read(std::uint64_t address, std::span<std::byte> to);
    template <class T>
    [[nodiscard]] bool read(std::uint64_t address, T& to) {
        return read(address, std::as_writable_bytes(std::span{&to, 1}));
    }

private:
    struct Request {
        std::uint64_t address, bytes;
    };

    explicit Visit(Body& body) : body_(&body) {}
    ipc::KernelResult<void> prepare();
    [[nodiscard]] bool can_read(std::uint64_t address, std::size_t bytes) const;
    [[nodiscard]] bool wait_until_done();

    Body* body_;
    bool started_ = false;
    ipc::Capability<ipc::Bank> bank_;
    rt::Mapping pages_;
    ipc::Capability<ipc::AddressSpace> space_;
    ipc::Capability<ipc::CapTable> table_;
    ipc::Capability<ipc::SchedContext> context_;
    ipc::Capability<ipc::Thread> thread_;
    ipc::Capability<ipc::Notification> go_, done_;
};

}  // namespace procmgr
