// SPDX-License-Identifier: MIT
#include "linux/signal/state.hpp"

#include <bit>
#include <vector>

#include "linux/entry/thread_state.hpp"
#include "linux/process/plan.hpp"
#include "linux/process/state.hpp"
#include "linux/signal/interruption.hpp"
#include "linux/signal/timers.hpp"

namespace linux::signals {
namespace {

using linux_abi::signal_bit;

struct State {
    Mutex lock;
    std::array<linux_abi::SignalAction, linux_abi::signal_count> actions
        __attribute__((guarded_by(lock))){};
    // Of the others nobody has changed the action yet.
    SignalSet changed __attribute__((guarded_by(lock))) = 0;
    PendingSignals process_pending __attribute__((guarded_by(lock)));
    // Of process::may_be_unheard, those whose action is the default one.
    SignalSet at_default __attribute__((guarded_by(lock))) = process::may_be_unheard;
    std::vector<Watch> watches __attribute__((guarded_by(lock)));
    std::uint64_t arrived __attribute__((guarded_by(lock))) = 0;
};

constinit State state;

// The lowest signal of a set that is not empty; it is taken out.
std::uint32_t take_lowest(SignalSet& set) {
    const auto signal = static_cast<std::uint32_t>(std::countr_zero(set)) + 1;
    set &= set - 1;
    return signal;
}

process::SignalPage& signal_page() {
    return *reinterpret_cast<process::SignalPage*>(process::signal_page);
}

// Tells procmgr, as far as that is simple: while there is one thread, it is his mask that counts.
void tell_unheard(const Thread& self) __attribute__((requires_capability(state.lock))) {
    std::atomic_ref<std::uint64_t>{signal_page().unheard}.store(
        threads().has_one() ? state.at_default & ~self.mask.load() : 0);
}

// Whether a signal's action has become, or is no longer, one that leaves no trace.
void note_action(std::uint32_t signal) __attribute__((requires_capability(state.lock))) {
    const linux_abi::SignalAction& action = state.actions[signal - 1];
    const bool leaves_no_trace = action.handler == linux_abi::handler_default &&
                                 (action.flags & linux_abi::ActionFlag::no_child_wait) == 0;
    state.at_default &= ~signal_bit(signal);
    state.at_default |= leaves_no_trace ? signal_bit(signal) & process::may_be_unheard : 0;
}

void note_actions() __attribute__((requires_capability(state.lock))) {
    for (SignalSet rest = process::may_be_unheard; rest != 0;) {
        note_action(take_lowest(rest));
    }
    tell_unheard(this_thread());
}

void tell_watches(std::uint32_t signal) __attribute__((requires_capability(state.lock))) {
    ++state.arrived;
    for (const Watch& watch : state.watches) {
        if ((watch.set & signal_bit(signal)) != 0) {
            (void)watch.target->signal(1);
        }
    }
}

// With a signal for the process that the calling thread blocks: another that does not.
void announce_to_others(SignalSet signals, const Thread& self)
    __attribute__((requires_capability(state.lock), no_thread_safety_analysis)) {
    // The list's lock comes after this one in the order.
    MutexGuard guard{threads().lock()};
    threads().for_each_running([&](Thread& thread) {
        const SignalSet takes = signals & (~thread.mask.load() | thread.waiting_for.load());
        if (&thread != &self && takes != 0) {
            (void)thread.kernel()->interrupt();
            signals &= ~takes;
        }
    });
}

// procmgr looks there when something happens to a child.
void publish_child_wishes() __attribute__((requires_capability(state.lock))) {
    using Page = process::SignalPage;
    using linux_abi::ActionFlag;
    const linux_abi::SignalAction& action = state.actions[linux_abi::sig_chld - 1];
    const bool ignored = action.handler == linux_abi::handler_ignore;
    std::uint32_t wishes = ignored ? Page::leave_nothing | Page::silent : 0;
    wishes |= (action.flags & ActionFlag::no_child_wait) != 0 ? Page::leave_nothing : 0;
    wishes |= (action.flags & ActionFlag::no_child_stop) != 0 ? Page::ends_only : 0;
    std::atomic_ref{signal_page().children}.store(wishes);
}

SignalDetails details_of(const process::SignalPage::Info& info) {
    return {.code = info.code,
            .pid = info.pid,
            .user = info.user,
            .status = info.status,
            .value = info.value};
}

// For one thread alone (a timer's signal).
void enter_for(std::uint32_t id, std::uint32_t signal, const SignalDetails& details, Thread& self)
    __attribute__((requires_capability(state.lock), no_thread_safety_analysis)) {
    MutexGuard guard{threads().lock()};
    Thread* thread = threads().find(id);
    if (thread == nullptr) {
        return;
    }
    (void)thread->pending.add(signal, details);
    tell_watches(signal);
    if (thread != &self) {
        (void)thread->kernel()->interrupt();
    }
}

// One that procmgr has signalled. -> its bit, if other threads must be told of it.
SignalSet enter(std::uint32_t signal, SignalDetails details, Thread& self)
    __attribute__((requires_capability(state.lock))) {
    const bool blocked = (self.mask & signal_bit(signal)) != 0;
    if (details.code == linux_abi::SignalCode::timer && details.status != 0) {
        const auto thread = timers::complete(details);
        if (!thread) {
            return 0;
        }
        if (*thread != 0) {
            enter_for(*thread, signal, details, self);
            return 0;
        }
    }
    if (!blocked && is_ignored(state.actions[signal - 1], signal)) {
        return 0;
    }
    (void)state.process_pending.add(signal, details);
    tell_watches(signal);
    return blocked ? signal_bit(signal) : 0;
}

// Moves what procmgr has signalled into the process's pending set; drops what is ignored.
void take_in_page(Thread& self) __attribute__((requires_capability(state.lock))) {
    using Page = process::SignalPage;
    ipc::control_page().interrupt_pending = 0;
    Page& page = signal_page();
    SignalSet fresh = std::atomic_ref<std::uint64_t>{page.pending}.exchange(0);
    if (fresh == 0) [[likely]] {
        return;
    }
    SignalSet for_others = 0;
    constexpr SignalSet single = signal_bit(Page::first_queued) - 1;
    for (SignalSet rest = fresh & single; rest != 0; rest &= rest - 1) {
        const auto signal = static_cast<std::uint32_t>(std::countr_zero(rest)) + 1;
        for_others |= enter(signal, details_of(page.info[signal - 1]), self);
    }
    const std::atomic_ref<std::uint32_t> taken{page.taken};
    while (taken.load() != std::atomic_ref<std::uint32_t>{page.appended}.load()) {
        const Page::Queued one = page.queue[taken.load() % Page::queue_length];
        taken.store(taken.load() + 1);
        if (one.signal >= Page::first_queued && one.signal <= linux_abi::signal_count) {
            for_others |= enter(one.signal, details_of(one.info), self);
        }
    }
    if (for_others != 0) {
        announce_to_others(for_others, self);
    }
}

bool is_waiting_for(const Thread& self) __attribute__((requires_capability(state.lock))) {
    return ((self.pending.set() | state.process_pending.set()) & ~self.mask.load()) != 0;
}

// What the thread must handle, the way back to the program still sees, whoever has looked here.
void leave_word(const Thread& self) __attribute__((requires_capability(state.lock))) {
    if (is_waiting_for(self) || plan_waits_for(self)) {
        ipc::control_page().interrupt_pending = 1;
    }
}

void take_in(Thread& self) __attribute__((requires_capability(state.lock))) {
    take_in_page(self);
    leave_word(self);
}

// One of the set that is pending there.
std::optional<Taken> take_from(PendingSignals& from, SignalSet set) {
    // Signals that a fault may cause come first, as on Linux; else the lowest number.
    constexpr SignalSet synchronous =
        signal_bit(linux_abi::sig_segv) | signal_bit(linux_abi::sig_bus) |
        signal_bit(linux_abi::sig_ill) | signal_bit(linux_abi::sig_trap) |
        signal_bit(linux_abi::sig_fpe) | signal_bit(linux_abi::sig_sys);
    const SignalSet ready = from.set() & set;
    if (ready == 0) {
        return std::nullopt;
    }
    SignalSet first = (ready & synchronous) != 0 ? ready & synchronous : ready;
    const std::uint32_t signal = take_lowest(first);
    Taken taken{signal, from.take(signal)};
    if (taken.details.code == linux_abi::SignalCode::timer && taken.details.status != 0) {
        timers::count_overrun(taken.details);
    }
    return taken;
}

}  // namespace

Mutex& lock() { return state.lock; }

linux_abi::SignalAction action_of(std::uint32_t signal) {
    MutexGuard guard{state.lock};
    return state.actions[signal - 1];
}

linux_abi::SignalAction set_action(std::uint32_t signal, const linux_abi::SignalAction& action) {
    MutexGuard guard{state.lock};
    const linux_abi::SignalAction old = state.actions[signal - 1];
    state.changed |= signal_bit(signal);
    state.actions[signal - 1] = action;
    state.actions[signal - 1].mask &= ~unblockable;
    if ((signal_bit(signal) & process::may_be_unheard) != 0) {
        note_action(signal);
        tell_unheard(this_thread());
        publish_child_wishes();
    }
    if (is_ignored(action, signal)) {
        state.process_pending.remove(signal_bit(signal));
        this_thread().pending.remove(signal_bit(signal));
    }
    return old;
}

void reset_handlers() {
    MutexGuard guard{state.lock};
    for (SignalSet rest = state.changed; rest != 0;) {
        linux_abi::SignalAction& action = state.actions[take_lowest(rest) - 1];
        action = {.handler = action.handler == linux_abi::handler_ignore
                                 ? linux_abi::handler_ignore
                                 : linux_abi::handler_default,
                  .flags = 0,
                  .restorer = 0,
                  .mask = 0};
    }
    publish_child_wishes();
    note_actions();
}

SignalSet ignored_set() {
    MutexGuard guard{state.lock};
    SignalSet ignored = 0;
    for (SignalSet rest = state.changed; rest != 0;) {
        const std::uint32_t signal = take_lowest(rest);
        if (state.actions[signal - 1].handler == linux_abi::handler_ignore) {
            ignored |= signal_bit(signal);
        }
    }
    return ignored;
}

void adopt(SignalSet ignored, SignalSet blocked) {
    MutexGuard guard{state.lock};
    state.changed |= ignored & ~unblockable;
    for (SignalSet rest = ignored & ~unblockable; rest != 0;) {
        state.actions[take_lowest(rest) - 1].handler = linux_abi::handler_ignore;
    }
    publish_child_wishes();
    this_thread().mask = blocked & ~unblockable;
    note_actions();
    // What came while procmgr put this image in the place of the one before has interrupted nobody.
    if (std::atomic_ref<std::uint64_t>{signal_page().pending}.load() != 0) {
        ipc::control_page().interrupt_pending = 1;
    }
}

void set_mask(SignalSet mask) {
    Thread& self = this_thread();
    MutexGuard guard{state.lock};
    const SignalSet before = self.mask.exchange(mask & ~unblockable);
    if (((before ^ mask) & process::may_be_unheard) != 0) {
        tell_unheard(self);
    }
    if (is_waiting_for(self)) {
        ipc::control_page().interrupt_pending = 1;  // the way back to the program looks at it
    }
}

void set_temporary_mask(SignalSet mask) {
    Thread& self = this_thread();
    self.mask_to_restore = self.mask;
    self.restore_mask = true;
    set_mask(mask);
}

void end_temporary_mask() {
    Thread& self = this_thread();
    self.restore_mask = false;
    set_mask(self.mask_to_restore);
}

SignalSet pending() {
    Thread& self = this_thread();
    MutexGuard guard{state.lock};
    take_in(self);
    return self.pending.set() | state.process_pending.set();
}

std::uint64_t arrived() {
    MutexGuard guard{state.lock};
    take_in(this_thread());
    return state.arrived;
}

bool interrupted() { return pending_outside(0); }

bool pending_outside(SignalSet set) {
    Thread& self = this_thread();
    MutexGuard guard{state.lock};
    take_in(self);
    SignalSet ready = (self.pending.set() | state.process_pending.set()) & ~self.mask & ~set;
    for (SignalSet rest = ready; rest != 0; rest &= rest - 1) {
        const auto signal = static_cast<std::uint32_t>(std::countr_zero(rest)) + 1;
        if (is_ignored(state.actions[signal - 1], signal)) {
            self.pending.remove(signal_bit(signal));
            state.process_pending.remove(signal_bit(signal));
            ready &= ~signal_bit(signal);
        }
    }
    const bool leave = ready != 0 || plan_waits_for(self);
    if (leave) {
        ipc::control_page().interrupt_pending = 1;  // the way back to the program looks at it
    }
    return leave;
}

std::optional<Taken> take(SignalSet set) {
    Thread& self = this_thread();
    MutexGuard guard{state.lock};
    take_in_page(self);
    auto taken = take_from(self.pending, set);
    if (!taken) {
        taken = take_from(state.process_pending, set);
    }
    leave_word(self);
    return taken;
}

Result<void> send_to_thread(std::uint32_t id, std::uint32_t signal, const SignalDetails& details) {
    MutexGuard guard{state.lock};
    // As long as this is held, the thread may end, but not be forgotten.
    MutexGuard threads_guard{threads().lock()};
    Thread* thread = threads().find(id);
    if (thread == nullptr) {
        return base::fail(Errno::esrch);
    }
    const bool blocked = (thread->mask & signal_bit(signal)) != 0;
    if (!blocked && is_ignored(state.actions[signal - 1], signal)) {
        return {};
    }
    const bool added = thread->pending.add(signal, details);
    tell_watches(signal);
    const bool awaited = (thread->waiting_for & signal_bit(signal)) != 0;
    if (!blocked || awaited) {
        if (thread == &this_thread()) {
            ipc::control_page().interrupt_pending = 1;
        } else {
            (void)thread->kernel()->interrupt();
        }
    }
    return added ? Result<void>{} : base::fail(Errno::eagain);
}

bool send_to_process(std::uint32_t signal, const SignalDetails& details) {
    Thread& self = this_thread();
    MutexGuard guard{state.lock};
    const bool blocked = (self.mask & signal_bit(signal)) != 0;
    if (!blocked && is_ignored(state.actions[signal - 1], signal)) {
        return true;
    }
    const bool added = state.process_pending.add(signal, details);
    tell_watches(signal);
    if (!blocked) {
        ipc::control_page().interrupt_pending = 1;
    } else {
        announce_to_others(signal_bit(signal), self);
    }
    return added;
}

void raise(std::uint32_t signal) {
    (void)send_to_thread(
        this_thread().id, signal,
        {.code = linux_abi::SignalCode::user, .pid = identity().pid, .user = identity().user});
}

void watch(const Watch& watch) {
    MutexGuard guard{state.lock};
    state.watches.push_back(watch);
}

void end_watch(ipc::Ref<ipc::Notification> target, const void* who) {
    MutexGuard guard{state.lock};
    std::erase_if(state.watches,
                  [=](const Watch& watch) { return watch.target == target && watch.who == who; });
}

void hear_all() { std::atomic_ref<std::uint64_t>{signal_page().unheard}.store(0); }

bool sleep_until(std::uint64_t deadline) {
    const auto word = reinterpret_cast<std::uint64_t>(&this_thread().sleep_word);
    for (;;) {
        const auto slept =
            ipc::own_space()->futex_wait(word, 0, 0, {.deadline = deadline, .interruptible = true});
        if (!slept && slept.error() == abi::Error::interrupted) {
            return false;
        }
        if (!slept) {
            return true;
        }
    }
}

void lay_out(linux_abi::SignalInfo& info, std::uint32_t signal, const SignalDetails& details) {
    info = {};
    info.signal = static_cast<std::int32_t>(signal);
    info.code = details.code;
    using namespace linux_abi;  // NOLINT: the names of signals
    const bool from_hardware = details.code > 0 && details.code != SignalCode::kernel;
    if (signal == sig_chld && from_hardware) {
        info.of.child = {.pid = static_cast<std::int32_t>(details.pid),
                         .user = details.user,
                         .status = static_cast<std::int32_t>(details.status),
                         .padding = 0,
                         .user_time = 0,
                         .system_time = 0};
    } else if (from_hardware) {
        info.of.fault.address = details.value;
    } else if (details.code == SignalCode::timer) {
        info.of.timer = {.timer = static_cast<std::int32_t>(details.status),
                         .overrun = static_cast<std::int32_t>(details.pid),
                         .value = details.value};
    } else {
        info.of.sender = {.pid = static_cast<std::int32_t>(details.pid),
                          .user = details.user,
                          .value = details.value};
    }
}

// Pending signals belong to the parent.
void on_fork_child() __attribute__((no_thread_safety_analysis)) {
    state.process_pending.remove(~SignalSet{0});
    this_thread().pending.remove(~SignalSet{0});
    timers::forget();
    state.watches.clear();  // of the parent's threads
    publish_child_wishes();
    tell_unheard(this_thread());
    // What has come for the child already has interrupted nobody.
    const bool waits = std::atomic_ref<std::uint64_t>{signal_page().pending}.load() != 0;
    ipc::control_page().interrupt_pending = waits ? 1 : 0;
}

}  // namespace linux::signals
