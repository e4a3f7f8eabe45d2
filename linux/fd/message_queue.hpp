// SPDX-License-Identifier: MIT
// A POSIX message queue as a descriptor: procmgr keeps the messages (interfaces/queue.hpp). It is not passed to another image: on
// Linux, too, exec closes it.
#pragma once

#include "interfaces/process.hpp"
#include "interfaces/queue.hpp"
#include "linux/fd/description.hpp"

namespace linux::fd {

class MessageQueue final : public Description {
public:
    static Result<Handle> open(std::string_view name, std::uint32_t flags,
                               const process::OpenQueue& how);
    ~MessageQueue() override;

    // `deadline`: of the monotonic clock. EMSGSIZE, EAGAIN, ETIMEDOUT. -> 0, a size, or `restart`
    std::int64_t send(std::uint64_t message, std::uint64_t bytes, std::uint32_t priority,
                      std::uint64_t deadline);
    std::int64_t receive(std::uint64_t to, std::uint64_t room, std::uint64_t priority_to,
                         std::uint64_t deadline);
    Result<queue::Describe::Reply> describe() const;
    // process::NotifyOfMessage. EBUSY.
    Result<void> notify(std::uint32_t signal, std::uint64_t value);

    Result<fs::Attributes> attributes() override;
    // Says that all can be done at once: who asks for more waits.
    std::uint32_t poll(std::uint32_t events, WakeTarget target) override;
    [[nodiscard]] MessageQueue* message_queue() override { return this; }
    bool describe(process::ImageDescriptor& /*to*/) const override { return false; }

private:
    MessageQueue(std::uint32_t status, ipc::Capability<queue::Queue> queue, std::uint64_t number)
        : Description(status), queue_(std::move(queue)), number_(number) {}
    // 0: try again; else what the call gives.
    std::int64_t await(bool to_send, std::uint64_t deadline);

    const ipc::Capability<queue::Queue> queue_;
    const std::uint64_t number_;
    std::uint32_t bytes_ = 0;                  // of a message
    std::atomic<std::uint32_t> notified_ = 0;  // the process that has asked to be
};

}  // namespace linux::fd
