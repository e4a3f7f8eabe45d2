// SPDX-License-Identifier: MIT
#include "linux/fd/table.hpp"

#include <algorithm>

#include "libs/ipc/protocol.hpp"
#include "linux/process/state.hpp"

namespace linux::fd {

constinit DescriptorTable table;
constinit std::atomic<bool> record_locks_used = false;

std::uint64_t DescriptorTable::limit() {
    return std::min<std::uint64_t>(limit_of(Resource::files).soft, capacity);
}

void DescriptorTable::release_record_locks(Description& description) {
    if (record_locks_used.load(std::memory_order_relaxed) && description.file()) {
        (void)ipc::call(description.file(),
                        fs::Lock{.kind = fs::Lock::unlock, .owner = identity().pid});
    }
}

Result<Handle> DescriptorTable::get(std::int64_t number) {
    MutexGuard guard{lock_};
    Description* description = slots_.get(number);
    if (description == nullptr) [[unlikely]] {
        return base::fail(Errno::ebadf);
    }
    return Handle::share(description);
}

Result<Handle> DescriptorTable::get_open(std::int64_t number) {
    Handle description = TRY(get(number));
    if (description->path_only()) {
        return base::fail(Errno::ebadf);
    }
    return description;
}

Result<std::int64_t> DescriptorTable::install(Handle description, bool close_on_exec,
                                              std::uint64_t from) {
    const std::uint64_t below = limit();
    MutexGuard guard{lock_};
    const auto number = slots_.lowest_free(std::min<std::uint64_t>(from, capacity), below);
    if (!number) {
        return base::fail(Errno::emfile);
    }
    description->write_card();
    slots_.put(*number, description.release(), close_on_exec);
    return static_cast<std::int64_t>(*number);
}

Result<void> DescriptorTable::install_at(std::int64_t number, Handle description,
                                         bool close_on_exec) {
    if (number < 0 || static_cast<std::uint64_t>(number) >= limit()) {
        return base::fail(Errno::ebadf);
    }
    Handle before;
    {
        MutexGuard guard{lock_};
        description->write_card();
        before = Handle{
            slots_.put(static_cast<std::size_t>(number), description.release(), close_on_exec)};
    }
    if (before) {
        release_record_locks(*before);
    }
    return {};
}

Result<void> DescriptorTable::close(std::int64_t number) {
    Handle before;
    {
        MutexGuard guard{lock_};
        before = Handle{slots_.take(number)};
    }
    if (!before) {
        return base::fail(Errno::ebadf);
    }
    release_record_locks(*before);
    return {};
}

Result<bool> DescriptorTable::close_on_exec(std::int64_t number) {
    MutexGuard guard{lock_};
    if (slots_.get(number) == nullptr) {
        return base::fail(Errno::ebadf);
    }
    return slots_.slot(static_cast<std::size_t>(number)).close_on_exec;
}

Result<void> DescriptorTable::set_close_on_exec(std::int64_t number, bool value) {
    MutexGuard guard{lock_};
    if (slots_.get(number) == nullptr) {
        return base::fail(Errno::ebadf);
    }
    slots_.set_close_on_exec(static_cast<std::size_t>(number), value);
    return {};
}

// Takes the next one in [from, last] out of the table; `from` moves on behind it.
Handle DescriptorTable::take_next(std::uint64_t& from, std::uint64_t last, bool only_marked) {
    MutexGuard guard{lock_};
    for (auto number = slots_.next_used(from); number && *number <= last;
         number = slots_.next_used(*number + 1)) {
        if (!only_marked || slots_.slot(*number).close_on_exec) {
            from = *number + 1;
            return Handle{slots_.take(static_cast<std::int64_t>(*number))};
        }
    }
    return {};
}

void DescriptorTable::close_range(std::uint64_t first, std::uint64_t last, bool only_mark) {
    if (only_mark) {
        MutexGuard guard{lock_};
        for (auto number = slots_.next_used(first); number && *number <= last;
             number = slots_.next_used(*number + 1)) {
            slots_.set_close_on_exec(*number, true);
        }
        return;
    }
    while (const Handle one = take_next(first, last, false)) {
        release_record_locks(*one);
    }
}

void DescriptorTable::close_marked() {
    std::uint64_t from = 0;
    while (const Handle one = take_next(from, capacity, true)) {
        release_record_locks(*one);
    }
}

void DescriptorTable::give_up_record_locks() {
    if (!record_locks_used.load(std::memory_order_relaxed)) {
        return;
    }
    MutexGuard guard{lock_};
    slots_.for_each([](std::size_t, const Slots::Slot& slot) { release_record_locks(*slot.item); });
}

void DescriptorTable::lock_for_fork() {
    lock_.lock();
    slots_.for_each([](std::size_t, const Slots::Slot& slot) { slot.item->enter_fork(); });
}

void DescriptorTable::unlock_after_fork() {
    slots_.for_each([](std::size_t, const Slots::Slot& slot) { slot.item->leave_fork(); });
    lock_.unlock();
}

void DescriptorTable::on_fork_child() {
    slots_.for_each([](std::size_t, const Slots::Slot& slot) { slot.item->on_fork_child(); });
}

}  // namespace linux::fd
