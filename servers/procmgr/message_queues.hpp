// SPDX-License-Identifier: MIT
// MessageQueues: POSIX message queues (interfaces/queue.hpp, process::OpenQueue).
//
// The messages lie in a Memory that the queue's container pays for; here is only which of its places is taken, by what
// priority and since when. Users of a queue share no memory, so that none can do more to the others than send and receive.
#pragma once

#include <compare>
#include <map>
#include <string>
#include <vector>

#include "interfaces/process.hpp"
#include "interfaces/queue.hpp"
#include "libs/ipc/server.hpp"
#include "servers/procmgr/model/process_table.hpp"

namespace procmgr {

class Manager;

class MessageQueues {
public:
    using Protocol = ipc::Operations<queue::Send, queue::Receive, queue::Await, queue::Describe>;
    explicit MessageQueues(Manager& manager) : manager_(manager) {}

    struct Opened {
        ipc::Capability<queue::Queue> capability;
        std::uint64_t queue = 0;
    };
    [[nodiscard]] Result<Opened> open(const Process& process, ipc::Ref<ipc::Bank> bank,
                                      const process::OpenQueue& how, const std::string& name);
    [[nodiscard]] Result<void> remove(const Process& process, std::string_view name);
    [[nodiscard]] Result<void> notify(const Process& process, std::uint32_t serial,
                                      const process::NotifyOfMessage& how);
    void close(std::uint32_t opening);
    // The container has ended.
    void forget(std::uint32_t container);

    Result<queue::Send::Reply> handle(const queue::Send& send, ipc::Request& request);
    Result<queue::Receive::Reply> handle(const queue::Receive&, ipc::Request& request);
    Result<queue::Await::Reply> handle(const queue::Await& await, ipc::Request& request);
    Result<queue::Describe::Reply> handle(const queue::Describe&, ipc::Request& request);

private:
    static constexpr std::size_t most_of_container = 32;
    static constexpr std::size_t most_waiters = 64;

    struct Key {
        std::uint32_t container = 0;
        std::string name;
        auto operator<=>(const Key&) const = default;
    };
    struct Place {
        std::uint64_t order = 0;  // 0: free
        std::uint32_t priority = 0;
        std::uint32_t bytes = 0;
    };
    struct Waiter {
        bool to_send = false;
        ipc::PendingReply reply;
    };
    struct Registration {
        Pid pid = 0;  // 0: nobody
        std::uint32_t serial = 0;
        std::uint32_t signal = 0;
        std::uint64_t value = 0;
    };
    struct Queue {
        Key key;
        bool named = true;
        std::uint32_t openings = 0;
        std::uint32_t user = 0, group = 0, mode = 0;
        std::uint32_t bytes = 0;  // of a message
        std::uint64_t order = 0;  // of the latest message
        ipc::Capability<ipc::Memory> memory;
        std::vector<Place> places;
        std::vector<Waiter> waiters;
        Registration registration;
    };
    struct Opening {
        std::uint64_t queue = 0;
        std::uint32_t access = 0;  // of process::OpenQueue
    };
    // Which the message is for, if it was opened for that.
    [[nodiscard]] Result<Queue*> queue_of(const ipc::Request& request, std::uint32_t access);
    [[nodiscard]] Result<std::uint64_t> make(const Process& process, ipc::Ref<ipc::Bank> bank,
                                             const process::OpenQueue& how, Key key);
    void settle(std::uint64_t number);
    // -> how many were still there.
    static std::size_t wake(Queue& queue, bool to_send);
    void tell(Queue& queue, std::uint32_t sender);

    Manager& manager_;
    std::map<Key, std::uint64_t> names_;
    std::map<std::uint64_t, Queue> queues_;
    std::map<std::uint32_t, Opening> openings_;
    std::uint64_t latest_ = 0;
    std::uint32_t latest_opening_ = 0;
};

}  // namespace procmgr
