// SPDX-License-Identifier: MIT
// Streams: what may keep its reader or writer waiting and lives in a server. Terminals among them
// refuse those who are not in the foreground; what follows is in job_control.hpp.
//
// A call that a signal ends may have been carried out already, with nobody there for the answer: bytes
// would be written twice, or lost. So the server is first asked for what it can do at once, which no
// signal ends. Only if it would have to wait does an interruptible call follow; that one the server
// answers when it can, and does nothing if the answer does not arrive; or, of a description with
// O_NONBLOCK, that it would have to wait.
#include <algorithm>

#include "interfaces/process.hpp"
#include "libs/ipc/protocol.hpp"
#include "linux/entry/thread_state.hpp"
#include "linux/fd/job_control.hpp"
#include "linux/fd/server_file.hpp"
#include "linux/process/state.hpp"
#include "linux/signal/interruption.hpp"
#include "linux/signal/state.hpp"

namespace linux::fd {

namespace {

constexpr std::uint32_t signal_pipe = 13;

bool would_block(ipc::Failure failure) { return failure == ipc::Failure{ipc::Status::would_block}; }

}  // namespace

std::int64_t Stream::read(UserBuffer& buffer, Offset offset) {
    if (offset != current_offset) {
        return -Errno::espipe;
    }
    const auto length =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(buffer.remaining(), 4096));
    bool waits = false;
    for (;;) {
        auto answer = ipc::call(file(),
                                fs::Read{.length = length,
                                         .flags = waits ? 0 : fs::Read::no_wait,
                                         .process_group = job_control::reader()},
                                {.interruptible = waits});
        if (answer) {
            const std::size_t count = std::min<std::size_t>(answer->payload.size(), length);
            const auto put = buffer.put(answer->payload.first(count));
            return put ? static_cast<std::int64_t>(count) : -put.error();
        }
        if (would_block(answer.error()) && !waits) {
            waits = true;
            continue;
        }
        if (answer.error() == ipc::Failure{ipc::Status::background}) {
            return job_control::stop(job_control::read_signal);
        }
        if (!is_interruption(answer.error())) {
            return -to_errno(answer.error());
        }
        if (signals::interrupted()) {
            return restart;
        }
    }
}

std::int64_t Stream::write(UserBuffer& buffer, Offset offset) {
    if (offset != current_offset) {
        return -Errno::espipe;
    }
    std::uint64_t moved = 0;
    const auto result = [&](std::int64_t otherwise) {
        return moved != 0 ? static_cast<std::int64_t>(moved) : otherwise;
    };
    bool waits = false;
    while (buffer.remaining() != 0) {
        const auto page =
            ipc::message_page().first(std::min<std::uint64_t>(buffer.remaining(), 4096));
        UserBuffer after = buffer;
        if (const auto got = after.get(page); !got) {
            return result(-got.error());
        }
        auto answer = ipc::call(file(),
                                fs::Write{.flags = waits ? 0 : fs::Write::no_wait,
                                          .process_group = job_control::writer()},
                                {.payload = page, .interruptible = waits});
        if (answer) {
            const std::uint64_t count = std::min<std::uint64_t>(answer->reply.count, page.size());
            if (count == 0) {
                return result(-Errno::eio);
            }
            if (count == page.size()) {
                buffer = after;
            } else {
                (void)buffer.get(ipc::message_page().first(count));
            }
            moved += count;
            waits = false;
            continue;
        }
        if (would_block(answer.error()) && !waits) {
            waits = true;
            continue;
        }
        if (answer.error() == ipc::Failure{ipc::Status::background}) {
            return result(job_control::stop(job_control::write_signal));
        }
        if (answer.error() == ipc::Failure{ipc::Status::closed}) {
            signals::raise(signal_pipe);
        }
        if (!is_interruption(answer.error())) {
            return result(-to_errno(answer.error()));
        }
        if (signals::interrupted()) {
            return result(restart);
        }
    }
    return static_cast<std::int64_t>(moved);
}

std::uint32_t poll_file(ipc::Ref<fs::File> file, std::uint32_t events, WakeTarget target,
                        Arrivals* seen) {
    ipc::Options options;
    if (target) {
        options.capabilities = {target};
    }
    fs::Poll poll{.events = events, .process_group = job_control::reader(), .bits = 1};
    if (seen != nullptr) {
        poll.seen_input = static_cast<std::uint32_t>(seen->input);
        poll.seen_output = static_cast<std::uint32_t>(seen->output);
    }
    const auto answer = ipc::call(file, poll, options);
    if (!answer) {
        const bool silent = answer.error() == ipc::Failure{ipc::Status::unsupported};
        return silent ? events & (fs::Poll::readable | fs::Poll::writable) : fs::Poll::error;
    }
    const fs::Poll::Reply& reply = answer->reply;
    if (reply.ready != 0 && seen != nullptr) {
        *seen = reply.input != 0 ? Arrivals{reply.input, reply.output}
                                 : Arrivals{seen->input + 1, seen->output + 1};
    }
    return reply.ready;
}

std::uint32_t Stream::poll(std::uint32_t events, WakeTarget target) {
    return poll_file(file(), events, target, nullptr);
}

std::uint32_t Stream::poll_news(std::uint32_t events, WakeTarget target, Arrivals& seen) {
    return poll_file(file(), events, target, &seen);
}

}  // namespace linux::fd
