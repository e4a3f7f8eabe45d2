// SPDX-License-Identifier: MIT
// Signal dispositions, masks, waiting for signals and sending them.
#include "abi/linux/signal.hpp"

#include "libs/ipc/protocol.hpp"
#include "linux/entry/context.hpp"
#include "linux/entry/thread_state.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/process_handle.hpp"
#include "linux/fd/table.hpp"
#include "linux/process/exit.hpp"
#include "linux/process/state.hpp"
#include "linux/process/stop.hpp"
#include "linux/process/thread.hpp"
#include "linux/signal/delivery.hpp"
#include "linux/signal/frame.hpp"
#include "linux/signal/interruption.hpp"
#include "linux/signal/state.hpp"
#include "linux/syscalls/table.hpp"
#include "linux/time/clock.hpp"

namespace linux {
namespace {

using linux_abi::SignalSet;
using linux_abi::SignalStack;

constexpr std::uint64_t set_bytes = sizeof(SignalSet);

bool is_signal(std::uint32_t signal) { return signal >= 1 && signal <= linux_abi::signal_count; }

Result<void> change_action(const Arguments& arguments) {
    const std::uint32_t signal = arguments.word(0);
    if (arguments[3] != set_bytes || !is_signal(signal)) {
        return base::fail(Errno::einval);
    }
    linux_abi::SignalAction old{};
    if (arguments[1] != 0) {
        const auto action = TRY(user::read<linux_abi::SignalAction>(arguments[1]));
        if ((signals::unblockable & linux_abi::signal_bit(signal)) != 0) {
            return base::fail(Errno::einval);
        }
        old = signals::set_action(signal, action);
    } else {
        old = signals::action_of(signal);
    }
    if (arguments[2] != 0) {
        TRY(user::write(arguments[2], old));
    }
    return {};
}

Result<void> change_mask(const Arguments& arguments) {
    using linux_abi::MaskHow;
    if (arguments[3] != set_bytes) {
        return base::fail(Errno::einval);
    }
    const SignalSet old = this_thread().mask;
    if (arguments[1] != 0) {
        const auto set = TRY(user::read<SignalSet>(arguments[1]));
        switch (arguments.word(0)) {
            case MaskHow::block:   signals::set_mask(old | set); break;
            case MaskHow::unblock: signals::set_mask(old & ~set); break;
            case MaskHow::set:     signals::set_mask(set); break;
            default:               return base::fail(Errno::einval);
        }
    }
    if (arguments[2] != 0) {
        TRY(user::write(arguments[2], old));
    }
    return {};
}

Result<void> change_stack(const Arguments& arguments) {
    Thread& self = this_thread();
    const std::uint64_t rsp = thread_state().user_stack;
    SignalStack old = self.signal_stack;
    const bool in_use = signals::is_on_stack(old, rsp);
    if (arguments[0] != 0) {
        auto fresh = TRY(user::read<SignalStack>(arguments[0]));
        if (in_use) {
            return base::fail(Errno::eperm);
        }
        const std::int32_t mode = fresh.flags & ~SignalStack::auto_disarm;
        if (mode != 0 && mode != SignalStack::disabled && mode != SignalStack::on_stack) {
            return base::fail(Errno::einval);
        }
        if (mode == SignalStack::disabled) {
            fresh = {.address = 0, .flags = SignalStack::disabled, .padding = 0, .size = 0};
        } else if (fresh.size < SignalStack::least_size) {
            return base::fail(Errno::enomem);
        }
        fresh.flags &= ~SignalStack::on_stack;
        self.signal_stack = fresh;
    }
    if (arguments[1] != 0) {
        old.flags |= in_use ? SignalStack::on_stack : 0;
        TRY(user::write(arguments[1], old));
    }
    return {};
}

// The deadline of rt_sigtimedwait; no address: none.
Result<std::uint64_t> read_deadline(std::uint64_t address) {
    if (address == 0) {
        return ipc::no_deadline;
    }
    const auto time = TRY(user::read<linux_abi::Timespec>(address));
    const std::uint64_t ns = TRY(to_ns(time));
    return deadline_after(monotonic_now(), ns);
}

Result<std::uint32_t> wait_for_signal(const Arguments& arguments) {
    if (arguments[3] != set_bytes) {
        return base::fail(Errno::einval);
    }
    const SignalSet set = TRY(user::read<SignalSet>(arguments[0])) & ~signals::unblockable;
    const std::uint64_t deadline = TRY(read_deadline(arguments[2]));
    Thread& self = this_thread();
    self.waiting_for = set;
    Result<std::uint32_t> result = base::fail(Errno::eagain);
    for (bool expired = false;;) {
        if (const auto taken = signals::take(set)) {
            self.waiting_for = 0;
            if (arguments[1] != 0) {
                linux_abi::SignalInfo info;
                signals::lay_out(info, taken->signal, taken->details);
                TRY(user::write(arguments[1], info));
            }
            return taken->signal;
        }
        if (expired) {
            break;
        }
        expired = signals::sleep_until(deadline);
        // Something that is not waited for, but must be handled? Then that.
        if (!expired && signals::pending_outside(set)) {
            result = base::fail(Errno::eintr);
            break;
        }
    }
    self.waiting_for = 0;
    return result;
}

SignalDetails from_self(std::int32_t code, std::uint64_t value) {
    return {
        .code = code, .pid = identity().pid, .user = identity().user, .status = 0, .value = value};
}

// Signals that no handler can see take effect at once.
bool act_at_once(std::uint32_t signal) {
    if (signal == linux_abi::sig_kill) {
        exit_process(linux_abi::sig_kill);
    }
    if (signal == linux_abi::sig_stop) {
        stop_process(signal);
        return true;
    }
    return false;
}

Result<void> kill_process(std::int32_t pid, std::uint32_t signal, std::int32_t code,
                          std::uint64_t value) {
    if (signal > linux_abi::signal_count) {
        return base::fail(Errno::einval);
    }
    if (pid == static_cast<std::int32_t>(identity().pid)) {
        if (signal != 0 && !act_at_once(signal) &&
            !signals::send_to_process(signal, from_self(code, value))) {
            return base::fail(Errno::eagain);
        }
        return {};
    }
    TRY(or_errno(ipc::call(
        own_process(),
        process::Kill{.pid = pid, .signal = signal, .code = code, .reserved = 0, .value = value})));
    return {};
}

// Linux lets nobody pretend to others that the system, or kill or tgkill, sent it.
bool is_honest(const linux_abi::SignalInfo& info) {
    return info.code < 0 && info.code != linux_abi::SignalCode::thread;
}

Result<void> signal_handle(const Arguments& arguments) {
    const std::uint32_t signal = arguments.word(1);
    if (arguments.word(3) != 0) {
        return base::fail(Errno::einval);
    }
    const fd::Handle handle = TRY(fd::table.get(arguments.integer(0)));
    if (handle->process_handle() == nullptr) {
        return base::fail(Errno::ebadf);
    }
    const auto target = handle->process_handle()->target();
    process::Kill kill{.pid = target.pid,
                       .signal = signal,
                       .code = linux_abi::SignalCode::user,
                       .started_ns = target.started_ns};
    if (arguments[2] != 0) {
        const auto info = TRY(user::read<linux_abi::SignalInfo>(arguments[2]));
        if (info.signal != static_cast<std::int32_t>(signal)) {
            return base::fail(Errno::einval);
        }
        if (target.pid != static_cast<std::int32_t>(identity().pid) && !is_honest(info)) {
            return base::fail(Errno::eperm);
        }
        kill.code = info.code;
        kill.value = info.of.sender.value;
    }
    if (signal > linux_abi::signal_count) {
        return base::fail(Errno::einval);
    }
    TRY(or_errno(ipc::call(own_process(), kill)));
    return {};
}

Result<void> kill_thread(std::int32_t group, std::int32_t id, std::uint32_t signal,
                         std::int32_t code, std::uint64_t value) {
    if (signal > linux_abi::signal_count || id <= 0) {
        return base::fail(Errno::einval);
    }
    const auto pid = static_cast<std::int32_t>(identity().pid);
    if (group != 0 && group != pid) {
        // Other processes' threads are not known here: only their first ones have a name.
        return group == id ? kill_process(group, signal, code, value) : base::fail(Errno::esrch);
    }
    bool is_there = false;
    {
        MutexGuard guard{threads().lock()};
        is_there = threads().find(static_cast<std::uint32_t>(id)) != nullptr;
    }
    if (!is_there) {
        return group == 0 && id != pid ? kill_process(id, signal, code, value)
                                       : base::fail(Errno::esrch);
    }
    if (signal == 0 || act_at_once(signal)) {
        return {};
    }
    return signals::send_to_thread(static_cast<std::uint32_t>(id), signal, from_self(code, value));
}

Result<void> queue_signal(std::int32_t pid, std::uint32_t signal, std::uint64_t info_at) {
    const auto info = TRY(user::read<linux_abi::SignalInfo>(info_at));
    if (pid != static_cast<std::int32_t>(identity().pid) && !is_honest(info)) {
        return base::fail(Errno::eperm);
    }
    return kill_process(pid, signal, info.code, info.of.sender.value);
}

}  // namespace

namespace calls {

std::int64_t rt_sigaction(const Arguments& arguments) {
    return to_return(change_action(arguments));
}
std::int64_t rt_sigprocmask(const Arguments& arguments) {
    return to_return(change_mask(arguments));
}
std::int64_t sigaltstack(const Arguments& arguments) { return to_return(change_stack(arguments)); }

std::int64_t rt_sigreturn(const Arguments& arguments) {
    signals::return_from_handler(program_registers(arguments));
}

std::int64_t rt_sigpending(const Arguments& arguments) {
    if (arguments[1] > set_bytes) {
        return -Errno::einval;
    }
    return to_return(user::write(arguments[0], signals::pending() & this_thread().mask));
}

std::int64_t rt_sigsuspend(const Arguments& arguments) {
    if (arguments[1] != set_bytes) {
        return -Errno::einval;
    }
    const auto mask = user::read<SignalSet>(arguments[0]);
    if (!mask) {
        return -mask.error();
    }
    signals::set_temporary_mask(*mask);
    while (!signals::interrupted()) {
        (void)signals::sleep_until(ipc::no_deadline);
    }
    return -Errno::eintr;
}

// By this Linux goes on with what a signal without a handler interrupted; here that call is made again itself.
// Nothing is left to go on with.
std::int64_t restart_syscall(const Arguments&) { return -Errno::eintr; }

std::int64_t pause(const Arguments&) {
    while (!signals::interrupted()) {
        (void)signals::sleep_until(ipc::no_deadline);
    }
    return -Errno::eintr;
}

std::int64_t rt_sigtimedwait(const Arguments& arguments) {
    return to_return(wait_for_signal(arguments));
}

std::int64_t kill(const Arguments& arguments) {
    return to_return(
        kill_process(arguments.integer(0), arguments.word(1), linux_abi::SignalCode::user, 0));
}
std::int64_t pidfd_send_signal(const Arguments& arguments) {
    return to_return(signal_handle(arguments));
}
std::int64_t tgkill(const Arguments& arguments) {
    if (arguments.integer(0) <= 0) {
        return -Errno::einval;
    }
    return to_return(kill_thread(arguments.integer(0), arguments.integer(1), arguments.word(2),
                                 linux_abi::SignalCode::thread, 0));
}
std::int64_t tkill(const Arguments& arguments) {
    return to_return(
        kill_thread(0, arguments.integer(0), arguments.word(1), linux_abi::SignalCode::thread, 0));
}
std::int64_t rt_sigqueueinfo(const Arguments& arguments) {
    return to_return(queue_signal(arguments.integer(0), arguments.word(1), arguments[2]));
}
std::int64_t rt_tgsigqueueinfo(const Arguments& arguments) {
    const auto info = user::read<linux_abi::SignalInfo>(arguments[3]);
    if (!info) {
        return -info.error();
    }
    return to_return(kill_thread(arguments.integer(0), arguments.integer(1), arguments.word(2),
                                 info->code, info->of.sender.value));
}

}  // namespace calls
}  // namespace linux
