// SPDX-License-Identifier: MIT
#include "linux/process/exit.hpp"

#include "linux/entry/thread_state.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/process/futex.hpp"
#include "linux/process/hooks.hpp"
#include "linux/process/plan.hpp"
#include "linux/process/state.hpp"
#include "linux/process/stop.hpp"
#include "linux/process/thread.hpp"
#include "linux/signal/state.hpp"

namespace linux {
namespace {

constexpr std::uint32_t owner_died = 0x40000000;  // robust mutexes
constexpr std::uint32_t has_waiters = 0x80000000;
constexpr std::uint32_t owner_mask = 0x3fffffff;
constexpr int longest_robust_list = 2048;

// A mutex of a robust list whose owner ends: whoever takes it next is told.
void give_up_robust_mutex(std::uint64_t word, std::uint32_t owner) {
    for (;;) {
        const auto value = user::load_word(word);
        if (!value || (*value & owner_mask) != owner) {
            return;
        }
        const auto held =
            user::compare_exchange_word(word, *value, (*value & has_waiters) | owner_died);
        if (!held || *held == *value) {
            if ((*value & has_waiters) != 0) {
                futex_wake(word, 1);
            }
            return;
        }
    }
}

struct RobustHead {
    std::uint64_t first;
    std::int64_t word_offset;
    std::uint64_t pending;
};

void walk_robust_list(const Thread& thread) {
    if (thread.robust_list == 0) {
        return;
    }
    const auto head = user::read<RobustHead>(thread.robust_list);
    if (!head) {
        return;
    }
    constexpr std::uint64_t is_priority_inheriting = 1;
    auto word_of = [&](std::uint64_t entry) {
        return (entry & ~is_priority_inheriting) + static_cast<std::uint64_t>(head->word_offset);
    };
    std::uint64_t entry = head->first;
    for (int i = 0; i < longest_robust_list && entry != thread.robust_list; ++i) {
        const auto next = user::read<std::uint64_t>(entry & ~is_priority_inheriting);
        give_up_robust_mutex(word_of(entry), thread.id);
        if (!next) {
            return;
        }
        entry = *next;
    }
    if (head->pending != 0) {
        give_up_robust_mutex(word_of(head->pending), thread.id);
    }
}

// The first thread when others go on without it: receives the process's signals for them.
[[noreturn]] void serve_signals() {
    for (;;) {
        (void)signals::sleep_until(ipc::no_deadline);
        (void)signals::pending();
        if (plan_waits_for(this_thread())) {
            run_waiting_plan();
        }
    }
}

}  // namespace

void exit_process(std::uint32_t status, std::uint32_t cause) {
    fd::on_exit();
    for (;;) {
        (void)ipc::call(own_process(), process::Exit{.status = status, .cause = cause});
    }
}

void exit_thread(std::uint32_t code) {
    Thread& self = this_thread();
    walk_robust_list(self);
    if (threads().leave()) {
        exit_process((code & 0xff) << 8);
    }
    self.mask = ~linux_abi::SignalSet{0};
    if (self.clear_id_at != 0) {
        (void)user::write(self.clear_id_at, std::uint32_t{0});
        futex_wake(self.clear_id_at, 1);
    }
    if (self.leader) {
        self.enter(Thread::State::ended);
        serve_signals();
    }
    end_silently();
}

void end_silently() {
    Thread& self = this_thread();
    // From this store on the thread may be removed at any instruction, so it comes after the last
    // lock.
    self.enter(Thread::State::ended);
    for (;;) {
        const auto word = reinterpret_cast<std::uint64_t>(&self.sleep_word);
        (void)ipc::own_space()->futex_wait(word, 0);
    }
}

void stop_process(std::uint32_t signal) {
    Thread& self = this_thread();
    MutexGuard guard{threads().lock()};
    threads().for_each_running([&](Thread& thread) {
        if (&thread != &self) {
            (void)thread.kernel()->stop();
        }
    });
    (void)ipc::call(own_process(), process::Stopped{.signal = signal});
    threads().for_each_running([&](Thread& thread) {
        if (&thread != &self) {
            (void)thread.kernel()->resume();
        }
    });
}

}  // namespace linux
