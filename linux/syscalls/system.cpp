// SPDX-License-Identifier: MIT
// The machine and the system: names, memory, CPUs, random bytes; and what prctl and arch_prctl set.
#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "abi/linux/process.hpp"
#include "interfaces/system_names.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "libs/ipc/protocol.hpp"
#include "linux/entry/cpu.hpp"
#include "linux/entry/thread_state.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/process/random.hpp"
#include "linux/process/state.hpp"
#include "linux/process/thread.hpp"
#include "linux/syscalls/table.hpp"
#include "linux/time/clock.hpp"

namespace linux {
namespace {

using linux_abi::ArchControl;
using linux_abi::ProcessControl;

void set_text(char (&to)[65], std::string_view text) {
    std::copy_n(text.begin(), std::min(text.size(), sizeof to - 1), to);
}

Result<void> write_system_info(std::uint64_t at) {
    const auto answer = TRY(or_errno(ipc::call(own_process(), process::SystemInfo{})));
    linux_abi::SystemInfo info{};
    info.uptime = static_cast<std::int64_t>(answer.reply.uptime_ns / second_ns);
    info.total_memory = answer.reply.total_bytes;
    info.free_memory = answer.reply.free_bytes;
    info.processes = static_cast<std::uint16_t>(answer.reply.processes);
    constexpr std::uint64_t whole = 1 << 16;  // SI_LOAD_SHIFT
    const std::uint32_t loads[] = {answer.reply.load_1, answer.reply.load_5, answer.reply.load_15};
    std::ranges::transform(loads, info.loads,
                           [](std::uint64_t thousandths) { return thousandths * whole / 1000; });
    info.unit = 1;
    return user::write(at, info);
}

Result<std::uint64_t> write_random(std::uint64_t at, std::uint64_t bytes) {
    constexpr std::uint64_t most = 0x7fffffff;
    bytes = std::min(bytes, most);
    std::array<std::byte, 256> part;
    for (std::uint64_t done = 0; done < bytes;) {
        const std::size_t count = std::min<std::uint64_t>(bytes - done, part.size());
        random_bytes({part.data(), count});
        TRY(user::copy_out(at + done, part.data(), count));
        done += count;
    }
    return bytes;
}

Result<void> set_name(std::uint64_t at) {
    std::array<char, sizeof Thread::name> name{};
    const auto length = user::copy_string(name, at);
    if (!length && length.error() != Errno::enametoolong) {
        return base::fail(length.error());
    }
    name.back() = '\0';
    Thread& self = this_thread();
    std::ranges::copy(name, self.name);
    if (self.leader) {
        const std::string_view text{name.data()};
        (void)ipc::call(own_process(), process::Rename{}, {.payload = ipc::bytes(text)});
    }
    return {};
}

// What procmgr keeps of the family.
Result<std::int64_t> control_family(std::uint32_t what, std::uint64_t value) {
    constexpr std::uint64_t last_signal = 64;
    process::SetFamily set;
    if (what == ProcessControl::set_subreaper) {
        set.reaps = value != 0 ? 1 : 0;
    }
    if (what == ProcessControl::set_death_signal) {
        if (value > last_signal) {
            return base::fail(Errno::einval);
        }
        set.death_signal = static_cast<std::uint32_t>(value);
    }
    const auto answer = TRY(or_errno(ipc::call(own_process(), set)));
    if (what == ProcessControl::get_subreaper) {
        TRY(user::write(value, answer.reply.reaps));
    }
    if (what == ProcessControl::get_death_signal) {
        TRY(user::write(value, answer.reply.death_signal));
    }
    return 0;
}

Result<std::int64_t> control_process(const Arguments& arguments) {
    switch (arguments.word(0)) {
        case ProcessControl::set_name: TRY(set_name(arguments[1])); return 0;
        case ProcessControl::get_name: {
            std::array<char, sizeof Thread::name> name;
            std::ranges::copy(this_thread().name, name.begin());
            TRY(user::write(arguments[1], name));
            return 0;
        }
        case ProcessControl::set_subreaper:
        case ProcessControl::get_subreaper:
        case ProcessControl::set_death_signal:
        case ProcessControl::get_death_signal:
            return control_family(arguments.word(0), arguments[1]);
        case ProcessControl::get_dumpable:
        case ProcessControl::read_bounding:
        case ProcessControl::get_no_new_privileges: return 1;  // there is no other way here
        case ProcessControl::get_seccomp:           return 0;
        case ProcessControl::set_dumpable:
        case ProcessControl::set_no_new_privileges:
        case ProcessControl::set_timer_slack:       return 0;
        case ProcessControl::get_timer_slack:       return 50'000;
        default:                                    return base::fail(Errno::einval);
    }
}

// A CPU of its own cannot be asked for: every affinity names all of them.
constexpr std::uint64_t mask_word = sizeof(std::uint64_t);
constexpr std::uint64_t most_cpus = 64;

std::uint64_t all_cpus() {
    const std::uint64_t cpus = time_page().cpus;
    return cpus >= most_cpus ? ~std::uint64_t{0} : (std::uint64_t{1} << cpus) - 1;
}

Result<std::int64_t> write_affinity(const Arguments& arguments) {
    if (arguments[1] < mask_word || arguments[1] % mask_word != 0) {
        return base::fail(Errno::einval);
    }
    TRY(user::write(arguments[2], all_cpus()));
    return static_cast<std::int64_t>(mask_word);
}

// The kernel tells the number of the CPU in the register that `rdtscp` reads.
std::uint32_t this_cpu() {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    std::uint32_t number = 0;
    if (time_page().cpus > 1) {
        asm volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(number));
    }
    return number;
}

}  // namespace

namespace calls {

std::int64_t uname(const Arguments& arguments) {
    linux_abi::SystemNames names{};
    set_text(names.system, system_names::system);
    set_text(names.node, system_names::node);
    set_text(names.release, system_names::release);
    set_text(names.version, system_names::version);
    set_text(names.machine, system_names::machine);
    set_text(names.domain, system_names::domain);
    return to_return(user::write(arguments[0], names));
}

std::int64_t sysinfo(const Arguments& arguments) {
    return to_return(write_system_info(arguments[0]));
}

std::int64_t getrandom(const Arguments& arguments) {
    constexpr std::uint32_t known_flags = 7;
    if ((arguments.word(2) & ~known_flags) != 0) {
        return -Errno::einval;
    }
    return to_return(write_random(arguments[0], arguments[1]));
}

std::int64_t prctl(const Arguments& arguments) { return to_return(control_process(arguments)); }

std::int64_t arch_prctl(const Arguments& arguments) {
    switch (arguments.word(0)) {
        case ArchControl::set_fs:
            if (arguments[1] >= process::program_end) {
                return -Errno::eperm;
            }
            set_fs_base(arguments[1]);
            return 0;
        case ArchControl::get_fs: return to_return(user::write(arguments[1], fs_base()));
        case ArchControl::get_gs: return to_return(user::write(arguments[1], std::uint64_t{0}));
        default:                  return -Errno::einval;
    }
}

std::int64_t sched_yield(const Arguments&) {
    ipc::sys::yield();
    return 0;
}

std::int64_t sched_getaffinity(const Arguments& arguments) {
    return to_return(write_affinity(arguments));
}
std::int64_t sched_setaffinity(const Arguments& arguments) {
    if (arguments[1] == 0) {
        return -Errno::einval;
    }
    std::uint64_t mask = 0;
    for (std::uint64_t i = 0; i < std::min(arguments[1], mask_word); ++i) {
        const auto byte = user::read<std::uint8_t>(arguments[2] + i);
        if (!byte) {
            return -byte.error();
        }
        mask |= std::uint64_t{*byte} << (8 * i);
    }
    return (mask & all_cpus()) != 0 ? 0 : -Errno::einval;
}

std::int64_t getcpu(const Arguments& arguments) {
    const std::array<std::uint32_t, 2> answers{this_cpu(), 0};  // all are of one node
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (arguments[i] != 0) {
            const auto written = user::write(arguments[i], answers[i]);
            if (!written) {
                return -written.error();
            }
        }
    }
    return 0;
}

std::int64_t sched_getscheduler(const Arguments&) { return 0; }
std::int64_t sched_getparam(const Arguments& arguments) {
    return to_return(user::write(arguments[1], std::uint32_t{0}));
}
std::int64_t sched_setscheduler(const Arguments& arguments) {
    return arguments.word(1) == 0 ? 0 : -Errno::eperm;
}
std::int64_t sched_setparam(const Arguments& arguments) {
    const auto priority = user::read<std::int32_t>(arguments[1]);
    if (!priority) {
        return -priority.error();
    }
    return *priority == 0 ? 0 : -Errno::einval;
}
// With one CPU, entering the library is already a barrier for all threads. With several the call is not there, as on kernels
// without it: programs then have barriers of their own.
std::int64_t membarrier(const Arguments& arguments) {
    if (time_page().cpus > 1) {
        return -Errno::enosys;
    }
    constexpr std::uint32_t query = 0, global = 1, private_expedited = 8,
                            register_private_expedited = 16;
    constexpr std::uint32_t all = global | private_expedited | register_private_expedited;
    switch (arguments.word(0)) {
        case query:                      return all;
        case global:
        case private_expedited:
        case register_private_expedited: return 0;
        default:                         return -Errno::einval;
    }
}

std::int64_t reboot(const Arguments& arguments) {
    using linux_abi::Reboot;
    if (arguments.word(0) != Reboot::magic ||
        std::ranges::find(Reboot::magic2, arguments.word(1)) == std::end(Reboot::magic2)) {
        return -Errno::einval;
    }
    const std::uint32_t command = arguments.word(2);
    switch (command) {
        case Reboot::keys_on:
        case Reboot::keys_off:  return 0;
        case Reboot::restart:
        case Reboot::halt:
        case Reboot::power_off: {
            const process::Shutdown shutdown{.restart = command == Reboot::restart ? 1U : 0U};
            const auto done = ipc::call(own_process(), shutdown);
            return done ? 0 : -Errno::eperm;
        }
        default: return -Errno::einval;
    }
}

std::int64_t personality(const Arguments& arguments) {
    constexpr std::uint32_t ask = 0xffffffff;
    return arguments.word(0) == 0 || arguments.word(0) == ask ? 0 : -Errno::einval;
}

}  // namespace calls
}  // namespace linux
