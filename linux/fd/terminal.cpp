// SPDX-License-Identifier: MIT
#include "linux/fd/terminal.hpp"

#include "abi/linux/terminal.hpp"
#include "interfaces/process.hpp"
#include "interfaces/tty.hpp"
#include "libs/ipc/protocol.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/job_control.hpp"
#include "linux/fd/open.hpp"
#include "linux/fd/own_names.hpp"
#include "linux/fd/table.hpp"
#include "linux/process/state.hpp"
#include "linux/signal/interruption.hpp"

namespace linux::fd {

using linux_abi::Ioctl;

static_assert(sizeof(tty::Settings) == sizeof(linux_abi::Termios));

namespace {

// Asks the terminal; a caller in the background is stopped with SIGTTOU.
template <class Op>
std::int64_t change(ipc::Ref<fs::File> file, const Op& operation,
                    std::span<const std::byte> payload = {}) {
    const auto answer = ipc::call(file, operation, {.payload = payload, .interruptible = true});
    if (answer) {
        return 0;
    }
    if (answer.error() == ipc::Failure{ipc::Status::background}) {
        return job_control::stop(job_control::write_signal);
    }
    if (is_interruption(answer.error())) {
        return restart;
    }
    return -to_errno(answer.error());
}

}  // namespace

std::int64_t Terminal::get_settings(std::uint64_t to) {
    const auto answer = ipc::call(file(), tty::GetSettings{});
    if (!answer) {
        return -to_errno(answer.error());
    }
    tty::Settings settings;
    if (!ipc::read_payload(answer->payload, settings)) {
        return -Errno::eio;
    }
    return to_return(user::write(to, settings));
}

std::int64_t Terminal::set_settings(std::uint64_t from, std::uint32_t when) {
    const auto settings = user::read<tty::Settings>(from);
    if (!settings) {
        return -settings.error();
    }
    return change(file(), tty::SetSettings{.when = when, .process_group = job_control::writer()},
                  std::as_bytes(std::span{&*settings, 1}));
}

std::int64_t Terminal::get_size(std::uint64_t to) {
    const auto answer = ipc::call(file(), tty::GetSize{});
    if (!answer) {
        return -to_errno(answer.error());
    }
    const auto& size = answer->reply;
    return to_return(
        user::write(to, linux_abi::WindowSize{size.rows, size.columns, size.width, size.height}));
}

std::int64_t Terminal::set_size(std::uint64_t from) {
    const auto size = user::read<linux_abi::WindowSize>(from);
    if (!size) {
        return -size.error();
    }
    return change(file(), tty::SetSize{.rows = size->rows,
                                       .columns = size->columns,
                                       .width = size->width,
                                       .height = size->height});
}

std::int64_t Terminal::get_foreground(std::uint64_t to, bool session) {
    const auto answer = ipc::call(file(), tty::GetForeground{});
    if (!answer) {
        return -to_errno(answer.error());
    }
    // Only those who have it as their controlling terminal may know.
    if (identity().has_terminal == 0 || answer->reply.session != identity().session) {
        return -Errno::enotty;
    }
    const std::uint32_t number = session ? answer->reply.session : answer->reply.group;
    return to_return(user::write(to, static_cast<std::int32_t>(number)));
}

std::int64_t Terminal::set_foreground(std::uint64_t from) {
    const auto group = user::read<std::int32_t>(from);
    if (!group) {
        return -group.error();
    }
    if (*group < 0) {
        return -Errno::einval;
    }
    return change(file(), tty::SetForeground{.group = static_cast<std::uint32_t>(*group),
                                             .process_group = job_control::writer()});
}

std::int64_t Terminal::flush(std::uint64_t queue) {
    using linux_abi::FlushQueue;
    std::uint32_t queues = 0;
    if (queue == FlushQueue::input || queue == FlushQueue::both) {
        queues |= tty::Flush::input;
    }
    if (queue == FlushQueue::output || queue == FlushQueue::both) {
        queues |= tty::Flush::output;
    }
    if (queues == 0) {
        return -Errno::einval;
    }
    return change(file(), tty::Flush{.queues = queues, .process_group = job_control::writer()});
}

// The actions have Linux's numbers.
std::int64_t Terminal::flow(std::uint64_t action) {
    if (action > tty::Flow::send_start) {
        return -Errno::einval;
    }
    return change(file(), tty::Flow{.action = static_cast<std::uint32_t>(action),
                                    .process_group = job_control::writer()});
}

std::int64_t Terminal::pending(std::uint64_t to, bool output) {
    const auto answer = ipc::call(file(), tty::Pending{});
    if (!answer) {
        return -to_errno(answer.error());
    }
    const std::uint32_t count = output ? answer->reply.output : answer->reply.input;
    return to_return(user::write(to, static_cast<std::int32_t>(count)));
}

std::int64_t Terminal::acquire(bool force) {
    const auto answer =
        ipc::call(own_process(),
                  process::SetTerminal{.force = force ? 1U : 0U, .device = info().device_number()},
                  {.capabilities = {file()}});
    return answer ? 0 : -to_errno(answer.error());
}

// ---- pseudo-terminals: the terminal says whether this is a master

std::int64_t Terminal::get_pair(std::uint64_t to, bool lock) {
    const auto answer = ipc::call(file(), tty::GetPair{});
    if (!answer) {
        return -to_errno(answer.error());
    }
    return to_return(user::write(to, lock ? answer->reply.locked : answer->reply.number));
}

std::int64_t Terminal::lock_pair(std::uint64_t from) {
    const auto locked = user::read<std::int32_t>(from);
    if (!locked) {
        return -locked.error();
    }
    return change(file(), tty::LockPair{.locked = *locked != 0 ? 1U : 0U});
}

Result<std::int64_t> Terminal::open_slave(std::uint32_t flags) {
    TRY(or_errno(ipc::call(file(), tty::GetPair{})));
    Handle slave = TRY(open_again(file(), info(), flags));
    return table.install(std::move(slave), (flags & OpenFlag::close_on_exec) != 0);
}

std::string Terminal::device_path() const {
    constexpr std::uint32_t screens = 4, others = 5, slaves = 136, first_serial = 64;
    std::uint32_t number = info().device_minor;
    std::string path = "/dev/";
    switch (info().device_major) {
        case screens:
            path += number < first_serial ? "tty" : "ttyS";
            number -= number < first_serial ? 0 : first_serial;
            break;
        case slaves: path += "pts/"; break;
        case others: return path + (number == 0 ? "tty" : number == 1 ? "console" : "ptmx");
        default:     return {};
    }
    append_number(path, number);
    return path;
}

std::int64_t Terminal::ioctl(std::uint32_t request, std::uint64_t argument) {
    switch (request) {
        case Ioctl::tcgets:  return get_settings(argument);
        case Ioctl::tcsets:  return set_settings(argument, tty::SetSettings::now);
        case Ioctl::tcsetsw: return set_settings(argument, tty::SetSettings::after_output);
        case Ioctl::tcsetsf:
            return set_settings(argument, tty::SetSettings::after_output_flush_input);
        case Ioctl::tiocgwinsz:  return get_size(argument);
        case Ioctl::tiocswinsz:  return set_size(argument);
        case Ioctl::tiocgpgrp:   return get_foreground(argument, false);
        case Ioctl::tiocgsid:    return get_foreground(argument, true);
        case Ioctl::tiocspgrp:   return set_foreground(argument);
        case Ioctl::tiocsctty:   return acquire(argument == 1);
        case Ioctl::tcflsh:      return flush(argument);
        case Ioctl::tcxonc:      return flow(argument);
        case Ioctl::fionread:    return pending(argument, false);
        case Ioctl::tiocoutq:    return pending(argument, true);
        case Ioctl::tiocgetd:    return to_return(user::write(argument, std::int32_t{0}));
        case Ioctl::tiocgptn:
        case Ioctl::tiocgptlck:  return get_pair(argument, request == Ioctl::tiocgptlck);
        case Ioctl::tiocsptlck:  return lock_pair(argument);
        case Ioctl::tiocgptpeer: return to_return(open_slave(static_cast<std::uint32_t>(argument)));
        case Ioctl::tiocsig:
            return change(file(),
                          tty::SignalForeground{.signal = static_cast<std::uint32_t>(argument)});
        // Output is written out at once, so there is nothing to wait for and no break to send.
        case Ioctl::tcsbrk:
        case Ioctl::tcsbrkp:
        case Ioctl::tiocexcl:
        case Ioctl::tiocnxcl: return 0;
        default:              return -Errno::enotty;
    }
}

}  // namespace linux::fd
