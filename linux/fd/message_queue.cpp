// SPDX-License-Identifier: MIT
#include "linux/fd/message_queue.hpp"

#include <algorithm>

#include "libs/ipc/protocol.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/process/state.hpp"
#include "linux/signal/interruption.hpp"

namespace linux::fd {

namespace {
constexpr ipc::Failure nothing_yet{ipc::Status::would_block};
}  // namespace

Result<Handle> MessageQueue::open(std::string_view name, std::uint32_t flags,
                                  const process::OpenQueue& how) {
    auto answer = TRY(or_errno(ipc::call(own_process(), how, {.payload = ipc::bytes(name)})));
    auto* opened = new MessageQueue(flags, answer.take<queue::Queue>(), answer.reply.queue);
    Handle handle{opened};
    opened->bytes_ = TRY(opened->describe()).bytes;
    return handle;
}

MessageQueue::~MessageQueue() {
    // A forked child's closes are not the parent's.
    if (notified_.load() == identity().pid) {
        (void)notify(process::NotifyOfMessage::not_any_more, 0);
    }
}

std::int64_t MessageQueue::await(bool to_send, std::uint64_t deadline) {
    if (non_blocking()) {
        return -Errno::eagain;
    }
    const auto answer = ipc::call(queue_.ref(), queue::Await{.to_send = to_send ? 1U : 0U},
                                  {.deadline = deadline, .interruptible = true});
    if (answer) {
        return 0;
    }
    if (is_interruption(answer.error())) {
        return signals::interrupted() ? restart : 0;
    }
    return -to_errno(answer.error());
}

std::int64_t MessageQueue::send(std::uint64_t message, std::uint64_t bytes, std::uint32_t priority,
                                std::uint64_t deadline) {
    if (bytes > bytes_) {
        return -Errno::emsgsize;
    }
    for (;;) {
        // Anew each time: the page is what messages travel in.
        const auto page = ipc::message_page().first(bytes);
        if (const auto copied = user::copy_in(page.data(), message, bytes); !copied) {
            return -copied.error();
        }
        const auto sent =
            ipc::call(queue_.ref(), queue::Send{.priority = priority, .sender = identity().pid},
                      {.payload = page});
        if (sent) {
            return 0;
        }
        if (sent.error() != nothing_yet) {
            return -to_errno(sent.error());
        }
        if (const std::int64_t ended = await(true, deadline); ended != 0) {
            return ended;
        }
    }
}

std::int64_t MessageQueue::receive(std::uint64_t to, std::uint64_t room, std::uint64_t priority_to,
                                   std::uint64_t deadline) {
    if (room < bytes_) {
        return -Errno::emsgsize;
    }
    for (;;) {
        const auto got = ipc::call(queue_.ref(), queue::Receive{});
        if (got) {
            const auto put = user::copy_out(to, got->payload.data(), got->payload.size());
            const auto size = static_cast<std::int64_t>(got->payload.size());
            if (!put || (priority_to != 0 && !user::write(priority_to, got->reply.priority))) {
                return -Errno::efault;
            }
            return size;
        }
        if (got.error() != nothing_yet) {
            return -to_errno(got.error());
        }
        if (const std::int64_t ended = await(false, deadline); ended != 0) {
            return ended;
        }
    }
}

Result<queue::Describe::Reply> MessageQueue::describe() const {
    return TRY(or_errno(ipc::call(queue_.ref(), queue::Describe{}))).reply;
}

Result<void> MessageQueue::notify(std::uint32_t signal, std::uint64_t value) {
    TRY(or_errno(
        ipc::call(own_process(),
                  process::NotifyOfMessage{.queue = number_, .signal = signal, .value = value})));
    notified_.store(signal == process::NotifyOfMessage::not_any_more ? 0 : identity().pid);
    return {};
}

Result<fs::Attributes> MessageQueue::attributes() {
    return own_attributes(fs::Kind::regular, 0600, id());
}

std::uint32_t MessageQueue::poll(std::uint32_t events, WakeTarget /*target*/) {
    return events & (fs::Poll::readable | fs::Poll::writable);
}

}  // namespace linux::fd
