// SPDX-License-Identifier: MIT
//
// Named pipes (FIFOs) that are open. The server brings both sides together and then has nothing more
// to do with the bytes, which move through the Memory that the sides share:
//
//      reader == Memory, notification == writer        linux/fd/fifo.hpp
//                       | Ends: how many there are of each
//                    server: learns from drop messages when one is gone
//
// A pipe is made by the first File that is opened for transfer and ends, with what is in it, with the
// last. The server pays for the Memory, so there is a limit to how many are open.
//
// Who waits for the other side counts already: two who open at the same time meet.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "libs/fs_server/backend.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "libs/ipc/request.hpp"

namespace fs_server {

// The server's own capabilities, and those with fewer rights of which clients get copies.
struct PipeObjects {
    ipc::Capability<ipc::Memory> memory, shared_memory;
    ipc::Capability<ipc::Notification> notification, shared_notification;
    ipc::Capability<fs::Server> server;
};

class PipeMaker {
public:
    [[nodiscard]] virtual Result<PipeObjects> make_pipe() = 0;
    // Writes the counts and wakes who waits for them to change.
    virtual void publish(const PipeObjects& pipe, const fs::OpenPipe::Ends& ends) = 0;

protected:
    ~PipeMaker() = default;
};

class NamedPipes {
public:
    struct End {
        Backend* backend = nullptr;
        Inode inode;
        std::uint64_t badge = 0;  // of the File
        bool reads = false, writes = false;
        bool waits = false;
        bool gives_up = false;  // unless it has been let in
    };
    // The answer to `request`, now or later.
    [[nodiscard]] Result<fs::OpenPipe::Reply> open(const End& end, PipeMaker& maker,
                                                   ipc::Request& request);
    // The File is closed; it may never have been one of a pipe.
    void close(std::uint64_t badge, PipeMaker& maker);

private:
    using Key = std::pair<Backend*, std::uint64_t>;
    struct Known {
        End end;
        fs::OpenPipe::Reply reply;
        bool met = false;  // was let in
    };
    struct Waiting {
        std::uint64_t badge;
        ipc::PendingReply pending;
    };
    struct Pipe {
        PipeObjects objects;
        fs::OpenPipe::Ends ends;
        std::vector<Waiting> waiting;
    };
    static constexpr std::size_t most = 128;

    [[nodiscard]] static Key key_of(const End& end) { return {end.backend, end.inode.value()}; }
    [[nodiscard]] Result<Known*> enter(const End& end, PipeMaker& maker);
    void let_in(Pipe& pipe);

    std::map<Key, Pipe> pipes_;
    std::map<std::uint64_t, Known> ends_;  // by badge
};

}  // namespace fs_server
