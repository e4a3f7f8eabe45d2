// SPDX-License-Identifier: MIT
// Process, group, session, user and thread ids.
#include <array>

#include "libs/ipc/protocol.hpp"
#include "linux/entry/thread_state.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/entrances.hpp"
#include "linux/fd/process_handle.hpp"
#include "linux/fd/table.hpp"
#include "linux/process/state.hpp"
#include "linux/process/thread.hpp"
#include "linux/syscalls/table.hpp"

namespace linux {
namespace {

Result<process::Lookup::Reply> look_up(std::int32_t pid) {
    return TRY(or_errno(ipc::call(own_process(), process::Lookup{.pid = pid}))).reply;
}

constexpr std::uint32_t keep = process::SetIdentity::keep;

struct Three {
    std::uint32_t real = keep, effective = keep, saved = keep;
};
Three users() { return {identity().real_user, identity().user, identity().saved_user}; }
Three groups() { return {identity().real_group, identity().group_id, identity().saved_group}; }

// procmgr knows who may become whom (process::SetIdentity).
Result<std::int64_t> set_identity(const Three& user, const Three& group) {
    const auto done = ipc::call(own_process(), process::SetIdentity{.real_user = user.real,
                                                                    .user = user.effective,
                                                                    .saved_user = user.saved,
                                                                    .real_group = group.real,
                                                                    .group = group.effective,
                                                                    .saved_group = group.saved});
    fd::entrances.give_up();
    return done ? Result<std::int64_t>{0} : base::fail(to_errno(done.error()));
}
std::int64_t set_users(const Result<Three>& to) {
    return !to ? -to.error() : to_return(set_identity(*to, {}));
}
std::int64_t set_groups(const Result<Three>& to) {
    return !to ? -to.error() : to_return(set_identity({}, *to));
}

bool is_root() { return identity().user == 0; }

// setuid, setgid: root becomes another one for good, others change what they may for a while.
Result<Three> set_one(const Three& now, std::uint32_t id) {
    if (id == keep) {
        return base::fail(Errno::einval);
    }
    if (is_root()) {
        return Three{id, id, id};
    }
    return id == now.real || id == now.saved ? Result<Three>{Three{.effective = id}}
                                             : base::fail(Errno::eperm);
}

// setreuid, setregid.
Result<Three> set_two(const Three& now, std::uint32_t real, std::uint32_t effective) {
    if (!is_root() && real != keep && real != now.real && real != now.effective) {
        return base::fail(Errno::eperm);
    }
    Three to{.real = real, .effective = effective};
    if (real != keep || (effective != keep && effective != now.real)) {
        to.saved = effective != keep ? effective : now.effective;
    }
    return to;
}

Three three_of(const Arguments& arguments) {
    return {arguments.word(0), arguments.word(1), arguments.word(2)};
}

Result<void> write_three(const Arguments& arguments, const Three& ids) {
    TRY(user::write(arguments[0], ids.real));
    TRY(user::write(arguments[1], ids.effective));
    return user::write(arguments[2], ids.saved);
}

}  // namespace

namespace calls {

std::int64_t pidfd_open(const Arguments& arguments) {
    const std::int32_t pid = arguments.integer(0);
    const std::uint32_t flags = arguments.word(1);
    if (pid <= 0 || (flags & ~linux_abi::OpenFlag::non_block) != 0) {
        return -Errno::einval;
    }
    auto handle = fd::ProcessHandle::open(pid, flags);
    return handle ? to_return(fd::table.install(std::move(*handle), true)) : -handle.error();
}

// Nobody may look into another process.
std::int64_t pidfd_getfd(const Arguments& arguments) {
    if (arguments.word(2) != 0) {
        return -Errno::einval;
    }
    const auto handle = fd::table.get(arguments.integer(0));
    return handle && (*handle)->process_handle() != nullptr ? -Errno::eperm : -Errno::ebadf;
}

std::int64_t getpid(const Arguments&) { return identity().pid; }
std::int64_t getppid(const Arguments&) { return identity().parent; }
std::int64_t gettid(const Arguments&) { return this_thread().id; }
std::int64_t getpgrp(const Arguments&) { return identity().group; }
std::int64_t getuid(const Arguments&) { return identity().real_user; }
std::int64_t geteuid(const Arguments&) { return identity().user; }
std::int64_t getgid(const Arguments&) { return identity().real_group; }
std::int64_t getegid(const Arguments&) { return identity().group_id; }

std::int64_t getpgid(const Arguments& arguments) {
    if (arguments.integer(0) == 0) {
        return identity().group;
    }
    const auto found = look_up(arguments.integer(0));
    return found ? static_cast<std::int64_t>(found->group) : -found.error();
}

std::int64_t getsid(const Arguments& arguments) {
    if (arguments.integer(0) == 0) {
        return identity().session;
    }
    const auto found = look_up(arguments.integer(0));
    return found ? static_cast<std::int64_t>(found->session) : -found.error();
}

std::int64_t setpgid(const Arguments& arguments) {
    if (arguments.integer(0) < 0 || arguments.integer(1) < 0) {
        return -Errno::einval;
    }
    const auto done = ipc::call(
        own_process(),
        process::SetProcessGroup{.pid = arguments.integer(0), .group = arguments.integer(1)});
    return done ? 0 : -to_errno(done.error());
}

std::int64_t setsid(const Arguments&) {
    const auto done = ipc::call(own_process(), process::MakeSession{});
    return done ? static_cast<std::int64_t>(done->reply.session) : -to_errno(done.error());
}

std::int64_t setuid(const Arguments& arguments) {
    return set_users(set_one(users(), arguments.word(0)));
}
std::int64_t setgid(const Arguments& arguments) {
    return set_groups(set_one(groups(), arguments.word(0)));
}
std::int64_t setreuid(const Arguments& arguments) {
    return set_users(set_two(users(), arguments.word(0), arguments.word(1)));
}
std::int64_t setregid(const Arguments& arguments) {
    return set_groups(set_two(groups(), arguments.word(0), arguments.word(1)));
}
std::int64_t setresuid(const Arguments& arguments) { return set_users(three_of(arguments)); }
std::int64_t setresgid(const Arguments& arguments) { return set_groups(three_of(arguments)); }

std::int64_t getresuid(const Arguments& arguments) {
    return to_return(write_three(arguments, users()));
}
std::int64_t getresgid(const Arguments& arguments) {
    return to_return(write_three(arguments, groups()));
}

// File access goes by the view's identity, which cannot be set apart.
std::int64_t setfsuid(const Arguments&) { return identity().user; }
std::int64_t setfsgid(const Arguments&) { return identity().group_id; }

std::int64_t getgroups(const Arguments& arguments) {
    const std::int32_t room = arguments.integer(0);
    if (room < 0) {
        return -Errno::einval;
    }
    if (room == 0) {
        return 1;
    }
    const std::uint32_t group = identity().group_id;
    const auto written = user::write(arguments[1], group);
    return written ? 1 : -written.error();
}

// Only the list that there is can be set: that of the one group.
std::int64_t setgroups(const Arguments& arguments) {
    if (identity().user != 0) {
        return -Errno::eperm;
    }
    return arguments[0] > 65536 ? -Errno::einval : 0;
}

}  // namespace calls
}  // namespace linux
