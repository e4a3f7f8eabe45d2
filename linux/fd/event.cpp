// SPDX-License-Identifier: MIT
#include "linux/fd/event.hpp"

#include "linux/fd/image.hpp"
#include "linux/signal/interruption.hpp"

namespace linux::fd {

Result<Handle> EventCounter::create(std::uint64_t value, bool semaphore, std::uint32_t status) {
    auto page = TRY(SharedPage::create());
    auto notification =
        TRY(or_errno(ipc::Ref<ipc::Bank> { process::container_bank } -> create_notification()));
    auto* counter =
        new EventCounter(status | OpenFlag::read_write, std::move(page), std::move(notification));
    counter->set_flags(OpenFlag::changeable, status);
    counter->shared_->value.store(value);
    counter->shared_->semaphore.store(semaphore ? 1 : 0);
    return Handle{counter};
}

Result<Handle> EventCounter::adopt(const process::ImageDescriptor& from) {
    auto page = TRY(SharedPage::map(ipc::Capability<ipc::Memory>{from.capabilities[0]}));
    return Handle{new EventCounter(from.state[0], std::move(page),
                                   ipc::Capability<ipc::Notification>{from.capabilities[1]})};
}

void EventCounter::changed() {
    wake_sleepers(ipc::Ref<ipc::Notification>{queue_.source()}, shared_->sleepers);
}

template <class Ready>
std::int64_t EventCounter::sleep(Ready&& ready) {
    auto waiter = Waiter::take();
    if (!waiter) {
        return -waiter.error();
    }
    if (const auto entered = queue_.enter(waiter->target()); !entered) {
        return -entered.error();
    }
    const Woken woken = ready() ? Woken::signalled : waiter->wait();
    queue_.leave(waiter->target());
    return woken == Woken::interrupted ? restart : 0;
}

std::int64_t EventCounter::read(UserBuffer& buffer, Offset offset) {
    if (offset != current_offset) {
        return -Errno::espipe;
    }
    if (buffer.remaining() < sizeof(std::uint64_t)) {
        return -Errno::einval;
    }
    for (;;) {
        std::uint64_t value = shared_->value.load();
        while (value != 0) {
            const std::uint64_t taken = shared_->semaphore.load() != 0 ? 1 : value;
            if (shared_->value.compare_exchange_weak(value, value - taken)) {
                shared_->reads.fetch_add(1);
                changed();
                const auto put = buffer.put(std::as_bytes(std::span{&taken, 1}));
                return put ? static_cast<std::int64_t>(sizeof taken) : -put.error();
            }
        }
        if (non_blocking()) {
            return -Errno::eagain;
        }
        if (const auto stop = sleep([this] { return shared_->value.load() != 0; }); stop != 0) {
            return stop;
        }
    }
}

std::int64_t EventCounter::write(UserBuffer& buffer, Offset offset) {
    if (offset != current_offset) {
        return -Errno::espipe;
    }
    std::uint64_t added = 0;
    if (buffer.remaining() < sizeof added) {
        return -Errno::einval;
    }
    if (const auto got = buffer.get(std::as_writable_bytes(std::span{&added, 1})); !got) {
        return -got.error();
    }
    if (added > highest) {
        return -Errno::einval;
    }
    for (;;) {
        std::uint64_t value = shared_->value.load();
        while (value <= highest - added) {
            if (shared_->value.compare_exchange_weak(value, value + added)) {
                shared_->writes.fetch_add(1);
                changed();
                return sizeof added;
            }
        }
        if (non_blocking()) {
            return -Errno::eagain;
        }
        const auto ready = [&] { return shared_->value.load() <= highest - added; };
        if (const auto stop = sleep(ready); stop != 0) {
            return stop;
        }
    }
}

Result<fs::Attributes> EventCounter::attributes() {
    fs::Attributes attributes;
    attributes.mode = 0600;
    attributes.links = 1;
    return attributes;
}

std::uint32_t EventCounter::poll(std::uint32_t events, WakeTarget target) {
    if (target) {
        (void)queue_.enter(target);
    }
    const std::uint64_t value = shared_->value.load();
    return events &
           ((value != 0 ? fs::Poll::readable : 0) | (value < highest ? fs::Poll::writable : 0));
}

bool EventCounter::describe(process::ImageDescriptor& to) const {
    to.kind = image_kind::event_counter;
    to.capabilities[0] = page_.memory();
    to.capabilities[1] = queue_.source();
    to.state[0] = status();
    return true;
}

}  // namespace linux::fd
