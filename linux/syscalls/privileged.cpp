// SPDX-License-Identifier: MIT
// What on Linux takes a privilege (CAP_SYS_ADMIN and its like). No process here has one, whoever its
// user is: authority is a matter of capabilities that a container was given, not of users. So these
// answer as Linux does to whoever lacks it. And capget and capset, which tell that there is none.
#include <array>

#include "linux/entry/user_memory.hpp"
#include "linux/process/state.hpp"
#include "linux/syscalls/table.hpp"

namespace linux {
namespace {

struct CapabilityHeader {
    static constexpr std::uint32_t version_1 = 0x19980330, version_2 = 0x20071026,
                                   version_3 = 0x20080522;
    std::uint32_t version;
    std::int32_t pid;
};
struct CapabilitySets {
    std::uint32_t effective, permitted, inheritable;
};

// How many CapabilitySets go with the header. EINVAL: another version; ours is written back.
Result<std::size_t> sets_of(std::uint64_t header_at) {
    auto header = TRY(user::read<CapabilityHeader>(header_at));
    switch (header.version) {
        case CapabilityHeader::version_1: return 1;
        case CapabilityHeader::version_2:
        case CapabilityHeader::version_3: return 2;
        default:                          break;
    }
    header.version = CapabilityHeader::version_3;
    TRY(user::write(header_at, header));
    return base::fail(Errno::einval);
}

Result<void> tell_capabilities(const Arguments& arguments) {
    const auto count = sets_of(arguments[0]);
    if (!count) {
        // Asking for the version alone is no error.
        const bool asks = count.error() == Errno::einval && arguments[1] == 0;
        return asks ? Result<void>{} : base::fail(count.error());
    }
    const std::array<CapabilitySets, 2> none{};
    return user::copy_out(arguments[1], none.data(), *count * sizeof none[0]);
}

Result<void> change_capabilities(const Arguments& arguments) {
    const std::size_t count = TRY(sets_of(arguments[0]));
    std::array<CapabilitySets, 2> sets{};
    TRY(user::copy_in(sets.data(), arguments[1], count * sizeof sets[0]));
    for (const CapabilitySets& one : sets) {
        if ((one.effective | one.permitted | one.inheritable) != 0) {
            return base::fail(Errno::eperm);
        }
    }
    return {};
}

}  // namespace

namespace calls {

std::int64_t capget(const Arguments& arguments) { return to_return(tell_capabilities(arguments)); }
std::int64_t capset(const Arguments& arguments) {
    return to_return(change_capabilities(arguments));
}

std::int64_t mount(const Arguments&) { return -Errno::eperm; }
std::int64_t umount2(const Arguments&) { return -Errno::eperm; }
std::int64_t pivot_root(const Arguments&) { return -Errno::eperm; }
std::int64_t chroot(const Arguments&) { return -Errno::eperm; }
std::int64_t acct(const Arguments&) { return -Errno::eperm; }
std::int64_t swapon(const Arguments&) { return -Errno::eperm; }
std::int64_t swapoff(const Arguments&) { return -Errno::eperm; }
std::int64_t sethostname(const Arguments&) { return -Errno::eperm; }
std::int64_t setdomainname(const Arguments&) { return -Errno::eperm; }
std::int64_t iopl(const Arguments&) { return -Errno::eperm; }
std::int64_t ioperm(const Arguments&) { return -Errno::eperm; }
std::int64_t init_module(const Arguments&) { return -Errno::eperm; }
std::int64_t delete_module(const Arguments&) { return -Errno::eperm; }
std::int64_t finit_module(const Arguments&) { return -Errno::eperm; }
std::int64_t quotactl(const Arguments&) { return -Errno::eperm; }
std::int64_t kexec_load(const Arguments&) { return -Errno::eperm; }
std::int64_t kexec_file_load(const Arguments&) { return -Errno::eperm; }
std::int64_t vhangup(const Arguments&) { return -Errno::eperm; }
std::int64_t syslog(const Arguments&) { return -Errno::eperm; }
std::int64_t bpf(const Arguments&) { return -Errno::eperm; }
std::int64_t open_by_handle_at(const Arguments&) { return -Errno::eperm; }
std::int64_t setns(const Arguments&) { return -Errno::eperm; }
std::int64_t fanotify_init(const Arguments&) { return -Errno::eperm; }
std::int64_t lookup_dcookie(const Arguments&) { return -Errno::eperm; }
std::int64_t mount_setattr(const Arguments&) { return -Errno::eperm; }
std::int64_t open_tree(const Arguments&) { return -Errno::eperm; }
std::int64_t move_mount(const Arguments&) { return -Errno::eperm; }
std::int64_t fsopen(const Arguments&) { return -Errno::eperm; }
std::int64_t fsconfig(const Arguments&) { return -Errno::eperm; }
std::int64_t fsmount(const Arguments&) { return -Errno::eperm; }
std::int64_t fspick(const Arguments&) { return -Errno::eperm; }

// Without flags it asks for nothing.
std::int64_t unshare(const Arguments& arguments) {
    return arguments.word(0) == 0 ? 0 : -Errno::eperm;
}

}  // namespace calls
}  // namespace linux
