// SPDX-License-Identifier: MIT
#include "linux/fd/epoll.hpp"

#include <algorithm>

#include "linux/fd/table.hpp"

namespace linux::fd {

using linux_abi::EpollEvent;
using linux_abi::EpollFlag;

Epoll::Entry* Epoll::find(std::int32_t number, std::uint64_t id) {
    const auto found = std::ranges::find_if(
        entries_, [=](const Entry& one) { return one.number == number && one.id == id; });
    return found == entries_.end() ? nullptr : &*found;
}

Result<void> Epoll::add(std::int32_t number, const Description& what, EpollEvent event) {
    MutexGuard guard{lock_};
    if (find(number, what.id()) != nullptr) {
        return base::fail(Errno::eexist);
    }
    entries_.push_back({.number = number, .id = what.id(), .event = event});
    return {};
}

Result<void> Epoll::modify(std::int32_t number, const Description& what, EpollEvent event) {
    MutexGuard guard{lock_};
    Entry* entry = find(number, what.id());
    if (entry == nullptr) {
        return base::fail(Errno::enoent);
    }
    if ((entry->event.events & EpollFlag::exclusive) != 0) {
        return base::fail(Errno::einval);
    }
    *entry = {.number = number, .id = what.id(), .event = event};
    return {};
}

Result<void> Epoll::remove(std::int32_t number, const Description& what) {
    MutexGuard guard{lock_};
    Entry* entry = find(number, what.id());
    if (entry == nullptr) {
        return base::fail(Errno::enoent);
    }
    entries_.erase(entries_.begin() + (entry - entries_.data()));
    return {};
}

// The table's lock comes before ours (fork takes them in that order), so the numbers are looked up
// without ours.
std::vector<EpollItem> Epoll::items() {
    std::vector<Entry> entries;
    {
        MutexGuard guard{lock_};
        entries = entries_;
    }
    std::vector<EpollItem> items;
    items.reserve(entries.size());
    for (const Entry& entry : entries) {
        auto description = table.get(entry.number);
        if (!description || (*description)->id() != entry.id) {
            forget(entry.id);
        } else if (!entry.disabled) {
            items.push_back({{std::move(*description), from_poll_events(entry.event.events), 0},
                             (entry.event.events & EpollFlag::edge) != 0,
                             entry.seen});
        }
    }
    return items;
}

bool Epoll::may_be_in(const Epoll& other, std::uint32_t depth) {
    return this != &other && depth != 0 && std::ranges::all_of(items(), [&](const EpollItem& item) {
               Epoll* inner = item.description->event_list();
               return inner == nullptr || inner->may_be_in(other, depth - 1);
           });
}

void Epoll::forget(std::uint64_t id) {
    MutexGuard guard{lock_};
    std::erase_if(entries_, [id](const Entry& entry) { return entry.id == id; });
}

std::size_t Epoll::report(std::span<const EpollItem> items, std::span<EpollEvent> to) {
    MutexGuard guard{lock_};
    std::size_t stored = 0;
    for (const EpollItem& item : items) {
        if (item.ready == 0 || stored == to.size()) {
            continue;
        }
        const auto found = std::ranges::find(entries_, item.description->id(), &Entry::id);
        if (found == entries_.end() || found->disabled) {
            continue;
        }
        const std::uint32_t ready = to_poll_events(item.ready, found->event.events);
        // Another wait may have reported it meanwhile.
        if (ready == 0 || (item.edge && !item.seen.are_news(item.events, found->seen))) {
            continue;
        }
        to[stored].events = ready;
        to[stored].data = found->event.data;
        ++stored;
        found->seen = item.seen;
        found->disabled = (found->event.events & EpollFlag::one_shot) != 0;
    }
    return stored;
}

std::int64_t Epoll::wait(std::span<EpollEvent> to, std::uint64_t deadline) {
    for (;;) {
        std::vector<EpollItem> asked = items();
        const std::int64_t ready = poll_items(asked, deadline);
        if (ready <= 0) {
            return ready;
        }
        if (const std::size_t stored = report(asked, to); stored != 0) {
            return static_cast<std::int64_t>(stored);
        }
    }
}

Result<fs::Attributes> Epoll::attributes() {
    fs::Attributes attributes;
    attributes.mode = 0600;
    attributes.links = 1;
    return attributes;
}

std::uint32_t Epoll::poll(std::uint32_t events, WakeTarget target) {
    std::vector<EpollItem> asked = items();
    bool ready = false;
    for (EpollItem& item : asked) {
        ready |= poll_item(item, target) != 0;
    }
    if (target) {
        MutexGuard guard{lock_};
        asked_.push_back({target, std::move(asked)});
    }
    return ready ? events & fs::Poll::readable : 0;
}

std::uint64_t Epoll::next_event() {
    std::uint64_t next = ipc::no_deadline;
    for (const EpollItem& item : items()) {
        next = std::min(next, next_of(item));
    }
    return next;
}

// All that has come to anything in the list.
std::optional<Arrivals> Epoll::arrivals() {
    Arrivals sum;
    for (const EpollItem& item : items()) {
        const auto one = item.description->arrivals();
        if (!one) {
            return std::nullopt;
        }
        sum.input += one->input + ((item.events & fs::Poll::writable) != 0 ? one->output : 0);
    }
    return sum;
}

void Epoll::end_poll(WakeTarget target) {
    Asked asked;
    {
        MutexGuard guard{lock_};
        const auto found = std::ranges::find_if(
            asked_, [target](const Asked& one) { return one.target == target; });
        if (found == asked_.end()) {
            return;
        }
        asked = std::move(*found);
        asked_.erase(found);
    }
    for (EpollItem& item : asked.items) {
        item.description->end_poll(target);
    }
}

bool Epoll::describe(process::ImageDescriptor& /*to*/) const { return false; }

}  // namespace linux::fd
