// SPDX-License-Identifier: MIT
#include "linux/fd/terminal.hpp"

#include <cstring>
#include <optional>

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
using linux_abi::SpeedCode;
using linux_abi::Termios2;

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

Result<tty::Settings> settings_of(ipc::Ref<fs::File> file) {
    const auto answer = TRY(or_errno(ipc::call(file, tty::GetSettings{})));
    tty::Settings settings;
    if (!ipc::read_payload(answer.payload, settings)) {
        return base::fail(Errno::eio);
    }
    return settings;
}

std::int64_t change_settings(ipc::Ref<fs::File> file, const tty::Settings& settings,
                             std::uint32_t when) {
    return change(file, tty::SetSettings{.when = when, .process_group = job_control::writer()},
                  std::as_bytes(std::span{&settings, 1}));
}

std::uint32_t speed_of(std::uint32_t control) {
    for (const SpeedCode& one : linux_abi::speed_codes) {
        if (one.code == (control & SpeedCode::mask)) {
            return one.speed;
        }
    }
    return 0;
}

std::optional<std::uint32_t> code_of(std::uint32_t speed) {
    for (const SpeedCode& one : linux_abi::speed_codes) {
        if (one.speed == speed) {
            return one.code;
        }
    }
    return std::nullopt;
}

}  // namespace

std::int64_t Terminal::get_settings(std::uint64_t to) {
    const auto settings = settings_of(file());
    return settings ? to_return(user::write(to, *settings)) : -settings.error();
}

std::int64_t Terminal::set_settings(std::uint64_t from, std::uint32_t when) {
    const auto settings = user::read<tty::Settings>(from);
    return settings ? change_settings(file(), *settings, when) : -settings.error();
}

std::int64_t Terminal::get_settings_and_speeds(std::uint64_t to) {
    const auto settings = settings_of(file());
    if (!settings) {
        return -settings.error();
    }
    Termios2 result{};
    std::memcpy(&result.settings, &*settings, sizeof result.settings);
    result.output_speed = speed_of(settings->control);
    const std::uint32_t input = speed_of(settings->control >> SpeedCode::input_shift);
    result.input_speed = input != 0 ? input : result.output_speed;
    return to_return(user::write(to, result));
}

// A line of ours has no speed; what is asked for is kept, if there is a code for it.
std::int64_t Terminal::set_settings_and_speeds(std::uint64_t from, std::uint32_t when) {
    const auto wanted = user::read<Termios2>(from);
    if (!wanted) {
        return -wanted.error();
    }
    tty::Settings settings;
    std::memcpy(&settings, &wanted->settings, sizeof settings);
    if ((settings.control & SpeedCode::mask) == SpeedCode::other) {
        const auto code = code_of(wanted->output_speed);
        if (!code) {
            return -Errno::einval;
        }
        settings.control = (settings.control & ~SpeedCode::mask) | *code;
    }
    return change_settings(file(), settings, when);
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

// Of the session's terminal only, and not of its other end.
std::int64_t Terminal::leave() {
    const auto answer = ipc::call(file(), tty::GetForeground{});
    if (!answer) {
        return -to_errno(answer.error());
    }
    if (identity().has_terminal == 0 || answer->reply.session != identity().session ||
        ipc::call(file(), tty::GetPair{})) {
        return -Errno::enotty;
    }
    const auto left = ipc::call(own_process(), process::LeaveTerminal{});
    return left ? 0 : -to_errno(left.error());
}

std::int64_t Terminal::set_exclusive(std::uint32_t to) {
    return change(file(), tty::SetExclusive{.to = to});
}

std::int64_t Terminal::get_exclusive(std::uint64_t to) {
    const auto answer = ipc::call(file(), tty::SetExclusive{.to = tty::SetExclusive::ask});
    if (!answer) {
        return -to_errno(answer.error());
    }
    return to_return(user::write(to, answer->reply.exclusive));
}

std::int64_t Terminal::get_device(std::uint64_t to) {
    const auto answer = ipc::call(file(), tty::Identify{});
    if (!answer) {
        return -to_errno(answer.error());
    }
    return to_return(user::write(to, answer->reply.major << 8 | answer->reply.minor));
}

// ---- pseudo-terminals: the terminal says whether this is a master

std::int64_t Terminal::get_pair(std::uint64_t to, OfPair what) {
    const auto answer = ipc::call(file(), tty::GetPair{});
    if (!answer) {
        return -to_errno(answer.error());
    }
    const auto& pair = answer->reply;
    return to_return(user::write(to, what == OfPair::number ? pair.number
                                     : what == OfPair::lock ? pair.locked
                                                            : pair.packets));
}

std::int64_t Terminal::set_packets(std::uint64_t from) {
    const auto on = user::read<std::int32_t>(from);
    if (!on) {
        return -on.error();
    }
    return change(file(), tty::SetPackets{.on = *on != 0 ? 1U : 0U});
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

std::int64_t Terminal::pair_ioctl(std::uint32_t request, std::uint64_t argument) {
    switch (request) {
        case Ioctl::tiocgptn:    return get_pair(argument, OfPair::number);
        case Ioctl::tiocgptlck:  return get_pair(argument, OfPair::lock);
        case Ioctl::tiocgpkt:    return get_pair(argument, OfPair::packets);
        case Ioctl::tiocsptlck:  return lock_pair(argument);
        case Ioctl::tiocpkt:     return set_packets(argument);
        case Ioctl::tiocgptpeer: return to_return(open_slave(static_cast<std::uint32_t>(argument)));
        case Ioctl::tiocsig:
            return change(file(),
                          tty::SignalForeground{.signal = static_cast<std::uint32_t>(argument)});
        default: return -Errno::enotty;
    }
}

std::int64_t Terminal::settings_ioctl(std::uint32_t request, std::uint64_t argument) {
    using Set = tty::SetSettings;
    switch (request) {
        case Ioctl::tcgets:   return get_settings(argument);
        case Ioctl::tcsets:   return set_settings(argument, Set::now);
        case Ioctl::tcsetsw:  return set_settings(argument, Set::after_output);
        case Ioctl::tcsetsf:  return set_settings(argument, Set::after_output_flush_input);
        case Ioctl::tcgets2:  return get_settings_and_speeds(argument);
        case Ioctl::tcsets2:  return set_settings_and_speeds(argument, Set::now);
        case Ioctl::tcsetsw2: return set_settings_and_speeds(argument, Set::after_output);
        case Ioctl::tcsetsf2:
            return set_settings_and_speeds(argument, Set::after_output_flush_input);
        default: return pair_ioctl(request, argument);
    }
}

std::int64_t Terminal::ioctl(std::uint32_t request, std::uint64_t argument) {
    using Exclusive = tty::SetExclusive;
    switch (request) {
        case Ioctl::tiocgwinsz: return get_size(argument);
        case Ioctl::tiocswinsz: return set_size(argument);
        case Ioctl::tiocgpgrp:  return get_foreground(argument, false);
        case Ioctl::tiocgsid:   return get_foreground(argument, true);
        case Ioctl::tiocspgrp:  return set_foreground(argument);
        case Ioctl::tiocsctty:  return acquire(argument == 1);
        case Ioctl::tiocnotty:  return leave();
        case Ioctl::tiocexcl:   return set_exclusive(Exclusive::on);
        case Ioctl::tiocnxcl:   return set_exclusive(Exclusive::off);
        case Ioctl::tiocgexcl:  return get_exclusive(argument);
        case Ioctl::tiocgdev:   return get_device(argument);
        case Ioctl::tcflsh:     return flush(argument);
        case Ioctl::tcxonc:     return flow(argument);
        case Ioctl::fionread:   return pending(argument, false);
        case Ioctl::tiocoutq:   return pending(argument, true);
        case Ioctl::tiocgetd:   return to_return(user::write(argument, std::int32_t{0}));
        case Ioctl::tiocsetd:   {
            const auto discipline = user::read<std::int32_t>(argument);
            return !discipline ? -discipline.error() : *discipline == 0 ? 0 : -Errno::einval;
        }
        // Nobody types for others (as on Linux, whose dev.tty.legacy_tiocsti is off).
        case Ioctl::tiocsti: return -Errno::eio;
        // Output is written out at once, so there is nothing to wait for and no break to send.
        case Ioctl::tcsbrk:
        case Ioctl::tcsbrkp: return 0;
        default:             return settings_ioctl(request, argument);
    }
}

}  // namespace linux::fd
