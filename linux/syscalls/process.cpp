// SPDX-License-Identifier: MIT
// fork, clone, execve, exit and wait.
#include "abi/linux/process.hpp"

#include <array>

#include "abi/linux/file.hpp"
#include "abi/linux/signal.hpp"
#include "libs/ipc/protocol.hpp"
#include "linux/entry/context.hpp"
#include "linux/entry/cpu.hpp"
#include "linux/entry/thread_state.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/process_handle.hpp"
#include "linux/fd/table.hpp"
#include "linux/process/execute.hpp"
#include "linux/process/exit.hpp"
#include "linux/process/fork.hpp"
#include "linux/process/state.hpp"
#include "linux/process/thread.hpp"
#include "linux/signal/interruption.hpp"
#include "linux/syscalls/table.hpp"
#include "linux/time/clock.hpp"

namespace linux {
namespace {

using linux_abi::CloneFlag;
using linux_abi::WaitOption;

struct CloneArguments {
    std::uint64_t flags, stack, parent_id_at, child_id_at, tls;
    std::uint64_t pidfd_at = 0;
};

Result<std::uint32_t> clone_thread(const Arguments& arguments, const CloneArguments& how) {
    constexpr std::uint64_t required = CloneFlag::memory | CloneFlag::handlers;
    if ((how.flags & required) != required || how.stack == 0) {
        return base::fail(Errno::einval);
    }
    ThreadList::Start start{
        .registers = program_registers(arguments),
        .fs_base = (how.flags & CloneFlag::set_tls) != 0 ? how.tls : fs_base(),
        .clear_id_at = (how.flags & CloneFlag::child_clear_id) != 0 ? how.child_id_at : 0,
        .tell_id_at = {}};
    start.registers.rax = 0;
    start.registers.rsp = how.stack;
    if ((how.flags & CloneFlag::parent_set_id) != 0) {
        start.tell_id_at[0] = how.parent_id_at;
    }
    if ((how.flags & CloneFlag::child_set_id) != 0) {
        start.tell_id_at[1] = how.child_id_at;
    }
    const auto thread = threads().create(start);
    if (!thread) {
        return base::fail(Errno::eagain);  // the one error that Linux has for all shortages here
    }
    return (*thread)->id;
}

// What cannot be told to the parent must not stay behind.
Result<void> give_handle(std::uint32_t pid, std::uint64_t at) {
    const auto child = static_cast<std::int32_t>(pid);
    const auto give = [&]() -> Result<void> {
        fd::Handle handle = TRY(fd::ProcessHandle::open(child, 0));
        const std::int64_t number = TRY(fd::table.install(std::move(handle), true));
        const auto written = user::write(at, static_cast<std::int32_t>(number));
        if (!written) {
            (void)fd::table.close(number);
        }
        return written;
    };
    auto given = give();
    if (!given) {
        constexpr std::uint32_t signal_kill = 9;
        (void)ipc::call(own_process(), process::Kill{.pid = child, .signal = signal_kill});
        (void)ipc::call(own_process(), process::Wait{.pid = child});
    }
    return given;
}

Result<std::uint32_t> clone_process(const Arguments& arguments, const CloneArguments& how) {
    const bool shares = (how.flags & CloneFlag::memory) != 0;
    const bool waits = (how.flags & CloneFlag::vfork) != 0;
    if (shares && !waits) {
        return base::fail(Errno::einval);
    }
    const std::uint32_t pid = TRY(fork_process(
        arguments,
        {.wait_for_exec = waits,
         .shares_memory = shares,
         .child_stack = how.stack,
         .fs_base = (how.flags & CloneFlag::set_tls) != 0 ? how.tls : fs_base(),
         .write_child_id_at = (how.flags & CloneFlag::child_set_id) != 0 ? how.child_id_at : 0,
         .clear_id_at = (how.flags & CloneFlag::child_clear_id) != 0 ? how.child_id_at : 0}));
    if ((how.flags & CloneFlag::parent_set_id) != 0) {
        TRY(user::write(how.parent_id_at, pid));
    }
    if ((how.flags & CloneFlag::pidfd) != 0) {
        TRY(give_handle(pid, how.pidfd_at));
    }
    return pid;
}

Result<std::uint32_t> clone_any(const Arguments& arguments, const CloneArguments& how) {
    constexpr std::uint64_t of_thread = CloneFlag::pidfd | CloneFlag::thread;
    if ((how.flags & CloneFlag::namespaces) != 0 || (how.flags & of_thread) == of_thread) {
        return base::fail(Errno::einval);
    }
    return (how.flags & CloneFlag::thread) != 0 ? clone_thread(arguments, how)
                                                : clone_process(arguments, how);
}

std::int64_t execute_at(std::int32_t directory, std::uint64_t path_at, std::uint32_t flags,
                        std::uint64_t arguments, std::uint64_t environment) {
    using linux_abi::AtFlag;
    std::array<char, linux_abi::path_max> path;
    const auto length = user::copy_string(path, path_at);
    if (!length) {
        return -length.error();
    }
    if (*length == 0 && (flags & AtFlag::empty_path) == 0) {
        return -Errno::enoent;
    }
    if ((flags & ~(AtFlag::empty_path | AtFlag::no_follow)) != 0) {
        return -Errno::einval;
    }
    return -execute(directory, {path.data(), *length}, flags, arguments, environment);
}

linux_abi::ResourceUsage to_usage(const process::Wait::Reply& reply) {
    linux_abi::ResourceUsage usage{};
    usage.user = to_timeval(reply.user_ns);
    usage.system = to_timeval(reply.system_ns);
    usage.peak_kilobytes = static_cast<std::int64_t>(reply.peak_bytes / 1024);
    return usage;
}

using WaitAnswer = base::Result<process::Wait::Reply, std::int64_t>;

// The error is what the system call returns. The signal that interrupts may well be the child's: what
// there is to tell of it comes first.
WaitAnswer wait_for(fd::ProcessHandle::Target child, std::uint32_t options) {
    process::Wait wait{.pid = child.pid, .options = options, .started_ns = child.started_ns};
    for (bool last = false;;) {
        const auto answer = ipc::call(own_process(), wait, {.interruptible = !last});
        if (answer && last && answer->reply.pid == 0 && (options & process::Wait::no_hang) == 0) {
            return base::fail(restart);
        }
        if (answer) {
            return answer->reply;
        }
        if (!is_interruption(answer.error())) {
            return base::fail(-to_errno(answer.error()));
        }
        if (signals::interrupted()) {
            last = true;
            wait.options |= process::Wait::no_hang;
        }
    }
}

std::uint32_t to_wait_options(std::uint32_t options) {
    std::uint32_t result = 0;
    result |= (options & WaitOption::no_hang) != 0 ? process::Wait::no_hang : 0;
    result |= (options & WaitOption::stopped) != 0 ? process::Wait::stopped : 0;
    result |= (options & WaitOption::continued) != 0 ? process::Wait::continued : 0;
    result |= (options & WaitOption::keep) != 0 ? process::Wait::keep : 0;
    return result;
}

Result<void> write_wait_results(const process::Wait::Reply& reply, std::uint64_t status_at,
                                std::uint64_t usage_at) {
    if (status_at != 0 && reply.pid != 0) {
        TRY(user::write(status_at, reply.status));
    }
    if (usage_at != 0) {
        TRY(user::write(usage_at, to_usage(reply)));
    }
    return {};
}

linux_abi::SignalInfo to_child_info(const process::Wait::Reply& reply) {
    using linux_abi::SignalCode;
    constexpr std::uint32_t is_stopped = 0x7f, is_continued = 0xffff;
    linux_abi::SignalInfo info{};
    if (reply.pid == 0) {
        return info;
    }
    info.signal = linux_abi::sig_chld;
    info.of.child.pid = static_cast<std::int32_t>(reply.pid);
    info.of.child.user = reply.user;
    const std::uint32_t low = reply.status & 0x7f;
    if (reply.status == is_continued) {
        info.code = SignalCode::continued;
        info.of.child.status = linux_abi::sig_cont;
    } else if ((reply.status & 0xff) == is_stopped) {
        info.code = SignalCode::stopped;
        info.of.child.status = static_cast<std::int32_t>(reply.status >> 8 & 0xff);
    } else if (low == 0) {
        info.code = SignalCode::exited;
        info.of.child.status = static_cast<std::int32_t>(reply.status >> 8 & 0xff);
    } else {
        info.code = (reply.status & 0x80) != 0 ? SignalCode::dumped : SignalCode::killed;
        info.of.child.status = static_cast<std::int32_t>(low);
    }
    return info;
}

// A child as process::Wait has it; EINVAL for kinds that there are not, EBADF. `options` as to_wait_options gives them.
Result<std::int64_t> wait_by_id(const Arguments& arguments, std::uint32_t options) {
    using linux_abi::WaitKind;
    const std::int32_t id = arguments.integer(1);
    fd::ProcessHandle::Target child;
    bool may_wait = true;
    switch (arguments.word(0)) {
        case WaitKind::all:   child.pid = -1; break;
        case WaitKind::pid:   child.pid = id; break;
        case WaitKind::group: child.pid = -id; break;
        case WaitKind::pidfd: {
            const fd::Handle handle = TRY(fd::table.get(id));
            if (handle->process_handle() == nullptr) {
                return base::fail(Errno::ebadf);
            }
            child = handle->process_handle()->target();
            may_wait = !handle->non_blocking() || (options & process::Wait::no_hang) != 0;
            break;
        }
        default: return base::fail(Errno::einval);
    }
    const bool named = arguments.word(0) == WaitKind::pid || arguments.word(0) == WaitKind::group;
    if (named && id < (arguments.word(0) == WaitKind::pid ? 1 : 0)) {
        return base::fail(Errno::einval);
    }
    const auto reply = wait_for(child, options | (may_wait ? 0 : process::Wait::no_hang));
    if (!reply) {
        return reply.error();
    }
    if (!may_wait && reply->pid == 0) {
        return base::fail(Errno::eagain);
    }
    if (arguments[2] != 0) {
        TRY(user::write(arguments[2], to_child_info(*reply)));
    }
    TRY(write_wait_results(*reply, 0, arguments[4]));
    return 0;
}

}  // namespace

namespace calls {

std::int64_t fork(const Arguments& arguments) {
    return to_return(fork_process(arguments, {.fs_base = fs_base()}));
}

std::int64_t vfork(const Arguments& arguments) {
    return to_return(fork_process(
        arguments, {.wait_for_exec = true, .shares_memory = true, .fs_base = fs_base()}));
}

std::int64_t clone(const Arguments& arguments) {
    constexpr std::uint64_t two_ids = CloneFlag::pidfd | CloneFlag::parent_set_id;
    if ((arguments[0] & two_ids) == two_ids) {
        return -Errno::einval;  // they would be written to the same place
    }
    return to_return(clone_any(arguments, {.flags = arguments[0],
                                           .stack = arguments[1],
                                           .parent_id_at = arguments[2],
                                           .child_id_at = arguments[3],
                                           .tls = arguments[4],
                                           .pidfd_at = arguments[2]}));
}

std::int64_t clone3(const Arguments& arguments) {
    // As far as the first version of the structure goes; what came later must be zero.
    struct How {
        std::uint64_t flags, pidfd, child_id_at, parent_id_at, exit_signal, stack, stack_bytes, tls;
        std::uint64_t later[3];
    };
    How how{};
    constexpr std::uint64_t first_version = offsetof(How, later);
    if (arguments[1] < first_version) {
        return -Errno::einval;
    }
    if (arguments[1] > sizeof how) {
        return -Errno::e2big;
    }
    const auto read = user::copy_in(&how, arguments[0], arguments[1]);
    if (!read) {
        return -read.error();
    }
    if (how.later[0] != 0 || how.later[1] != 0 || how.later[2] != 0) {
        return -Errno::einval;
    }
    return to_return(
        clone_any(arguments, {.flags = how.flags & ~CloneFlag::exit_signal,
                              .stack = how.stack == 0 ? 0 : how.stack + how.stack_bytes,
                              .parent_id_at = how.parent_id_at,
                              .child_id_at = how.child_id_at,
                              .tls = how.tls,
                              .pidfd_at = how.pidfd}));
}

std::int64_t rseq(const Arguments&) { return -Errno::enosys; }

std::int64_t execve(const Arguments& arguments) {
    return execute_at(linux_abi::at_cwd, arguments[0], 0, arguments[1], arguments[2]);
}

std::int64_t execveat(const Arguments& arguments) {
    return execute_at(arguments.integer(0), arguments[1], arguments.word(4), arguments[2],
                      arguments[3]);
}

std::int64_t exit(const Arguments& arguments) { exit_thread(arguments.word(0)); }

std::int64_t exit_group(const Arguments& arguments) {
    exit_process((arguments.word(0) & 0xff) << 8);
}

std::int64_t wait4(const Arguments& arguments) {
    constexpr std::uint32_t known = WaitOption::no_hang | WaitOption::stopped |
                                    WaitOption::continued | WaitOption::no_thread |
                                    WaitOption::all | WaitOption::clone;
    if ((arguments.word(2) & ~known) != 0) {
        return -Errno::einval;
    }
    const auto reply = wait_for({arguments.integer(0)},
                                to_wait_options(arguments.word(2)) | process::Wait::exited);
    if (!reply) {
        return reply.error();
    }
    const auto written = write_wait_results(*reply, arguments[1], arguments[3]);
    return written ? static_cast<std::int64_t>(reply->pid) : -written.error();
}

std::int64_t waitid(const Arguments& arguments) {
    constexpr std::uint32_t events =
        WaitOption::exited | WaitOption::stopped | WaitOption::continued;
    const std::uint32_t options = arguments.word(3);
    if ((options & events) == 0) {
        return -Errno::einval;
    }
    return to_return(wait_by_id(
        arguments, to_wait_options(options) |
                       ((options & WaitOption::exited) != 0 ? process::Wait::exited : 0)));
}

std::int64_t set_tid_address(const Arguments& arguments) {
    this_thread().clear_id_at = arguments[0];
    return this_thread().id;
}

std::int64_t set_robust_list(const Arguments& arguments) {
    constexpr std::uint64_t head_bytes = 24;
    if (arguments[1] != head_bytes) {
        return -Errno::einval;
    }
    this_thread().robust_list = arguments[0];
    this_thread().robust_list_length = arguments[1];
    return 0;
}

std::int64_t get_robust_list(const Arguments& arguments) {
    if (arguments.integer(0) != 0 && arguments.word(0) != this_thread().id) {
        return -Errno::eperm;
    }
    auto written = user::write(arguments[1], this_thread().robust_list);
    if (written) {
        written = user::write(arguments[2], this_thread().robust_list_length);
    }
    return to_return(written);
}

}  // namespace calls
}  // namespace linux
