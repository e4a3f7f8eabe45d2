// SPDX-License-Identifier: MIT
#include "tests/kernel/peer.hpp"

using abi::Error;
using abi::NotificationRights;
using test::bank;

TEST(notification_collects_bits) {
    auto notification = NEED(bank()->create_notification());
    EXPECT_ERROR(notification->poll(), Error::would_block);
    EXPECT_OK(notification->signal(1));
    EXPECT_OK(notification->signal(4));
    EXPECT(NEED(notification->peek()) == 5);
    EXPECT(NEED(notification->wait()) == 5);
    EXPECT(NEED(notification->peek()) == 0);
    EXPECT_ERROR(notification->poll(), Error::would_block);
    EXPECT_OK(notification->signal(0));
    EXPECT_ERROR(notification->poll(), Error::would_block);
}

TEST(notification_deadline) {
    auto notification = NEED(bank()->create_notification());
    const std::uint64_t before = rt::now();
    EXPECT_ERROR(notification->wait({.deadline = before + 3 * rt::millisecond}), Error::timed_out);
    const std::uint64_t passed = rt::now() - before;
    EXPECT(passed >= 3 * rt::millisecond && passed < test::patience);
    EXPECT_ERROR(notification->wait({.deadline = 1}), Error::timed_out);  // long ago
}

TEST(notification_wakes_a_waiter) {
    auto notification = NEED(bank()->create_notification());
    std::uint64_t bits = 0;
    test::Peer waiter{[&] { bits = notification->wait().value_or(0); }};
    NEED(waiter.start());
    EXPECT(test::eventually([&] { return test::is_blocked(waiter.thread()); }));
    EXPECT_OK(notification->signal(0x8000'0000'0000'0001));
    EXPECT(waiter.join());
    EXPECT(bits == 0x8000'0000'0000'0001);
    EXPECT(NEED(notification->peek()) == 0);
}

TEST(notification_destroyed_while_waiting) {
    auto inner = NEED(bank()->create_bank(1 << 20));
    auto notification = NEED(inner->create_notification());
    Error error = Error::ok;
    test::Peer waiter{[&] { error = notification->wait().error_or(Error::ok); }};
    NEED(waiter.start());
    EXPECT(test::eventually([&] { return test::is_blocked(waiter.thread()); }));
    EXPECT_OK(inner->destroy());
    EXPECT(waiter.join());
    EXPECT(error == Error::dead);
}

TEST(notification_rights) {
    auto notification = NEED(bank()->create_notification());
    auto signal_only = NEED(ipc::copy(notification.ref(), NotificationRights::signal));
    EXPECT_OK(signal_only->signal(2));
    EXPECT_ERROR(signal_only->wait(), Error::missing_right);
    EXPECT_ERROR(signal_only->peek(), Error::missing_right);
    auto wait_only = NEED(ipc::copy(notification.ref(), NotificationRights::wait));
    EXPECT_ERROR(wait_only->signal(1), Error::missing_right);
    EXPECT(NEED(wait_only->wait()) == 2);
    EXPECT_ERROR(ipc::Ref<ipc::Notification> { bank().index() } -> signal(1), Error::wrong_type);
    EXPECT_ERROR(test::raw(notification, static_cast<abi::NotificationOp>(99)),
                 Error::bad_system_call);
}

TEST(notification_badge_fixes_the_bits) {
    auto notification = NEED(bank()->create_notification());
    auto one = NEED(ipc::mint<ipc::Notification>(
        notification.ref(), {.badge = 8, .rights = NotificationRights::signal}));
    EXPECT_OK(one->signal(0xff));
    EXPECT(NEED(notification->wait()) == 8);
}

TEST(notification_drop_guard) {
    auto notification = NEED(bank()->create_notification());
    auto guarded = NEED(ipc::mint<ipc::Notification>(
        notification.ref(),
        {.badge = 16, .rights = NotificationRights::signal, .flags = abi::MintFlags::drop_guard}));
    auto copy = NEED(ipc::copy(guarded.ref()));
    guarded.reset();
    EXPECT_ERROR(notification->poll(), Error::would_block);
    copy.reset();
    EXPECT(NEED(notification->poll()) == 16);
}

TEST(notification_subscription) {
    auto source = NEED(bank()->create_notification());
    auto target = NEED(bank()->create_notification());
    EXPECT_OK(source->subscribe(target, 2));
    EXPECT_OK(source->signal(1));
    EXPECT(NEED(target->wait()) == 2);
    EXPECT(NEED(source->peek()) == 1);  // what it was signalled with stays with it
    auto late = NEED(bank()->create_notification());
    EXPECT_OK(source->subscribe(late, 4));  // set now: at once
    EXPECT(NEED(late->poll()) == 4);
    EXPECT_OK(source->unsubscribe(target));
    EXPECT_OK(source->signal(1));
    EXPECT_ERROR(target->poll(), Error::would_block);
    EXPECT_ERROR(source->unsubscribe(target), Error::invalid_argument);
    EXPECT_ERROR(source->subscribe(target, 0), Error::invalid_argument);
    EXPECT_ERROR(source->subscribe(source, 1), Error::invalid_argument);
    auto wait_only = NEED(ipc::copy(target.ref(), NotificationRights::wait));
    EXPECT_ERROR(source->subscribe(wait_only, 1), Error::missing_right);
}
