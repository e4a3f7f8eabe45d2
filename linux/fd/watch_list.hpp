// SPDX-License-Identifier: MIT
//
// inotify: files that are watched, and what has happened to them. Each watch is a File of its own,
// whose server keeps the events for it (fs::Watch) and signals the notification that all watches of
// this list have in common; a bit of it, which several watches may share, says where to ask. Events
// of several watches come in order: the servers count them by the same clock.
//
// After a fork parent and child have lists of their own, of the same Files: each event is read by
// one of them. An exec does not keep the list.
#pragma once

#include <atomic>
#include <deque>
#include <string>
#include <vector>

#include "linux/fd/description.hpp"
#include "linux/fd/location.hpp"
#include "linux/fd/waiter.hpp"

namespace linux::fd {

class WatchList final : public Description {
public:
    static Result<Handle> create(std::uint32_t status);

    // The path as in fd::open. `mask` as in inotify_add_watch(2), whose errors these are.
    Result<std::int32_t> add(Path path, std::uint32_t mask);
    Result<void> remove(std::int32_t number);

    std::int64_t read(UserBuffer& buffer, Offset offset) override;
    std::int64_t ioctl(std::uint32_t request, std::uint64_t argument) override;
    Result<fs::Attributes> attributes() override;
    std::uint32_t poll(std::uint32_t events, WakeTarget target) override;
    void end_poll(WakeTarget target) override { queue_.leave(target); }
    [[nodiscard]] std::optional<Arrivals> arrivals() override;
    [[nodiscard]] WatchList* watch_list() override { return this; }
    bool describe(process::ImageDescriptor&) const override { return false; }
    void on_fork_child() override;

protected:
    void lock_for_fork() override __attribute__((acquire_capability(lock_))) { lock_.lock(); }
    void unlock_after_fork() override __attribute__((release_capability(lock_))) { lock_.unlock(); }

private:
    struct Watch {
        std::int32_t number = 0;
        std::uint32_t mask = 0;
        std::uint64_t device = 0, inode = 0;
        ipc::Capability<fs::File> file;
    };
    struct Happened {
        std::uint64_t order = 0;
        std::int32_t number = 0;
        std::uint32_t mask = 0, cookie = 0;
        std::string name;
        [[nodiscard]] std::size_t bytes() const;
    };
    WatchList(std::uint32_t status, ipc::Capability<ipc::Notification> changed)
        : Description(status | OpenFlag::read_only), queue_(std::move(changed), sleepers_) {}

    Result<std::int32_t> change(Watch& watch, std::uint32_t mask)
        __attribute__((requires_capability(lock_)));
    // Fetches what the servers have.
    void collect() __attribute__((requires_capability(lock_)));
    void collect_from(const Watch& watch, std::vector<Happened>& to)
        __attribute__((requires_capability(lock_)));
    void keep(Happened&& event) __attribute__((requires_capability(lock_)));
    void forget(std::int32_t number) __attribute__((requires_capability(lock_)));

    Mutex lock_;
    std::vector<Watch> watches_ __attribute__((guarded_by(lock_)));
    std::deque<Happened> events_ __attribute__((guarded_by(lock_)));
    std::uint64_t happened_ __attribute__((guarded_by(lock_))) = 0;  // how much
    std::int32_t last_number_ __attribute__((guarded_by(lock_))) = 0;
    // Another process may have taken the bits of the notification.
    bool shared_ __attribute__((guarded_by(lock_))) = false;
    std::atomic<std::uint32_t> sleepers_ = 0;  // the servers signal whether anybody sleeps or not
    SleepQueue queue_;
};

}  // namespace linux::fd
