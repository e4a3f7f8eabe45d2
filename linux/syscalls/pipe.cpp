// SPDX-License-Identifier: MIT
// Making pipes and event counters.
#include "linux/fd/pipe.hpp"
#include "abi/linux/poll.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/event.hpp"
#include "linux/fd/table.hpp"
#include "linux/syscalls/table.hpp"

namespace linux {

namespace {

using linux_abi::OpenFlag;

struct TwoNumbers {
    std::int32_t reader, writer;
};

Result<void> make_pipe(std::uint64_t to, std::uint32_t flags) {
    if ((flags & ~(OpenFlag::close_on_exec | OpenFlag::non_block | OpenFlag::direct)) != 0) {
        return base::fail(Errno::einval);
    }
    const bool close_on_exec = (flags & OpenFlag::close_on_exec) != 0;
    fd::PipePair pipe = TRY(fd::make_pipe(flags & (OpenFlag::non_block | OpenFlag::direct)));
    const auto reader =
        static_cast<std::int32_t>(TRY(fd::table.install(std::move(pipe.reader), close_on_exec)));
    const auto writer = fd::table.install(std::move(pipe.writer), close_on_exec);
    if (!writer) {
        (void)fd::table.close(reader);
        return base::fail(writer.error());
    }
    const auto written = user::write(to, TwoNumbers{reader, static_cast<std::int32_t>(*writer)});
    if (!written) {
        (void)fd::table.close(reader);
        (void)fd::table.close(*writer);
    }
    return written;
}

Result<std::int64_t> make_counter(std::uint32_t value, std::uint32_t flags) {
    using linux_abi::EventFlag;
    if ((flags & ~(EventFlag::semaphore | OpenFlag::close_on_exec | OpenFlag::non_block)) != 0) {
        return base::fail(Errno::einval);
    }
    return fd::table.install(
        TRY(fd::EventCounter::create(value, (flags & EventFlag::semaphore) != 0,
                                     flags & OpenFlag::non_block)),
        (flags & OpenFlag::close_on_exec) != 0);
}

}  // namespace

namespace calls {

std::int64_t pipe(const Arguments& arguments) { return to_return(make_pipe(arguments[0], 0)); }
std::int64_t pipe2(const Arguments& arguments) {
    return to_return(make_pipe(arguments[0], arguments.word(1)));
}
std::int64_t eventfd(const Arguments& arguments) {
    return to_return(make_counter(arguments.word(0), 0));
}
std::int64_t eventfd2(const Arguments& arguments) {
    return to_return(make_counter(arguments.word(0), arguments.word(1)));
}

}  // namespace calls
}  // namespace linux
