// SPDX-License-Identifier: MIT
#include <map>

#include <gtest/gtest.h>

#include "servers/procmgr/model/identities.hpp"
#include "servers/procmgr/model/process_table.hpp"
#include "servers/procmgr/model/signals.hpp"
#include "servers/procmgr/model/timers.hpp"
#include "servers/procmgr/model/wait.hpp"

namespace procmgr {
namespace {

constexpr Pid procmgr_pid = ProcessTable::self;

// A shell that leads its session, as login leaves it.
Pid add_shell(ProcessTable& table, std::uint32_t user = 1000) {
    Process& shell = **table.add(procmgr_pid);
    EXPECT_TRUE(table.make_session(shell.pid));
    shell.become({user, user});
    shell.executed = true;
    shell.container = 1;
    return shell.pid;
}

Pid add_child(ProcessTable& table, Pid parent) { return (*table.add(parent))->pid; }

TEST(ProcessTable, ChildInherits) {
    ProcessTable table;
    const Pid shell = add_shell(table);
    table.find(shell)->images = image_set(std::string_view{"ls\0cat\0", 7});
    table.find(shell)->granted = 1;
    const Process& child = *table.find(add_child(table, shell));
    EXPECT_EQ(child.images, table.find(shell)->images);
    EXPECT_EQ(child.granted, 0u) << "what is for the next image is for that of its own process";
    EXPECT_EQ(child.parent, shell);
    EXPECT_EQ(child.group, shell);
    EXPECT_EQ(child.session, shell);
    EXPECT_EQ(child.identity.user, 1000u);
    EXPECT_EQ(child.container, 1u);
    EXPECT_FALSE(child.executed);
}

TEST(Identities, OnlyUserZeroTakesOthers) {
    constexpr std::uint32_t keep = process::SetIdentity::keep;
    const Identities root{};
    const auto dropped = changed_identities(root, {.user = 1000});
    ASSERT_TRUE(dropped);
    EXPECT_EQ(*dropped, (Identities{{0, 0}, {1000, 0}, {0, 0}}));
    EXPECT_EQ(changed_identities(*dropped, {.user = 0})->effective.user, 0u) << "the way back";
    EXPECT_EQ(changed_identities(*dropped, {.user = 1001}).error(), Status::not_permitted);
    EXPECT_EQ(changed_identities(*dropped, {.group = 5}).error(), Status::not_permitted);
    const auto gone = changed_identities(*dropped, {.real_user = 1000, .saved_user = 1000});
    ASSERT_TRUE(gone);
    EXPECT_EQ(changed_identities(*gone, {.user = 0}).error(), Status::not_permitted);
    EXPECT_EQ(*changed_identities(*gone, {.user = keep}), *gone);
    EXPECT_EQ(changed_identities(root, {.saved_group = 7})->saved.group, 7u);
}

TEST(Nice, WhoMayGiveWhich) {
    ProcessTable table;
    Process& shell = *table.find(add_shell(table));
    shell.nice = 5;
    Process& child = *table.find(add_child(table, shell.pid));
    EXPECT_EQ(child.nice, 5);
    EXPECT_TRUE(check_nice(shell, child, 6));
    EXPECT_EQ(check_nice(shell, child, 4).error(), Status::access_denied);
    child.become({1001, 1001});
    EXPECT_EQ(check_nice(shell, child, 6).error(), Status::not_permitted);
    shell.identity.user = 0;
    EXPECT_TRUE(check_nice(shell, child, -20));
    using process::Nice;
    EXPECT_TRUE(is_named(Nice{}, shell, shell));
    EXPECT_FALSE(is_named(Nice{}, shell, child));
    EXPECT_TRUE(is_named(Nice{.which = Nice::of_group}, shell, child));
    EXPECT_FALSE(is_named(Nice{.which = Nice::of_user}, shell, child));
    EXPECT_TRUE(is_named(Nice{.which = Nice::of_user, .who = 1001}, shell, child));
}

TEST(ProcessTable, ListsOfImages) {
    EXPECT_EQ(*image_set(std::string_view{"ls\0cat\0", 7}), (ImageSet{"cat", "ls"}));
    EXPECT_TRUE(image_set("")->empty());
    EXPECT_FALSE(image_set(std::string_view{"ls\0cat", 6})) << "the last one has no end";
}

TEST(ProcessTable, ForkWithoutEndStopsAtTheLimit) {
    ProcessTable table;
    const Pid shell = add_shell(table);
    std::size_t made = 0;
    while (table.add(shell)) ++made;
    EXPECT_EQ(made, ProcessTable::max_per_user - 1);
    EXPECT_EQ(table.add(shell).error(), Status::limit);
    EXPECT_TRUE(table.add(procmgr_pid)) << "others are not affected";
}

TEST(ProcessTable, NumbersOfLivingGroupsAreNotReused) {
    ProcessTable table;
    const Pid shell = add_shell(table);
    const Pid leader = add_child(table, shell);
    const Pid member = add_child(table, shell);
    ASSERT_TRUE(table.set_group(shell, static_cast<int>(leader), 0));
    ASSERT_TRUE(table.set_group(shell, static_cast<int>(member), static_cast<int>(leader)));
    table.remove(leader);
    std::vector<Pid> seen;
    for (int i = 0; i < 120000; ++i) {
        const Pid next = add_child(table, shell);
        EXPECT_NE(next, leader);
        EXPECT_NE(next, member);
        table.remove(next);
    }
}

TEST(ProcessTable, SetGroupFollowsPosix) {
    ProcessTable table;
    const Pid shell = add_shell(table);
    const Pid other = add_shell(table);
    const Pid child = add_child(table, shell);
    const auto pid = static_cast<std::int32_t>(child);
    EXPECT_EQ(table.set_group(shell, -1, 0).error(), Status::invalid);
    EXPECT_EQ(table.set_group(shell, 0, 0).error(), Status::not_permitted) << "leads a session";
    EXPECT_EQ(table.set_group(other, pid, 0).error(), Status::no_process) << "not its child";
    EXPECT_EQ(table.set_group(shell, pid, static_cast<std::int32_t>(other)).error(),
              Status::not_permitted)
        << "a group of another session";
    EXPECT_EQ(table.set_group(shell, pid, 4711).error(), Status::not_permitted) << "no such group";
    ASSERT_TRUE(table.set_group(shell, pid, 0));
    EXPECT_EQ(table.find(child)->group, child);
    table.find(child)->executed = true;
    EXPECT_EQ(table.set_group(shell, pid, static_cast<std::int32_t>(shell)).error(),
              Status::access_denied);
    EXPECT_TRUE(table.set_group(child, 0, static_cast<std::int32_t>(shell)));
}

TEST(ProcessTable, MakeSession) {
    ProcessTable table;
    const Pid shell = add_shell(table);
    const Pid child = add_child(table, shell);
    EXPECT_EQ(table.make_session(shell).error(), Status::not_permitted);
    ASSERT_TRUE(table.make_session(child));
    EXPECT_EQ(table.find(child)->session, child);
    EXPECT_EQ(table.find(child)->group, child);
}

TEST(ProcessTable, OrphansGoToTheNearestThatReaps) {
    ProcessTable table;
    const Pid shell = add_shell(table);
    const Pid parent = add_child(table, add_child(table, shell));
    const Pid living = add_child(table, parent);
    const Pid dead = add_child(table, parent);
    table.find(shell)->reaps = true;
    EXPECT_TRUE(table.end(dead, 0, {}).empty());
    EXPECT_EQ(table.end(parent, 0, {}), (std::vector{living, dead})) << "its zombies as well";
    EXPECT_EQ(table.find(living)->parent, shell);
    EXPECT_EQ(table.find(dead)->parent, shell);
    table.end(shell, 0, {});
    EXPECT_EQ(table.find(living)->parent, procmgr_pid);
    EXPECT_EQ(table.find(dead), nullptr);
}

TEST(ProcessTable, OrphansGoToProcmgrAndItsZombiesVanish) {
    ProcessTable table;
    const Pid shell = add_shell(table);
    const Pid parent = add_child(table, shell);
    const Pid living = add_child(table, parent);
    const Pid dead = add_child(table, parent);
    EXPECT_TRUE(table.end(dead, 0, {}).empty());
    EXPECT_EQ(table.end(parent, 0, {}), std::vector{living});
    EXPECT_EQ(table.find(living)->parent, procmgr_pid);
    EXPECT_EQ(table.find(dead), nullptr);
    EXPECT_NE(table.find(parent), nullptr);
}

TEST(ProcessTable, OrphanedGroups) {
    ProcessTable table;
    const Pid shell = add_shell(table);
    const Pid job = add_child(table, shell);
    ASSERT_TRUE(table.set_group(shell, static_cast<std::int32_t>(job), 0));
    EXPECT_FALSE(table.is_orphaned(job)) << "the shell could continue it";
    EXPECT_TRUE(table.is_orphaned(shell)) << "nobody in the session is above the shell";
    table.end(shell, 0, {});
    EXPECT_TRUE(table.is_orphaned(job));
}

TEST(Wait, NothingToWaitFor) {
    ProcessTable table;
    const Pid shell = add_shell(table);
    EXPECT_EQ(look(table, shell, {}).error(), Status::no_child);
    const Pid child = add_child(table, shell);
    EXPECT_EQ(look(table, shell, {})->kind, WaitEvent::Kind::none);
    EXPECT_EQ(look(table, shell, {.pid = static_cast<std::int32_t>(child) + 1}).error(),
              Status::no_child);
    EXPECT_EQ(look(table, child, {}).error(), Status::no_child);
}

TEST(Wait, ANumberThatCameAgainIsAnother) {
    ProcessTable table;
    const Pid shell = add_shell(table);
    const Pid child = add_child(table, shell);
    table.find(child)->started_ns = 7;
    WaitRequest request{.pid = static_cast<std::int32_t>(child), .started_ns = 7};
    EXPECT_EQ(look(table, shell, request)->kind, WaitEvent::Kind::none);
    request.started_ns = 6;
    EXPECT_EQ(look(table, shell, request).error(), Status::no_child);
}

TEST(Wait, AnEndedChildIsToldOnceAndItsTimeAdded) {
    ProcessTable table;
    const Pid shell = add_shell(table);
    const Pid child = add_child(table, shell);
    table.end(child, status_of_exit(3), {.cpu_ns = 5, .peak_bytes = 4096});
    const WaitRequest request;
    const auto event = look(table, shell, request);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->kind, WaitEvent::Kind::ended);
    EXPECT_EQ(event->reply.pid, child);
    EXPECT_EQ(event->reply.status, 0x300u);
    consume(table, shell, request, *event);
    EXPECT_EQ(table.find(child), nullptr);
    EXPECT_EQ(table.find(shell)->children_usage.cpu_ns, 5u);
    EXPECT_EQ(look(table, shell, request).error(), Status::no_child);
}

TEST(Wait, KeepLeavesTheZombie) {
    ProcessTable table;
    const Pid shell = add_shell(table);
    const Pid child = add_child(table, shell);
    table.end(child, 9, {});
    const WaitRequest request{.options = process::Wait::exited | process::Wait::keep};
    consume(table, shell, request, *look(table, shell, request));
    EXPECT_NE(table.find(child), nullptr);
    EXPECT_EQ(look(table, shell, {})->reply.status, 9u);
}

TEST(Wait, StopsAndContinuationsOnlyForThoseWhoAsk) {
    ProcessTable table;
    const Pid shell = add_shell(table);
    Process& child = *table.find(add_child(table, shell));
    child.life = Life::stopped;
    child.news = News::stopped;
    child.stop_signal = signal_number::tstp;
    EXPECT_EQ(look(table, shell, {})->kind, WaitEvent::Kind::none);
    const WaitRequest both{.options = process::Wait::stopped | process::Wait::continued};
    const auto stop = look(table, shell, both);
    EXPECT_EQ(stop->reply.status, 0x147fu);
    consume(table, shell, both, *stop);
    EXPECT_EQ(look(table, shell, both)->kind, WaitEvent::Kind::none) << "told once";
    child.life = Life::running;
    child.news = News::continued;
    EXPECT_EQ(look(table, shell, both)->reply.status, 0xffffu);
}

TEST(Wait, SelectsByGroup) {
    ProcessTable table;
    const Pid shell = add_shell(table);
    const Pid same = add_child(table, shell);
    const Pid other = add_child(table, shell);
    ASSERT_TRUE(table.set_group(shell, static_cast<std::int32_t>(other), 0));
    table.end(same, 0, {});
    table.end(other, 0, {});
    EXPECT_EQ(look(table, shell, {.pid = 0})->reply.pid, same);
    EXPECT_EQ(look(table, shell, {.pid = -static_cast<std::int32_t>(other)})->reply.pid, other);
    EXPECT_EQ(look(table, shell, {.pid = INT32_MIN}).error(), Status::no_child);
}

TEST(Wait, ClaimedStatusesAreMadeSane) {
    EXPECT_EQ(checked_exit_status(0x1234'0300), 0x300u);
    EXPECT_EQ(checked_exit_status(11), 11u);
    EXPECT_EQ(checked_exit_status(0x8b), 0x8bu) << "with a core";
    EXPECT_EQ(checked_exit_status(0x7f) & 0x7f, 0u) << "not a stop";
    EXPECT_EQ(checked_exit_status(0xffff) & 0x7f, 0u) << "not a continuation";
}

TEST(Signals, WhoMaySignalWhom) {
    ProcessTable table;
    const Pid shell = add_shell(table);
    const Pid stranger = add_shell(table, 1001);
    const Pid again = add_shell(table);
    table.find(again)->container = 2;
    const auto may = [&](Sender sender, Pid target, std::uint32_t signal = signal_number::term) {
        return may_signal(table, sender, *table.find(target), signal);
    };
    EXPECT_TRUE(may({shell}, add_child(table, shell)));
    EXPECT_FALSE(may({shell}, stranger)) << "another user";
    EXPECT_FALSE(may({shell}, again)) << "another container, another session";
    EXPECT_TRUE(may({shell, true}, again)) << "a supervisor";
    EXPECT_FALSE(may({shell, true}, stranger));
    EXPECT_FALSE(may({shell, true}, procmgr_pid));
    EXPECT_TRUE(may({procmgr_pid}, stranger));
    table.find(stranger)->real.user = 1000;
    EXPECT_TRUE(may({shell, true}, stranger)) << "who has become another one for a while";
    table.find(stranger)->become({1001, 1001});
    table.find(shell)->identity.user = 0;
    EXPECT_TRUE(may({shell, true}, stranger));
}

TEST(Signals, DescendantsInOtherContainers) {
    ProcessTable table;
    const Pid shell = add_shell(table);
    const Pid child = add_child(table, shell);
    const Pid grandchild = add_child(table, child);
    ASSERT_TRUE(table.make_session(grandchild));
    table.find(grandchild)->container = 7;
    EXPECT_TRUE(may_signal(table, {shell}, *table.find(grandchild), signal_number::term));
    EXPECT_FALSE(may_signal(table, {grandchild}, *table.find(shell), signal_number::term));
}

// A program that a process becomes may be in a container of its own, inside the old one, with the children it had before.
TEST(Signals, ContainersInsideTheSendersAreReached) {
    ProcessTable table;
    const Pid changed = add_shell(table);
    const Pid child = add_child(table, changed);
    constexpr std::uint32_t inside = 7;
    table.find(changed)->container = inside;
    const Sender outer{child, false, [](std::uint32_t container) { return container == inside; }};
    EXPECT_TRUE(may_signal(table, outer, *table.find(changed), signal_number::term));
    EXPECT_FALSE(may_signal(table, {child}, *table.find(changed), signal_number::term));
}

TEST(Signals, Targets) {
    ProcessTable table;
    const Pid shell = add_shell(table);
    const Pid a = add_child(table, shell);
    const Pid b = add_child(table, shell);
    const Pid stranger = add_shell(table, 1001);
    ASSERT_TRUE(table.set_group(shell, static_cast<std::int32_t>(b), 0));
    const auto targets = [&](std::int32_t pid) {
        return signal_targets(table, {shell}, pid, signal_number::term);
    };
    EXPECT_EQ(*targets(0), (std::vector{shell, a}));
    EXPECT_EQ(*targets(-static_cast<std::int32_t>(b)), std::vector{b});
    EXPECT_EQ(*targets(-1), (std::vector{a, b}));
    EXPECT_EQ(targets(static_cast<std::int32_t>(stranger)).error(), Status::not_permitted);
    EXPECT_EQ(targets(9999).error(), Status::no_process);
    EXPECT_EQ(targets(1).error(), Status::not_permitted);
    table.find(stranger)->container = 2;
    EXPECT_EQ(targets(static_cast<std::int32_t>(stranger)).error(), Status::no_process)
        << "in a container of its own";
    EXPECT_EQ(signal_targets(table, {shell, true}, static_cast<std::int32_t>(stranger),
                             signal_number::term)
                  .error(),
              Status::not_permitted)
        << "a supervisor sees it, but it is another user's";
    EXPECT_EQ(targets(INT32_MIN).error(), Status::no_process);
}

TEST(Signals, StopAndContinueCancelEachOther) {
    process::SignalPage page{};
    EXPECT_TRUE(set_pending(page, signal_number::tstp, {}));
    EXPECT_TRUE(set_pending(page, signal_number::cont, {}));
    EXPECT_EQ(page.pending, signal_bit(signal_number::cont));
    EXPECT_TRUE(set_pending(page, signal_number::stop, {}));
    EXPECT_EQ(page.pending, signal_bit(signal_number::stop));
    process::SignalPage::Info info{};
    info.pid = 5;
    EXPECT_TRUE(set_pending(page, 10, info));
    EXPECT_EQ(page.info[9].pid, 5u);
}

// Whatever a process writes there: only what is ignored by default is left out.
TEST(Signals, OnlyWhatIsIgnoredByDefaultIsUnheard) {
    process::SignalPage page{};
    EXPECT_FALSE(is_unheard(page, signal_number::child));
    page.unheard = ~std::uint64_t{0};
    for (std::uint32_t signal = 1; signal <= 64; ++signal) {
        EXPECT_EQ(is_unheard(page, signal),
                  signal == signal_number::child || signal == 23 || signal == 28);
    }
    page.unheard = ~signal_bit(signal_number::child);
    EXPECT_FALSE(is_unheard(page, signal_number::child));
}

TEST(Signals, RealTimeSignalsQueue) {
    using Page = process::SignalPage;
    Page page{};
    for (std::uint32_t i = 0; i < Page::queue_length; ++i) {
        process::SignalPage::Info info{};
        info.value = i;
        EXPECT_TRUE(set_pending(page, 64, info));
    }
    EXPECT_EQ(page.pending >> 63, 1u);
    EXPECT_EQ(page.appended, Page::queue_length);
    EXPECT_EQ(page.queue[3].info.value, 3u);
    EXPECT_FALSE(set_pending(page, 40, {})) << "full";
    page.taken = 1;
    EXPECT_TRUE(set_pending(page, 40, {}));
    EXPECT_EQ(page.queue[0].signal, 40u);
    page.taken = 0x80000000;  // nonsense
    EXPECT_FALSE(set_pending(page, 40, {}));
}

TEST(Timers, OnceAndAgain) {
    Timers timers;
    EXPECT_EQ(timers.next_deadline(), Timers::never);
    timers.set({.pid = 2, .number = 0, .deadline_ns = 100});
    timers.set({.pid = 2, .number = 1, .deadline_ns = 50, .interval_ns = 20});
    EXPECT_EQ(timers.next_deadline(), 50u);
    EXPECT_FALSE(timers.expire(49));
    EXPECT_EQ(timers.expire(95)->number, 1u);
    EXPECT_EQ(timers.next_deadline(), 100u) << "rounds at 70 and 90 are over, the next is at 110";
    EXPECT_EQ(timers.expire(105)->number, 0u);
    EXPECT_EQ(timers.next_deadline(), 110u);
    timers.forget_process(2);
    EXPECT_EQ(timers.next_deadline(), Timers::never);
}

TEST(Timers, AContainersTimersTakeTurns) {
    constexpr std::uint64_t second = 1'000'000'000;
    Timers timers;
    for (std::uint32_t i = 0; i < 32; ++i) {
        timers.set(
            {.pid = 2, .number = i, .container = 1, .deadline_ns = second, .interval_ns = 1});
    }
    timers.set({.pid = 3, .container = 2, .deadline_ns = second + 1000});
    timers.set({.kind = TimerKind::stop, .number = 1, .deadline_ns = second + 1000});
    std::map<std::uint32_t, int> expired;  // of each container
    bool stopped = false;
    for (std::uint64_t now = second; now < 2 * second; now = timers.next_deadline()) {
        while (const auto timer = timers.expire(now)) {
            ++expired[timer->container];
            if (timer->container != 1) {
                EXPECT_EQ(now, second + 1000) << "others are not late";
                stopped |= timer->kind == TimerKind::stop;
            }
        }
    }
    EXPECT_TRUE(stopped);
    EXPECT_GE(expired[1], 10'000);
    EXPECT_LE(expired[1], 10'150) << "those that may come at once, and then one in 0.1 ms";
}

TEST(Timers, AContainerHasRoomForSoMany) {
    Timers timers;
    for (std::uint32_t i = 0; i < Timers::max_per_container; ++i) {
        EXPECT_TRUE(timers.has_room(2, i, 1));
        timers.set({.pid = 2, .number = i, .container = 1, .deadline_ns = 1});
    }
    EXPECT_FALSE(timers.has_room(3, 1, 1));
    EXPECT_TRUE(timers.has_room(3, 0, 1)) << "each may have an alarm";
    EXPECT_TRUE(timers.has_room(2, 1, 1)) << "what it has already, it may set anew";
    EXPECT_TRUE(timers.has_room(3, 1, 2)) << "others have their own";
    timers.forget_process(2);
    EXPECT_TRUE(timers.has_room(3, 1, 1));
}

TEST(Timers, SettingGivesWhatWasSet) {
    Timers timers;
    EXPECT_FALSE(timers.set({.pid = 2, .deadline_ns = 100}));
    EXPECT_EQ(timers.set({.pid = 2, .deadline_ns = 300})->deadline_ns, 100u);
    EXPECT_EQ(timers.clear(TimerKind::process, 2, 0)->deadline_ns, 300u);
    EXPECT_FALSE(timers.clear(TimerKind::process, 2, 0));
}

}  // namespace
}  // namespace procmgr
