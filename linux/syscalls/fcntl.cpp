// SPDX-License-Identifier: MIT
// fcntl and flock: flags of descriptors and descriptions, and advisory locks.
#include "abi/linux/file.hpp"
#include "libs/ipc/protocol.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/pipe_ring.hpp"
#include "linux/fd/table.hpp"
#include "linux/process/state.hpp"
#include "linux/signal/interruption.hpp"
#include "linux/syscalls/table.hpp"

namespace linux {

namespace {

using fd::Handle;
using linux_abi::Fcntl;
using linux_abi::FileLock;
using linux_abi::OpenFlag;

Result<std::int64_t> duplicate(const Arguments& arguments, bool close_on_exec) {
    Handle description = TRY(fd::table.get(arguments.integer(0)));
    const std::int32_t from = arguments.integer(2);
    if (from < 0 || static_cast<std::uint64_t>(from) >= limit_of(Resource::files).soft) {
        return base::fail(Errno::einval);
    }
    return fd::table.install(std::move(description), close_on_exec,
                             static_cast<std::uint64_t>(from));
}

// Linux shows O_LARGEFILE of what was opened by open() on 64 bits.
std::int64_t shown_status(fd::Description& description) {
    const bool opened = description.file() && !description.path_only();
    return description.current_status() | (opened ? OpenFlag::large_file : 0);
}

Result<void> set_status(fd::Description& description, std::uint32_t flags) {
    if (description.path_only()) {
        return base::fail(Errno::ebadf);
    }
    return description.change_status(OpenFlag::changeable, flags);
}

// The range of a struct flock as an absolute one. EINVAL, EOVERFLOW.
Result<fs::Lock> to_lock(fd::Description& description, const FileLock& lock) {
    std::int64_t start = lock.start;
    if (lock.whence == 1) {
        start += static_cast<std::int64_t>(TRY(description.seek(0, 1)));
    } else if (lock.whence == 2) {
        start += static_cast<std::int64_t>(TRY(description.attributes()).size);
    } else if (lock.whence != 0) {
        return base::fail(Errno::einval);
    }
    std::int64_t length = lock.length;
    if (length < 0) {
        start += length;
        length = -length;
    }
    if (start < 0) {
        return base::fail(Errno::einval);
    }
    fs::Lock result{.start = static_cast<std::uint64_t>(start),
                    .length = static_cast<std::uint64_t>(length)};
    switch (lock.type) {
        case FileLock::read:   result.kind = fs::Lock::shared; break;
        case FileLock::write:  result.kind = fs::Lock::exclusive; break;
        case FileLock::unlock: result.kind = fs::Lock::unlock; break;
        default:               return base::fail(Errno::einval);
    }
    return result;
}

// -> 0, -errno or `restart`.
std::int64_t apply(ipc::Ref<fs::File> file, const fs::Lock& lock) {
    fs::Lock now = lock;
    for (;;) {
        const auto answer = ipc::call(file, now, {.interruptible = now.wait != 0});
        if (answer) {
            return 0;
        }
        if (now.wait != 0 && is_interruption(answer.error())) {
            now.wait = 0;  // has it been given the lock meanwhile? The server alone knows
        } else if (now.wait == lock.wait ||
                   answer.error() != ipc::Failure{ipc::Status::would_block}) {
            return answer.error() == ipc::Failure{ipc::Status::limit} ? -Errno::enolck
                                                                      : -to_errno(answer.error());
        } else if (signals::interrupted()) {
            return restart;
        } else {
            now.wait = lock.wait;
        }
    }
}

Result<std::int64_t> set_lock(fd::Description& description, std::uint64_t pointer, bool wait,
                              bool per_description) {
    const auto given = TRY(user::read<FileLock>(pointer));
    fs::Lock lock = TRY(to_lock(description, given));
    if (!description.file()) {
        return base::fail(Errno::ebadf);
    }
    if ((lock.kind == fs::Lock::shared && !description.readable()) ||
        (lock.kind == fs::Lock::exclusive && !description.writable())) {
        return base::fail(Errno::ebadf);
    }
    lock.wait = wait ? 1 : 0;
    if (!per_description) {
        lock.owner = identity().pid;
        fd::record_locks_used.store(true, std::memory_order_relaxed);
    }
    return apply(description.file(), lock);
}

// `query` asks with the kind in the upper half: which lock would be in the way of such a one?
Result<std::int64_t> get_lock(fd::Description& description, std::uint64_t pointer,
                              bool per_description) {
    auto given = TRY(user::read<FileLock>(pointer));
    fs::Lock lock = TRY(to_lock(description, given));
    if (!description.file() || lock.kind == fs::Lock::unlock) {
        return base::fail(Errno::einval);
    }
    lock.wait = lock.kind;
    lock.kind = fs::Lock::query;
    lock.owner = per_description ? 0 : identity().pid;
    const auto answer = TRY(or_errno(ipc::call(description.file(), lock)));
    const fs::Lock::Reply& found = answer.reply;
    if (found.kind == fs::Lock::unlock) {
        given.type = FileLock::unlock;
    } else {
        given.type = found.kind == fs::Lock::shared ? FileLock::read : FileLock::write;
        given.whence = 0;
        given.start = static_cast<std::int64_t>(found.start);
        given.length = static_cast<std::int64_t>(found.length);
        given.pid = found.owner == 0 ? -1 : static_cast<std::int32_t>(found.owner);
    }
    TRY(user::write(pointer, given));
    return 0;
}

// The bits of the seals are the protocol's.
Result<std::int64_t> seal(fd::Description& description, const Arguments& arguments) {
    const std::uint32_t add = arguments.word(1) == Fcntl::add_seals ? arguments.word(2) : 0;
    if (description.kind() != fs::Kind::regular || (add & ~fs::Seal::all) != 0) {
        return base::fail(Errno::einval);
    }
    if (add == 0 && arguments.word(1) == Fcntl::add_seals) {
        return description.writable() ? Result<std::int64_t>{0} : base::fail(Errno::eperm);
    }
    const auto answer = ipc::call(description.file(), fs::Seal{.add = add});
    if (!answer) {
        return base::fail(answer.error() == ipc::Failure{ipc::Status::unsupported}
                              ? Errno::einval
                              : to_errno(answer.error()));
    }
    return add == 0 ? answer->reply.seals : 0;
}

Result<std::int64_t> control(const Arguments& arguments) {
    const std::int32_t number = arguments.integer(0);
    const std::uint64_t argument = arguments[2];
    const Handle description = TRY(fd::table.get(number));
    switch (arguments.word(1)) {
        case Fcntl::duplicate:               return duplicate(arguments, false);
        case Fcntl::duplicate_close_on_exec: return duplicate(arguments, true);
        case Fcntl::get_descriptor:
            return TRY(fd::table.close_on_exec(number)) ? Fcntl::descriptor_close_on_exec : 0;
        case Fcntl::set_descriptor:
            TRY(fd::table.set_close_on_exec(number,
                                            (argument & Fcntl::descriptor_close_on_exec) != 0));
            return 0;
        case Fcntl::get_status: return shown_status(*description);
        case Fcntl::set_status:
            TRY(set_status(*description, static_cast<std::uint32_t>(argument)));
            return 0;
        case Fcntl::get_lock:           return get_lock(*description, argument, false);
        case Fcntl::open_get_lock:      return get_lock(*description, argument, true);
        case Fcntl::set_lock:           return set_lock(*description, argument, false, false);
        case Fcntl::set_lock_wait:      return set_lock(*description, argument, true, false);
        case Fcntl::open_set_lock:      return set_lock(*description, argument, false, true);
        case Fcntl::open_set_lock_wait: return set_lock(*description, argument, true, true);
        case Fcntl::get_pipe_size:
        case Fcntl::set_pipe_size:
            if (description->kind() != fs::Kind::fifo) {
                return base::fail(Errno::ebadf);
            }
            return static_cast<std::int64_t>(fd::PipeRing::capacity);
        case Fcntl::add_seals:
        case Fcntl::get_seals: return seal(*description, arguments);
        default:               return base::fail(Errno::einval);
    }
}

}  // namespace

namespace calls {

std::int64_t fcntl(const Arguments& arguments) { return to_return(control(arguments)); }

// Of the own process: two descriptors compared; all else that could be is one. (include/uapi/linux/kcmp.h)
std::int64_t kcmp(const Arguments& arguments) {
    constexpr std::uint32_t file = 0, last_of_whole = 6;
    const auto own = identity().pid;
    if (arguments.word(0) != own || arguments.word(1) != own) {
        return -Errno::eperm;
    }
    if (arguments.word(2) > last_of_whole) {
        return -Errno::einval;
    }
    if (arguments.word(2) != file) {
        return 0;
    }
    const auto one = fd::table.get(arguments.integer(3));
    const auto other = fd::table.get(arguments.integer(4));
    if (!one || !other) {
        return -Errno::ebadf;
    }
    constexpr std::int64_t less = 1, greater = 2;
    return (*one)->id() == (*other)->id() ? 0 : (*one)->id() < (*other)->id() ? less : greater;
}

std::int64_t flock(const Arguments& arguments) {
    using linux_abi::FlockOperation;
    const auto description = fd::table.get_open(arguments.integer(0));
    if (!description) {
        return -description.error();
    }
    fs::Lock lock;
    lock.wait = (arguments.word(1) & FlockOperation::no_wait) == 0 ? 1 : 0;
    switch (arguments.word(1) & ~FlockOperation::no_wait) {
        case FlockOperation::shared:    lock.kind = fs::Lock::shared; break;
        case FlockOperation::exclusive: lock.kind = fs::Lock::exclusive; break;
        case FlockOperation::unlock:    lock.kind = fs::Lock::unlock; break;
        default:                        return -Errno::einval;
    }
    if (!(*description)->file()) {
        return -Errno::einval;
    }
    return apply((*description)->file(), lock);
}

}  // namespace calls
}  // namespace linux
