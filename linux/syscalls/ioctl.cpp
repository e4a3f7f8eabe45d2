// SPDX-License-Identifier: MIT
// ioctl: what is the same for all descriptors; the rest is their own.
#include "abi/linux/terminal.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/table.hpp"
#include "linux/syscalls/table.hpp"

namespace linux {

namespace {

using linux_abi::Ioctl;
using linux_abi::OpenFlag;

Result<std::int64_t> control(const Arguments& arguments) {
    const std::int32_t number = arguments.integer(0);
    const fd::Handle description = TRY(fd::table.get_open(number));
    switch (arguments.word(1)) {
        case Ioctl::fioclex:
        case Ioctl::fionclex:
            TRY(fd::table.set_close_on_exec(number, arguments.word(1) == Ioctl::fioclex));
            return 0;
        case Ioctl::fionbio: {
            const auto on = TRY(user::read<std::int32_t>(arguments[2]));
            TRY(description->change_status(OpenFlag::non_block, on != 0 ? OpenFlag::non_block : 0));
            return 0;
        }
        default: return description->ioctl(arguments.word(1), arguments[2]);
    }
}

}  // namespace

namespace calls {

std::int64_t ioctl(const Arguments& arguments) { return to_return(control(arguments)); }

}  // namespace calls
}  // namespace linux
