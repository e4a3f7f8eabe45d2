// SPDX-License-Identifier: MIT
#include "libs/fs_server/watchers.hpp"

#include <algorithm>
#include <cstring>

#include "libs/base/align.hpp"

namespace fs_server {
namespace {

fs::Event event_at(const std::vector<std::byte>& kept, std::size_t at) {
    fs::Event event;
    std::memcpy(&event, kept.data() + at, sizeof event);
    return event;
}

}  // namespace

Result<void> Watchers::begin(std::uint64_t badge, const Watched& what, Wish wish,
                             ipc::Capability<ipc::Notification> notification) {
    if (watches_.size() >= most) {
        return base::fail(Status::limit);
    }
    One& watch = watches_[badge];
    watch.what = what;
    watch.wish = wish;
    watch.notification = std::move(notification);
    by_file_.emplace(what, &watch);
    return {};
}

void Watchers::change(std::uint64_t badge, Wish wish) { watches_.at(badge).wish = wish; }

void Watchers::end(std::uint64_t badge) {
    const auto watch = watches_.find(badge);
    if (watch == watches_.end()) {
        return;
    }
    const auto [first, last] = by_file_.equal_range(watch->second.what);
    const auto own = std::ranges::find(first, last, &watch->second,
                                       [](const auto& entry) { return entry.second; });
    if (own != last) {
        by_file_.erase(own);
    }
    kept_ -= watch->second.kept.size();
    watches_.erase(watch);
}

void Watchers::tell(const Watched& what, const News& news) {
    const fs::Timestamp now = clock_.now();
    const auto time = static_cast<std::uint64_t>(now.seconds) * 1'000'000'000 + now.nanoseconds;
    order_ = std::max(order_ + 1, time);
    const auto [first, last] = by_file_.equal_range(what);
    for (auto at = first; at != last; ++at) {
        if ((news.mask & at->second->wish.mask & fs::Event::all) != 0) {
            add(*at->second, news);
        }
    }
}

void Watchers::tell_gone(const Watched& what) {
    tell(what, {.mask = fs::Event::removed_itself});
    const auto [first, last] = by_file_.equal_range(what);
    for (auto at = first; at != last; ++at) {
        add(*at->second, {.mask = fs::Event::ended});
    }
    by_file_.erase(first, last);
}

void Watchers::add(One& watch, const News& news) {
    if (watch.overflowed) {
        return;
    }
    if (!watch.kept.empty()) {
        const fs::Event old = event_at(watch.kept, watch.last);
        const auto* name =
            reinterpret_cast<const char*>(watch.kept.data() + watch.last + sizeof old);
        if (old.mask == news.mask && old.cookie == news.cookie &&
            std::string_view{name, old.name_length} == news.name) {
            return;
        }
    }
    const std::size_t room = kept_ < many_kept ? most_kept : least_kept;
    watch.overflowed = watch.kept.size() + sizeof(fs::Event) + news.name.size() > room;
    append(watch, watch.overflowed ? News{.mask = fs::Event::overflow} : news);
}

void Watchers::append(One& watch, const News& news) {
    const std::size_t length = base::align_up(sizeof(fs::Event) + news.name.size(), 8);
    const fs::Event event{.order = order_,
                          .mask = news.mask,
                          .cookie = news.cookie,
                          .name_length = static_cast<std::uint16_t>(news.name.size()),
                          .record_length = static_cast<std::uint16_t>(length)};
    watch.last = watch.kept.size();
    watch.kept.resize(watch.last + length);
    kept_ += length;
    std::byte* to = watch.kept.data() + watch.last;
    std::memcpy(to, &event, sizeof event);
    std::ranges::copy(news.name, reinterpret_cast<char*>(to + sizeof event));
    if (watch.last == 0) {
        (void)watch.notification->signal(watch.wish.bits);
    }
}

std::size_t Watchers::read(std::uint64_t badge, std::span<std::byte> to) {
    const auto found = watches_.find(badge);
    if (found == watches_.end()) {
        return 0;
    }
    One& watch = found->second;
    std::size_t length = 0;
    while (length < watch.kept.size()) {
        const std::size_t next = event_at(watch.kept, length).record_length;
        if (length + next > to.size()) {
            break;
        }
        length += next;
    }
    std::copy_n(watch.kept.begin(), length, to.begin());
    kept_ -= length;
    if (length == watch.kept.size()) {
        watch.kept = {};
        watch.overflowed = false;
    } else {
        watch.kept.erase(watch.kept.begin(),
                         watch.kept.begin() + static_cast<std::ptrdiff_t>(length));
        watch.last -= length;
    }
    return length;
}

}  // namespace fs_server
