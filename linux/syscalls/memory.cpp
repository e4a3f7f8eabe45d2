// SPDX-License-Identifier: MIT
// mmap and its relatives: Linux's rules about arguments; the work is in linux/memory.
#include "abi/linux/memory.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "interfaces/fs.hpp"
#include "interfaces/process.hpp"
#include "libs/base/align.hpp"
#include "libs/ipc/protocol.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/user_buffer.hpp"
#include "linux/memory/program_space.hpp"
#include "linux/process/hooks.hpp"
#include "linux/process/state.hpp"
#include "linux/syscalls/table.hpp"

namespace linux {
namespace {

using linux_abi::MapFlag;
using linux_abi::Protection;

constexpr std::uint32_t all_protections = Protection::read | Protection::write |
                                          Protection::execute | Protection::grows_down |
                                          Protection::grows_up;
constexpr std::uint32_t accesses = Protection::read | Protection::write | Protection::execute;

bool is_page_aligned(std::uint64_t value) { return base::is_aligned(value, abi::page_size); }

// A page-aligned range of the program's part; its length rounded up.
Result<std::uint64_t> checked_length(std::uint64_t address, std::uint64_t length, Errno outside) {
    if (!is_page_aligned(address)) {
        return base::fail(Errno::einval);
    }
    if (length > ProgramSpace::high || !user::is_program_range(address, length)) {
        return base::fail(outside);
    }
    return base::align_up(length, abi::page_size);
}

Result<ProgramSpace::Request> to_request(const Arguments& arguments) {
    const std::uint32_t flags = arguments.word(3);
    ProgramSpace::Request request{.address = arguments[0],
                                  .length = arguments[1],
                                  .protection = arguments.word(2) & accesses};
    if (request.length == 0 || (arguments[2] & ~std::uint64_t{all_protections}) != 0) {
        return base::fail(Errno::einval);
    }
    if (request.length > ProgramSpace::high) {
        return base::fail(Errno::enomem);
    }
    request.length = base::align_up(request.length, abi::page_size);
    request.below_4g = (flags & MapFlag::low_32) != 0;
    request.sparse = (flags & (MapFlag::no_reserve | MapFlag::stack | MapFlag::grows_down)) != 0;
    if ((flags & MapFlag::fixed_no_replace) != 0) {
        request.placement = ProgramSpace::Placement::no_replace;
    } else if ((flags & MapFlag::fixed) != 0) {
        request.placement = ProgramSpace::Placement::fixed;
    }
    if (!is_page_aligned(request.address)) {
        if (request.placement != ProgramSpace::Placement::anywhere) {
            return base::fail(Errno::einval);
        }
        request.address = base::align_down(request.address, abi::page_size);
    }
    return request;
}

// Outlives the process that makes it, so its container pays.
Result<std::uint64_t> map_shared_anonymous(const ProgramSpace::Request& request) {
    const ipc::Ref<ipc::Bank> bank{process::container_bank};
    const auto memory = TRY(or_errno(bank->create_memory(request.length)));
    if (!request.sparse) {
        TRY(or_errno(memory->reserve(request.length)));
    }
    return program_space().map_object(request, {memory, 0, request.length}, true);
}

// What lies in the file is read; the rest of the last page is zero.
Result<void> fill_from_file(ipc::Ref<fs::File> file, std::uint64_t address, std::uint64_t length,
                            std::uint64_t offset) {
    for (std::uint64_t done = 0; done < length;) {
        const auto part =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(length - done, abi::message_bytes));
        const auto answer =
            TRY(or_errno(ipc::call(file, fs::Read{.offset = offset + done, .length = part})));
        if (answer.payload.empty()) {
            break;
        }
        TRY(user::copy_out(address + done, answer.payload.data(), answer.payload.size()));
        done += answer.payload.size();
    }
    return {};
}

// A file system that does not hand out its pages: only a private copy can be had.
Result<std::uint64_t> map_by_reading(ProgramSpace::Request request, ipc::Ref<fs::File> file,
                                     std::uint64_t offset) {
    const std::uint32_t protection = request.protection;
    request.protection = Protection::read | Protection::write;
    const std::uint64_t address = TRY(program_space().map_anonymous(request));
    const auto filled = fill_from_file(file, address, request.length, offset);
    if (!filled) {
        (void)program_space().unmap(address, request.length);
        return base::fail(filled.error());
    }
    TRY(program_space().protect(address, request.length, protection));
    return address;
}

// EAGAIN: it is not to be had now.
Result<std::uint64_t> map_lent(const ProgramSpace::Request& request, const fd::MappableFile& file,
                               std::uint64_t offset) {
    auto answer = TRY(or_errno(ipc::call(
        file.file, fs::Map{.write = file.writable ? fs::Map::unannounced : fs::Map::read_only})));
    if (!base::range_fits(offset, request.length, answer.reply.size)) {
        return base::fail(Errno::einval);
    }
    const auto memory = answer.take<ipc::Memory>();
    return program_space().map_lent(request, {memory, offset, request.length});
}

Result<std::uint64_t> map_file(const ProgramSpace::Request& request, std::int32_t descriptor,
                               std::uint64_t offset, bool shared) {
    const auto file = TRY(fd::mappable(descriptor));
    if (file.zero) {
        return shared ? map_shared_anonymous(request) : program_space().map_anonymous(request);
    }
    const bool writes = (request.protection & Protection::write) != 0;
    if (!file.readable || (shared && writes && !file.writable)) {
        return base::fail(Errno::eacces);
    }
    if (file.lent) {
        return shared ? map_lent(request, file, offset) : base::fail(Errno::einval);
    }
    auto answer = ipc::call(
        file.file,
        fs::Map{.write = shared && file.writable ? fs::Map::unannounced : fs::Map::read_only});
    if (!answer && !writes && answer.error() == ipc::Failure{ipc::Status::not_permitted}) {
        answer = ipc::call(file.file, fs::Map{.write = fs::Map::read_only});  // sealed
    }
    if (!answer) {
        if (shared || answer.error() != ipc::Failure{ipc::Status::unsupported}) {
            return base::fail(answer.error() == ipc::Failure{ipc::Status::unsupported}
                                  ? Errno::enodev
                                  : to_errno(answer.error()));
        }
        return map_by_reading(request, file.file, offset);
    }
    const auto pages = answer->take<ipc::Memory>();
    const std::uint64_t start = answer->reply.data_offset + offset;
    // Pages wholly behind the file's end are not there: touching them is SIGBUS.
    const std::uint64_t in_file = answer->reply.size > offset ? answer->reply.size - offset : 0;
    const std::uint64_t present = std::min(request.length, base::align_up(in_file, abi::page_size));
    if (shared || present == 0) {
        return program_space().map_object(request, {pages, start, present}, shared);
    }
    const auto copy = TRY(or_errno(pages->clone(ipc::own_bank(), {start, present})));
    if (writes && !request.sparse) {
        TRY(or_errno(copy->reserve(present)));
    }
    return program_space().map_object(request, {copy, 0, present}, false);
}

Result<std::uint64_t> map(const Arguments& arguments) {
    const std::uint32_t flags = arguments.word(3);
    const std::uint32_t type = flags & MapFlag::type;
    const bool shared = type == MapFlag::shared || type == MapFlag::shared_validate;
    if ((!shared && type != MapFlag::private_) || !is_page_aligned(arguments[5])) {
        return base::fail(Errno::einval);
    }
    const auto request = TRY(to_request(arguments));
    if ((flags & MapFlag::anonymous) == 0) {
        if (!base::range_fits(arguments[5], request.length, std::uint64_t{1} << 62)) {
            return base::fail(Errno::eoverflow);
        }
        return map_file(request, arguments.integer(4), arguments[5], shared);
    }
    if ((flags & MapFlag::huge_pages) != 0) {
        return base::fail(Errno::enomem);  // as where none have been set aside
    }
    if (shared) {
        return map_shared_anonymous(request);
    }
    const std::uint64_t address = TRY(program_space().map_anonymous(request));
    if ((flags & MapFlag::populate) != 0) {
        // What cannot be had now is asked for again when it is touched.
        (void)program_space().populate(address, request.length);
    }
    return address;
}

Result<std::uint64_t> remap(const Arguments& arguments) {
    using linux_abi::RemapFlag;
    const std::uint32_t flags = arguments.word(3);
    const bool fixed = (flags & RemapFlag::fixed) != 0;
    const bool may_move = (flags & RemapFlag::may_move) != 0;
    if ((flags & ~(RemapFlag::may_move | RemapFlag::fixed)) != 0 || (fixed && !may_move) ||
        arguments[2] == 0 || arguments[1] == 0) {
        return base::fail(Errno::einval);
    }
    const std::uint64_t old_length = TRY(checked_length(arguments[0], arguments[1], Errno::efault));
    if (arguments[2] > ProgramSpace::high) {
        return base::fail(Errno::enomem);
    }
    ProgramSpace::Request request{.length = base::align_up(arguments[2], abi::page_size)};
    if (fixed) {
        request.address = arguments[4];
        request.placement = ProgramSpace::Placement::fixed;
        (void)TRY(checked_length(request.address, request.length, Errno::einval));
        if (request.address < arguments[0] + old_length &&
            arguments[0] < request.address + request.length) {
            return base::fail(Errno::einval);
        }
    }
    return program_space().remap(arguments[0], old_length, request, may_move);
}

Result<void> advise(const Arguments& arguments) {
    using linux_abi::Advice;
    const std::uint32_t advice = arguments.word(2);
    const std::uint64_t length = TRY(checked_length(arguments[0], arguments[1], Errno::enomem));
    if (advice > Advice::last || (advice > 4 && advice < 8)) {
        return base::fail(Errno::einval);
    }
    ProgramSpace& space = program_space();
    if (advice == Advice::dont_need) {
        return space.has_locked_pages(arguments[0], length) ? base::fail(Errno::einval)
                                                            : space.discard(arguments[0], length);
    }
    if (length != 0 && !space.is_mapped(arguments[0], length)) {
        return base::fail(Errno::enomem);
    }
    switch (advice) {
        case Advice::free:  // at once, which is soon enough
            return space.is_anonymous(arguments[0], length) ? space.discard(arguments[0], length)
                                                            : base::fail(Errno::einval);
        case Advice::remove:
            return base::fail(space.is_anonymous(arguments[0], length) ? Errno::einval
                                                                       : Errno::eopnotsupp);
        case Advice::dont_fork:      return space.set_fork_rule(arguments[0], length, ForkRule::drop);
        case Advice::wipe_on_fork:   return space.set_fork_rule(arguments[0], length, ForkRule::wipe);
        case Advice::do_fork:
        case Advice::keep_on_fork:   return space.set_fork_rule(arguments[0], length, ForkRule::copy);
        case Advice::populate_write: return space.populate(arguments[0], length);
        default:                     return {};
    }
}

Result<void> report_resident(const Arguments& arguments) {
    const std::uint64_t length = TRY(checked_length(arguments[0], arguments[1], Errno::enomem));
    if (!program_space().is_mapped(arguments[0], length)) {
        return base::fail(Errno::enomem);
    }
    const std::vector<std::byte> resident(length / abi::page_size, std::byte{1});
    return user::copy_out(arguments[2], resident.data(), resident.size());
}

// process_vm_readv and process_vm_writev: of the own process. Nobody may look into another one.
Result<std::int64_t> copy_own(const Arguments& arguments, bool to_remote) {
    if (arguments[5] != 0) {
        return base::fail(Errno::einval);
    }
    const auto local = TRY(fd::UserSegments::list(arguments[1], arguments[2]));
    const auto remote = TRY(fd::UserSegments::list(arguments[3], arguments[4]));
    const std::int32_t pid = arguments.integer(0);
    if (pid != static_cast<std::int32_t>(identity().pid)) {
        const auto other = ipc::call(own_process(), process::Lookup{.pid = pid == 0 ? -1 : pid});
        return base::fail(other ? Errno::eperm : Errno::esrch);
    }
    fd::UserBuffer from = to_remote ? local.buffer() : remote.buffer();
    fd::UserBuffer to = to_remote ? remote.buffer() : local.buffer();
    const auto piece = std::make_unique<std::byte[]>(abi::page_size);
    std::int64_t done = 0;
    while (from.remaining() != 0 && to.remaining() != 0) {
        const std::uint64_t count =
            std::min({from.remaining(), to.remaining(), std::uint64_t{abi::page_size}});
        const std::span bytes{piece.get(), count};
        if (!from.get(bytes) || !to.put(bytes)) {
            return done != 0 ? Result<std::int64_t>{done} : base::fail(Errno::efault);
        }
        done += static_cast<std::int64_t>(count);
    }
    return done;
}

Result<void> synchronise(const Arguments& arguments) {
    using linux_abi::SyncFlag;
    const std::uint32_t flags = arguments.word(2);
    const bool both = (flags & SyncFlag::async) != 0 && (flags & SyncFlag::sync) != 0;
    if (both || (flags & ~(SyncFlag::async | SyncFlag::sync | SyncFlag::invalidate)) != 0) {
        return base::fail(Errno::einval);
    }
    const std::uint64_t length = TRY(checked_length(arguments[0], arguments[1], Errno::enomem));
    if (!program_space().is_mapped(arguments[0], length)) {
        return base::fail(Errno::enomem);
    }
    if ((flags & SyncFlag::invalidate) != 0 &&
        program_space().has_locked_pages(arguments[0], length)) {
        return base::fail(Errno::ebusy);
    }
    return {};
}

// How many bytes may be locked; EPERM: none.
Result<std::uint64_t> most_locked() {
    if (identity().user == 0) {
        return no_limit;
    }
    const std::uint64_t most = limit_of(Resource::locked).soft;
    return most != 0 ? Result<std::uint64_t>{most} : base::fail(Errno::eperm);
}

struct Range {
    std::uint64_t address, length;
};

// Whole pages.
Result<Range> range_to_lock(const Arguments& arguments) {
    const std::uint64_t start = base::align_down(arguments[0], abi::page_size);
    return Range{start,
                 TRY(checked_length(start, arguments[1] + (arguments[0] - start), Errno::enomem))};
}

Result<void> lock_range(const Arguments& arguments) {
    const std::uint64_t most = TRY(most_locked());
    const Range range = TRY(range_to_lock(arguments));
    return program_space().lock_pages(range.address, range.length, most);
}

Result<void> unlock_range(const Arguments& arguments) {
    const Range range = TRY(range_to_lock(arguments));
    return program_space().unlock_pages(range.address, range.length);
}

// What is mapped is not counted: a stack's mapping is as long as it may become.
Result<void> lock_all(const Arguments& arguments) {
    constexpr std::uint32_t present = 1, future = 2, on_fault = 4;
    const std::uint32_t flags = arguments.word(0);
    if ((flags & (present | future)) == 0 || (flags & ~(present | future | on_fault)) != 0) {
        return base::fail(Errno::einval);
    }
    (void)TRY(most_locked());
    program_space().lock_all_pages((flags & present) != 0, (flags & future) != 0);
    return {};
}

}  // namespace

namespace calls {

std::int64_t mmap(const Arguments& arguments) { return to_return(map(arguments)); }

std::int64_t munmap(const Arguments& arguments) {
    const auto length = checked_length(arguments[0], arguments[1], Errno::einval);
    if (!length || *length == 0) {
        return -Errno::einval;
    }
    return to_return(program_space().unmap(arguments[0], *length));
}

std::int64_t mprotect(const Arguments& arguments) {
    const auto length = checked_length(arguments[0], arguments[1], Errno::enomem);
    if (!length) {
        return -length.error();
    }
    if ((arguments[2] & ~std::uint64_t{all_protections}) != 0) {
        return -Errno::einval;
    }
    if (*length == 0) {
        return 0;
    }
    return to_return(program_space().protect(arguments[0], *length, arguments.word(2) & accesses));
}

// Without the CPU's protection keys: there is none to be had.
std::int64_t pkey_alloc(const Arguments& arguments) {
    constexpr std::uint64_t all_rights = 3;
    return arguments[0] != 0 || (arguments[1] & ~all_rights) != 0 ? -Errno::einval : -Errno::enospc;
}
std::int64_t pkey_free(const Arguments&) { return -Errno::einval; }
std::int64_t pkey_mprotect(const Arguments& arguments) {
    return arguments.integer(3) == -1 ? mprotect(arguments) : -Errno::einval;
}

std::int64_t process_vm_readv(const Arguments& arguments) {
    return to_return(copy_own(arguments, false));
}
std::int64_t process_vm_writev(const Arguments& arguments) {
    return to_return(copy_own(arguments, true));
}

std::int64_t mremap(const Arguments& arguments) { return to_return(remap(arguments)); }

std::int64_t brk(const Arguments& arguments) {
    return static_cast<std::int64_t>(program_space().move_break(arguments[0]));
}

std::int64_t madvise(const Arguments& arguments) { return to_return(advise(arguments)); }
std::int64_t mincore(const Arguments& arguments) { return to_return(report_resident(arguments)); }
std::int64_t msync(const Arguments& arguments) { return to_return(synchronise(arguments)); }

// Memory is never paged out.
std::int64_t mlock(const Arguments& arguments) { return to_return(lock_range(arguments)); }
std::int64_t munlock(const Arguments& arguments) { return to_return(unlock_range(arguments)); }
std::int64_t mlock2(const Arguments& arguments) {
    constexpr std::uint32_t on_fault = 1;
    return (arguments.word(2) & ~on_fault) != 0 ? -Errno::einval : mlock(arguments);
}
std::int64_t mlockall(const Arguments& arguments) { return to_return(lock_all(arguments)); }
std::int64_t munlockall(const Arguments&) {
    program_space().unlock_all_pages();
    return 0;
}

}  // namespace calls
}  // namespace linux
