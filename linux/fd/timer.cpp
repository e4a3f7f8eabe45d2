// SPDX-License-Identifier: MIT
#include "linux/fd/timer.hpp"

#include "linux/fd/image.hpp"
#include "linux/signal/interruption.hpp"
#include "linux/time/clock.hpp"

namespace linux::fd {

Result<Handle> TimerCount::create(bool real_time, std::uint32_t status) {
    auto page = TRY(SharedPage::create());
    auto notification =
        TRY(or_errno(ipc::Ref<ipc::Bank> { process::container_bank } -> create_notification()));
    auto* timer =
        new TimerCount(status | OpenFlag::read_write, std::move(page), std::move(notification));
    timer->set_flags(OpenFlag::changeable, status);
    timer->shared_.real_time.store(real_time ? 1 : 0);
    return Handle{timer};
}

Result<Handle> TimerCount::adopt(const process::ImageDescriptor& from) {
    auto page = TRY(SharedPage::map(ipc::Capability<ipc::Memory>{from.capabilities[0]}));
    return Handle{new TimerCount(from.state[0], std::move(page),
                                 ipc::Capability<ipc::Notification>{from.capabilities[1]})};
}

bool TimerCount::describe(process::ImageDescriptor& to) const {
    to.kind = image_kind::timer;
    to.capabilities[0] = page_.memory();
    to.capabilities[1] = queue_.source();
    to.state[0] = status();
    return true;
}

TimerCount::Setting TimerCount::look() const {
    const std::uint64_t deadline = shared_.deadline.load(), interval = shared_.interval.load();
    const std::uint64_t now = monotonic_now();
    if (deadline == 0) {
        return {0, interval};
    }
    if (deadline > now) {
        return {deadline - now, interval};
    }
    return {interval == 0 ? 0 : interval - (now - deadline) % interval, interval};
}

TimerCount::Setting TimerCount::set(std::uint64_t deadline, std::uint64_t interval) {
    const Setting before = look();
    shared_.deadline.store(0);
    shared_.interval.store(interval);
    shared_.deadline.store(deadline);
    wake_sleepers(ipc::Ref<ipc::Notification>{queue_.source()}, shared_.sleepers);
    return before;
}

std::uint64_t TimerCount::take() {
    std::uint64_t deadline = shared_.deadline.load();
    for (;;) {
        const std::uint64_t now = monotonic_now();
        if (deadline == 0 || deadline > now) {
            return 0;
        }
        const std::uint64_t interval = shared_.interval.load();
        const std::uint64_t expired = interval == 0 ? 1 : (now - deadline) / interval + 1;
        const std::uint64_t next = interval == 0 ? 0 : deadline + expired * interval;
        if (shared_.deadline.compare_exchange_weak(deadline, next)) {
            return expired;
        }
    }
}

std::int64_t TimerCount::read(UserBuffer& buffer, Offset offset) {
    if (offset != current_offset) {
        return -Errno::espipe;
    }
    if (buffer.remaining() < sizeof(std::uint64_t)) {
        return -Errno::einval;
    }
    for (;;) {
        if (const std::uint64_t expired = take(); expired != 0) {
            const auto put = buffer.put(std::as_bytes(std::span{&expired, 1}));
            return put ? static_cast<std::int64_t>(sizeof expired) : -put.error();
        }
        if (non_blocking()) {
            return -Errno::eagain;
        }
        auto waiter = Waiter::take();
        if (!waiter) {
            return -waiter.error();
        }
        if (const auto entered = queue_.enter(waiter->target()); !entered) {
            return -entered.error();
        }
        const Woken woken = waiter->wait(next_event());
        queue_.leave(waiter->target());
        if (woken == Woken::interrupted) {
            return restart;
        }
    }
}

Result<fs::Attributes> TimerCount::attributes() {
    fs::Attributes attributes;
    attributes.mode = 0600;
    attributes.links = 1;
    return attributes;
}

std::uint64_t TimerCount::next_event() {
    const std::uint64_t deadline = shared_.deadline.load();
    return deadline == 0 ? ipc::no_deadline : deadline;
}

// `seen` is one more than what was counted (Description::poll_news).
std::uint64_t TimerCount::next_arrival(const Arrivals& seen) {
    return seen.input == shared_.deadline.load() + 1 ? ipc::no_deadline : next_event();
}

std::uint32_t TimerCount::poll(std::uint32_t events, WakeTarget target) {
    if (target) {
        (void)queue_.enter(target);
    }
    return next_event() <= monotonic_now() ? events & fs::Poll::readable : 0;
}

}  // namespace linux::fd
