// SPDX-License-Identifier: MIT
// memfd_create: a nameless file of a file system in memory, as far as the view shows one.
#include "abi/linux/file.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/open.hpp"
#include "linux/fd/table.hpp"
#include "linux/syscalls/table.hpp"

namespace linux {
namespace {

using linux_abi::OpenFlag;

Result<std::int64_t> create(const Arguments& arguments) {
    constexpr std::uint32_t close_on_exec = 1, may_seal = 2, no_execution = 8, execution = 0x10;
    constexpr std::size_t longest_name = 250;  // with its zero
    const std::uint32_t flags = arguments.word(1);
    std::array<char, longest_name> name;
    const auto length = user::copy_string(name, arguments[0]);
    if (!length) {
        return base::fail(length.error() == Errno::enametoolong ? Errno::einval : length.error());
    }
    if ((flags & ~(close_on_exec | may_seal | no_execution | execution)) != 0) {
        return base::fail(Errno::einval);
    }
    Result<fd::Handle> file = base::fail(Errno::enosys);
    for (const std::string_view place : {"/dev/shm", "/tmp"}) {
        const fd::Path path = TRY(fd::resolve_text(linux_abi::at_cwd, place));
        file = fd::open(path, OpenFlag::temporary | OpenFlag::read_write, 0777,
                        (flags & (may_seal | no_execution)) != 0 ? fs::OpenFlags::sealable : 0);
        if (file) {
            return fd::table.install(std::move(*file), (flags & close_on_exec) != 0);
        }
    }
    return base::fail(file.error());
}

}  // namespace

namespace calls {

std::int64_t memfd_create(const Arguments& arguments) { return to_return(create(arguments)); }

}  // namespace calls
}  // namespace linux
