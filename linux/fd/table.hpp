// SPDX-License-Identifier: MIT
// The process's descriptors: the slot table with its lock, its limit, and the references that it
// holds.
#pragma once

#include <cstdint>

#include "linux/fd/description.hpp"
#include "linux/fd/slot_table.hpp"
#include "linux/process/mutex.hpp"

namespace linux::fd {

class DescriptorTable {
public:
    static constexpr std::size_t capacity = 1024;  // RLIMIT_NOFILE cannot be raised above

    // EBADF if the number is not open.
    Result<Handle> get(std::int64_t number);
    // Also EBADF if it was opened with O_PATH.
    Result<Handle> get_open(std::int64_t number);

    // The lowest free number from `from` on. EMFILE.
    Result<std::int64_t> install(Handle description, bool close_on_exec, std::uint64_t from = 0);
    // Exactly this number; what was there is closed. EBADF if the number is out of range.
    Result<void> install_at(std::int64_t number, Handle description, bool close_on_exec);
    Result<void> close(std::int64_t number);

    Result<bool> close_on_exec(std::int64_t number);
    Result<void> set_close_on_exec(std::int64_t number, bool value);

    // close_range: closes all of them, or marks them.
    void close_range(std::uint64_t first, std::uint64_t last, bool only_mark);
    void close_marked();
    // The process ends, but others may hold the same descriptions.
    void give_up_record_locks();

    // For calls with many numbers: one look under the lock. Calls visit(i, description) for each
    // number_of(i), i < count; null: not open, or by O_PATH only.
    template <class NumberOf, class Visit>
    void look_up(std::size_t count, NumberOf&& number_of, Visit&& visit) {
        MutexGuard guard{lock_};
        for (std::size_t i = 0; i < count; ++i) {
            Description* description = slots_.get(number_of(i));
            visit(i, description != nullptr && !description->path_only() ? description : nullptr);
        }
    }

    // Calls visit(number, description) for each open descriptor that is not close-on-exec.
    template <class Visit>
    void for_each_kept(Visit&& visit) {
        MutexGuard guard{lock_};
        slots_.for_each([&](std::size_t number, const Slots::Slot& slot) {
            if (!slot.close_on_exec) {
                visit(number, *slot.item);
            }
        });
    }

    template <class Visit>
    void for_each_open(Visit&& visit) {
        MutexGuard guard{lock_};
        slots_.for_each([&](std::size_t number, const Slots::Slot&) { visit(number); });
    }

    // Where it stands, for who looks at the process from outside.
    void write_to(process::Book& book) const __attribute__((no_thread_safety_analysis)) {
        slots_.write_to(book);
        book.card_offset = Description::card_offset();
    }

    // Keeps the lock, and those of all descriptions.
    void lock_for_fork() __attribute__((acquire_capability(lock_)));
    void unlock_after_fork() __attribute__((release_capability(lock_)));
    void on_fork_child() __attribute__((requires_capability(lock_)));

private:
    using Slots = SlotTable<Description, capacity>;
    Handle take_next(std::uint64_t& from, std::uint64_t last, bool only_marked);
    static std::uint64_t limit();
    static void release_record_locks(Description& description);

    Mutex lock_;
    Slots slots_ __attribute__((guarded_by(lock_)));
};

extern constinit DescriptorTable table;

// The process took a record lock (fcntl) at some time: closing any descriptor of a file gives up
// the process's locks on it, as POSIX has it.
extern constinit std::atomic<bool> record_locks_used;

}  // namespace linux::fd
