// SPDX-License-Identifier: MIT
#include "linux/fd/watch_list.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "libs/base/align.hpp"
#include "libs/ipc/protocol.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/entrances.hpp"
#include "linux/process/state.hpp"
#include "linux/signal/interruption.hpp"

namespace linux::fd {
namespace {

// inotify(7); the events themselves have fs::Event's bits.
constexpr std::uint32_t only_directory = 0x0100'0000, no_follow = 0x0200'0000,
                        mask_create = 0x1000'0000, mask_add = 0x2000'0000, one_shot = 0x8000'0000;
constexpr std::size_t most_events = 16384;
constexpr std::uint32_t bytes_readable = 0x541b;  // FIONREAD

struct Record {  // struct inotify_event; the name follows, padded with zeros
    std::int32_t number;
    std::uint32_t mask, cookie, length;
};
static_assert(sizeof(Record) == 16);

constexpr std::uint64_t bit_of(std::int32_t number) {
    return std::uint64_t{1} << (static_cast<std::uint32_t>(number) % 64);
}

std::size_t name_bytes(std::size_t length) {
    return length == 0 ? 0 : base::align_up(length + 1, sizeof(Record));
}

}  // namespace

std::size_t WatchList::Happened::bytes() const { return sizeof(Record) + name_bytes(name.size()); }

Result<Handle> WatchList::create(std::uint32_t status) {
    auto changed =
        TRY(or_errno(ipc::Ref<ipc::Bank> { process::container_bank } -> create_notification()));
    auto* list = new WatchList(status, std::move(changed));
    list->set_flags(OpenFlag::changeable, status);
    return Handle{list};
}

Result<std::int32_t> WatchList::change(Watch& watch, std::uint32_t mask) {
    if ((mask & mask_create) != 0) {
        return base::fail(Errno::eexist);
    }
    watch.mask = (mask & mask_add) != 0 ? watch.mask | mask : mask;
    TRY(or_errno(ipc::call(
        watch.file, fs::Watch{.mask = watch.mask & fs::Event::all, .bits = bit_of(watch.number)})));
    return watch.number;
}

Result<std::int32_t> WatchList::add(Path path, std::uint32_t mask) {
    using Flags = fs::OpenFlags;
    const bool directory = path.directory || (mask & only_directory) != 0;
    const std::uint32_t flags = Flags::read | Flags::unheard | (directory ? Flags::directory : 0U) |
                                ((mask & no_follow) != 0 ? Flags::no_follow : 0U);
    const std::string text{path.text};
    auto opened = TRY(or_errno(open_path({.flags = flags}, text)));
    MutexGuard guard{lock_};
    const auto old = std::ranges::find_if(watches_, [&](const Watch& watch) {
        return watch.device == opened.reply.device && watch.inode == opened.reply.inode;
    });
    if (old != watches_.end()) {
        return change(*old, mask);
    }
    Watch watch{.number = last_number_ + 1,
                .mask = mask,
                .device = opened.reply.device,
                .inode = opened.reply.inode,
                .file = std::move(opened.file)};
    const auto answer = ipc::call(
        watch.file, fs::Watch{.mask = mask & fs::Event::all, .bits = bit_of(watch.number)},
        {.capabilities = {ipc::AnyRef{queue_.source()}}});
    if (!answer) {
        return base::fail(answer.error() == ipc::Failure{ipc::Status::limit}
                              ? Errno::enospc
                              : to_errno(answer.error()));
    }
    last_number_ = watch.number;
    watches_.push_back(std::move(watch));
    return last_number_;
}

void WatchList::forget(std::int32_t number) {
    std::erase_if(watches_, [=](const Watch& watch) { return watch.number == number; });
}

Result<void> WatchList::remove(std::int32_t number) {
    MutexGuard guard{lock_};
    collect();  // what has happened before is still told
    if (std::ranges::none_of(watches_, [=](const Watch& one) { return one.number == number; })) {
        return base::fail(Errno::einval);
    }
    forget(number);
    keep({.number = number, .mask = fs::Event::ended});
    (void)ipc::Ref<ipc::Notification> { queue_.source() } -> signal(changed_bit);
    return {};
}

void WatchList::keep(Happened&& event) {
    ++happened_;
    if (events_.size() < most_events) {
        events_.push_back(std::move(event));
    } else if (events_.back().mask != fs::Event::overflow) {
        events_.push_back({.number = -1, .mask = fs::Event::overflow});
    }
}

void WatchList::collect_from(const Watch& watch, std::vector<Happened>& to) {
    for (std::size_t fetched = 0; fetched < most_events;) {
        const auto answer = ipc::call(watch.file, fs::ReadEvents{});
        if (!answer || answer->payload.empty()) {
            return;
        }
        auto rest = answer->payload;
        while (rest.size() >= sizeof(fs::Event)) {
            fs::Event event;
            std::memcpy(&event, rest.data(), sizeof event);
            if (event.record_length < sizeof event + event.name_length ||
                event.record_length > rest.size()) {
                return;
            }
            const auto* name = reinterpret_cast<const char*>(rest.data() + sizeof event);
            const bool overflow = event.mask == fs::Event::overflow;
            to.push_back({.order = event.order,
                          .number = overflow ? -1 : watch.number,
                          .mask = event.mask,
                          .cookie = event.cookie,
                          .name = {name, event.name_length}});
            rest = rest.subspan(event.record_length);
            ++fetched;
        }
    }
}

void WatchList::collect() {
    const auto bits = ipc::Ref<ipc::Notification> { queue_.source() } -> poll();
    if (!bits && !shared_) {
        return;
    }
    std::vector<Happened> fresh;
    for (const Watch& watch : watches_) {
        if (shared_ || (*bits & bit_of(watch.number)) != 0) {
            collect_from(watch, fresh);
        }
    }
    std::ranges::stable_sort(fresh, {}, &Happened::order);
    for (Happened& event : fresh) {
        const auto watch = std::ranges::find(watches_, event.number, &Watch::number);
        if (event.number >= 0 && watch == watches_.end()) {
            continue;  // it was to be told of once
        }
        const bool last = event.number >= 0 && (watch->mask & one_shot) != 0;
        const std::int32_t number = event.number;
        const bool ended = event.mask == fs::Event::ended;
        keep(std::move(event));
        if (last && !ended) {
            keep({.number = number, .mask = fs::Event::ended});
        }
        if (last || ended) {
            forget(number);
        }
    }
}

std::int64_t WatchList::read(UserBuffer& buffer, Offset offset) {
    if (offset != current_offset) {
        return -Errno::espipe;
    }
    for (;;) {
        {
            MutexGuard guard{lock_};
            collect();
            std::int64_t moved = 0;
            while (!events_.empty() && events_.front().bytes() <= buffer.remaining()) {
                const Happened& event = events_.front();
                std::array<std::byte, sizeof(Record) + 272> bytes{};
                const Record record{event.number, event.mask, event.cookie,
                                    static_cast<std::uint32_t>(name_bytes(event.name.size()))};
                std::memcpy(bytes.data(), &record, sizeof record);
                std::memcpy(bytes.data() + sizeof record, event.name.data(), event.name.size());
                if (const auto put = buffer.put(std::span{bytes}.first(event.bytes())); !put) {
                    return moved != 0 ? moved : -put.error();
                }
                moved += static_cast<std::int64_t>(event.bytes());
                events_.pop_front();
            }
            if (moved != 0) {
                return moved;
            }
            if (!events_.empty()) {
                return -Errno::einval;  // not even one fits
            }
        }
        if (non_blocking()) {
            return -Errno::eagain;
        }
        if (const std::int64_t error = wait_readable(); error != 0) {
            return error;
        }
    }
}

std::int64_t WatchList::ioctl(std::uint32_t request, std::uint64_t argument) {
    if (request != bytes_readable) {
        return Description::ioctl(request, argument);
    }
    std::size_t bytes = 0;
    {
        MutexGuard guard{lock_};
        collect();
        for (const Happened& event : events_) {
            bytes += event.bytes();
        }
    }
    return to_return(user::write(argument, static_cast<std::int32_t>(bytes)));
}

Result<fs::Attributes> WatchList::attributes() {
    return own_attributes(fs::Kind::none, 0600, id());
}

std::uint32_t WatchList::poll(std::uint32_t events, WakeTarget target) {
    if (target) {
        (void)queue_.enter(target);
    }
    MutexGuard guard{lock_};
    collect();
    return events_.empty() ? 0 : events & fs::Poll::readable;
}

std::optional<Arrivals> WatchList::arrivals() {
    MutexGuard guard{lock_};
    collect();
    return Arrivals{happened_, 0};
}

void WatchList::on_fork_child() __attribute__((no_thread_safety_analysis)) {
    shared_ = true;
    queue_.on_fork_child();
}

}  // namespace linux::fd
