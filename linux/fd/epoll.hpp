// SPDX-License-Identifier: MIT
//
// epoll: a list of descriptors that is kept between waits. Each wait asks all of them, as poll does,
// so it costs as much as poll.
//
// The list must not keep descriptions open (a pipe whose writer only epoll held would never end), so
// it has the number and the description's id; an entry whose number was closed or means something
// else now is dropped.
//
// Edge-triggered entries know what has come up to their last report (Arrivals), and are ready again when
// more has. Of several waits at the same time one reports it.
#pragma once

#include <vector>

#include "abi/linux/poll.hpp"
#include "linux/fd/polling.hpp"
#include "linux/process/mutex.hpp"

namespace linux::fd {

class Epoll final : public Description {
public:
    Epoll() : Description(OpenFlag::read_write) {}

    Result<void> add(std::int32_t number, const Description& what, linux_abi::EpollEvent event);
    Result<void> modify(std::int32_t number, const Description& what, linux_abi::EpollEvent event);
    Result<void> remove(std::int32_t number, const Description& what);
    // May it be in the list of `other`? Not if that can be reached from here, or the way down is too long.
    [[nodiscard]] bool may_be_in(const Epoll& other) { return may_be_in(other, most_nested); }
    // -> how many events were stored, or -EINTR.
    std::int64_t wait(std::span<linux_abi::EpollEvent> to, std::uint64_t deadline);

    Result<fs::Attributes> attributes() override;
    std::uint32_t poll(std::uint32_t events, WakeTarget target) override;
    void end_poll(WakeTarget target) override;
    [[nodiscard]] std::optional<Arrivals> arrivals() override;
    [[nodiscard]] std::uint64_t next_event() override;
    bool describe(process::ImageDescriptor& to) const override;

    [[nodiscard]] Epoll* event_list() override { return this; }

protected:
    void lock_for_fork() override __attribute__((acquire_capability(lock_))) { lock_.lock(); }
    void unlock_after_fork() override __attribute__((release_capability(lock_))) { lock_.unlock(); }

private:
    static constexpr std::uint32_t most_nested = 4;  // EP_MAX_NESTS
    struct Entry {
        std::int32_t number;
        std::uint64_t id;
        linux_abi::EpollEvent event;
        Arrivals seen{};        // EPOLLET
        bool disabled = false;  // EPOLLONESHOT, reported
    };
    Entry* find(std::int32_t number, std::uint64_t id) __attribute__((requires_capability(lock_)));
    // The entries that still mean something, as items to poll.
    std::vector<EpollItem> items();
    void forget(std::uint64_t id);
    bool may_be_in(const Epoll& other, std::uint32_t depth);
    std::size_t report(std::span<const EpollItem> items, std::span<linux_abi::EpollEvent> to);

    Mutex lock_;
    std::vector<Entry> entries_ __attribute__((guarded_by(lock_)));
    // Between poll and end_poll of an outer wait: what was asked for whom.
    struct Asked {
        WakeTarget target;
        std::vector<EpollItem> items;
    };
    std::vector<Asked> asked_ __attribute__((guarded_by(lock_)));
};

}  // namespace linux::fd
