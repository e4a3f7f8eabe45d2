// SPDX-License-Identifier: MIT
// POSIX message queues (linux/fd/message_queue.hpp).
#include <array>

#include "abi/linux/signal.hpp"
#include "libs/ipc/protocol.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/location.hpp"
#include "linux/fd/message_queue.hpp"
#include "linux/fd/table.hpp"
#include "linux/process/state.hpp"
#include "linux/syscalls/table.hpp"
#include "linux/time/clock.hpp"

namespace linux {
namespace {

using fd::Handle;
using fd::MessageQueue;
using linux_abi::OpenFlag;

struct QueueAttributes {  // struct mq_attr (mq_getattr(3))
    std::int64_t flags, most, bytes, count;
    std::int64_t reserved[4];
};

struct SignalEvent {  // the beginning of struct sigevent
    std::uint64_t value;
    std::int32_t signal;
    std::int32_t how;
};
constexpr std::int32_t by_signal = 0, not_at_all = 1;  // SIGEV_SIGNAL, SIGEV_NONE

using Name = std::array<char, 257>;

// The name without its slash, which the C library has taken away.
Result<std::string_view> read_name(Name& name, std::uint64_t address) {
    const std::size_t length = TRY(user::copy_string(name, address));
    if (length == 0) {
        return base::fail(Errno::enoent);
    }
    const std::string_view text{name.data(), length};
    if (length > process::OpenQueue::payload) {
        return base::fail(Errno::enametoolong);
    }
    if (text.find('/') != std::string_view::npos || text == "." || text == "..") {
        return base::fail(Errno::eacces);
    }
    return text;
}

Result<std::int64_t> open_queue(const Arguments& arguments) {
    using Open = process::OpenQueue;
    const std::uint32_t flags = arguments.word(1);
    QueueAttributes wanted{.flags = 0, .most = 0, .bytes = 0, .count = 0, .reserved = {}};
    if (arguments[3] != 0) {
        wanted = TRY(user::read<QueueAttributes>(arguments[3]));
    }
    Name buffer;
    const std::string_view name = TRY(read_name(buffer, arguments[0]));
    const std::uint32_t mode = flags & OpenFlag::access_mode;
    if (mode > OpenFlag::read_write) {
        return base::fail(Errno::einval);
    }
    Open how{.flags = mode == OpenFlag::read_only    ? Open::read
                      : mode == OpenFlag::write_only ? Open::write
                                                     : Open::read | Open::write,
             .mode = arguments.word(2) & ~fd::location.umask()};
    if ((flags & OpenFlag::create) != 0) {
        how.flags |= Open::create | ((flags & OpenFlag::exclusive) != 0 ? Open::exclusive : 0);
    }
    const auto fits = [](std::int64_t value, std::uint32_t most) {
        return value > 0 && value <= static_cast<std::int64_t>(most);
    };
    if (arguments[3] != 0) {
        const bool good =
            fits(wanted.most, queue::most_messages) && fits(wanted.bytes, queue::most_bytes);
        // Only a queue that is made needs good ones: what cannot be is refused there.
        how.most = good ? static_cast<std::uint32_t>(wanted.most) : ~std::uint32_t{0};
        how.bytes = good ? static_cast<std::uint32_t>(wanted.bytes) : ~std::uint32_t{0};
    }
    Handle opened =
        TRY(MessageQueue::open(name, flags & (OpenFlag::access_mode | OpenFlag::non_block), how));
    return fd::table.install(std::move(opened), true);
}

// EBADF: it is no queue, or not open for that.
Result<Handle> queue_for(std::int32_t number, bool to_send) {
    Handle description = TRY(fd::table.get_open(number));
    const bool open = to_send ? description->writable() : description->readable();
    if (description->message_queue() == nullptr || !open) {
        return base::fail(Errno::ebadf);
    }
    return description;
}

// A point of the real-time clock; none: for ever.
Result<std::uint64_t> read_deadline(std::uint64_t address) {
    if (address == 0) {
        return ipc::no_deadline;
    }
    const auto time = TRY(user::read<linux_abi::Timespec>(address));
    const std::uint64_t at = TRY(to_ns(time));
    const std::uint64_t now = real_time_now();
    return at <= now ? 0 : monotonic_now() + (at - now);
}

std::int64_t timed_send(const Arguments& arguments) {
    const auto deadline = read_deadline(arguments[4]);
    if (!deadline) {
        return -deadline.error();
    }
    if (arguments.word(3) >= queue::priorities) {
        return -Errno::einval;
    }
    const auto to = queue_for(arguments.integer(0), true);
    return to ? (*to)->message_queue()->send(arguments[1], arguments[2], arguments.word(3),
                                             *deadline)
              : -to.error();
}

std::int64_t timed_receive(const Arguments& arguments) {
    const auto deadline = read_deadline(arguments[4]);
    if (!deadline) {
        return -deadline.error();
    }
    const auto from = queue_for(arguments.integer(0), false);
    return from ? (*from)->message_queue()->receive(arguments[1], arguments[2], arguments[3],
                                                    *deadline)
                : -from.error();
}

Result<void> notify(const Arguments& arguments) {
    using Notify = process::NotifyOfMessage;
    SignalEvent event{.value = 0, .signal = 0, .how = not_at_all};
    if (arguments[1] != 0) {
        event = TRY(user::read<SignalEvent>(arguments[1]));
        const bool good = event.how == not_at_all ||
                          (event.how == by_signal && event.signal >= 0 &&
                           event.signal <= static_cast<std::int32_t>(linux_abi::signal_count));
        if (!good) {
            return base::fail(Errno::einval);
        }
    }
    const Handle description = TRY(fd::table.get_open(arguments.integer(0)));
    if (description->message_queue() == nullptr) {
        return base::fail(Errno::ebadf);
    }
    const std::uint32_t signal = arguments[1] == 0        ? Notify::not_any_more
                                 : event.how == by_signal ? static_cast<std::uint32_t>(event.signal)
                                                          : Notify::no_signal;
    return description->message_queue()->notify(signal, event.value);
}

Result<void> get_set_attributes(const Arguments& arguments) {
    QueueAttributes wanted{.flags = 0, .most = 0, .bytes = 0, .count = 0, .reserved = {}};
    if (arguments[1] != 0) {
        wanted = TRY(user::read<QueueAttributes>(arguments[1]));
        if ((wanted.flags & ~std::int64_t{OpenFlag::non_block}) != 0) {
            return base::fail(Errno::einval);
        }
    }
    const Handle description = TRY(fd::table.get_open(arguments.integer(0)));
    MessageQueue* queue = description->message_queue();
    if (queue == nullptr) {
        return base::fail(Errno::ebadf);
    }
    const auto told = TRY(queue->describe());
    const QueueAttributes now{.flags = description->status() & OpenFlag::non_block,
                              .most = told.most,
                              .bytes = told.bytes,
                              .count = told.count,
                              .reserved = {}};
    if (arguments[1] != 0) {
        TRY(description->change_status(OpenFlag::non_block,
                                       static_cast<std::uint32_t>(wanted.flags)));
    }
    return arguments[2] == 0 ? Result<void>{} : user::write(arguments[2], now);
}

}  // namespace

namespace calls {

std::int64_t mq_open(const Arguments& arguments) { return to_return(open_queue(arguments)); }
std::int64_t mq_unlink(const Arguments& arguments) {
    Name buffer;
    const auto name = read_name(buffer, arguments[0]);
    if (!name) {
        return -name.error();
    }
    const auto removed =
        ipc::call(own_process(), process::RemoveQueue{}, {.payload = ipc::bytes(*name)});
    return removed ? 0 : -to_errno(removed.error());
}
std::int64_t mq_timedsend(const Arguments& arguments) { return timed_send(arguments); }
std::int64_t mq_timedreceive(const Arguments& arguments) { return timed_receive(arguments); }
std::int64_t mq_notify(const Arguments& arguments) { return to_return(notify(arguments)); }
std::int64_t mq_getsetattr(const Arguments& arguments) {
    return to_return(get_set_attributes(arguments));
}

}  // namespace calls
}  // namespace linux
