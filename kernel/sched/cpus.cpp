// SPDX-License-Identifier: MIT
// What schedulers have to do with each other: who runs what, and how a CPU is made to let go of a thread, a translation, a set of page
// tables. All but join_schedulers runs alone in the kernel.
#include <new>
#include <utility>

#include <arch/cpus.hpp>
#include <arch/fpu.hpp>
#include <arch/window.hpp>

#include "kernel/mm/frame_pool.hpp"
#include "kernel/panic.hpp"
#include "kernel/plat/platform.hpp"
#include "kernel/sched/kernel_lock.hpp"
#include "kernel/sched/scheduler.hpp"
#include "libs/base/align.hpp"

namespace kernel {

namespace {

constinit Scheduler boot_scheduler;
// The others may look for work.
constinit std::atomic<bool> open = false;

}  // namespace

Scheduler& scheduler_of(std::size_t cpu) {
    return *static_cast<Scheduler*>(arch::cpu(cpu).portable);
}

void initialise_schedulers() {
    boot_scheduler.initialise(arch::this_cpu());
    arch::this_cpu().portable = &boot_scheduler;
    for (std::size_t i = 1; i < arch::cpu_count(); ++i) {
        constexpr std::uint64_t pages =
            base::align_up(sizeof(Scheduler), base::page_size) / base::page_size;
        const auto frames = mm::frames.take_contiguous(pages);
        if (!frames) {
            kernel_panic("no memory for the scheduler of a CPU\n");
        }
        auto* made = new (arch::window(*frames)) Scheduler();
        made->initialise(arch::cpu(i));
        arch::cpu(i).portable = made;
    }
}

void start_schedulers() {
    if (arch::cpu_count() == 1 || KernelLock::many()) {
        return;
    }
    // From now on nothing is left behind in the FPU by whom it switches from.
    const arch::Cpu& here = arch::this_cpu();
    if (here.fpu_owner != nullptr && here.fpu_owner != here.current) {
        arch::fpu_leave(*here.fpu_owner);
    }
    KernelLock::become_many();
    (void)KernelLock::enter(nullptr, 0);
    open.store(true, std::memory_order_release);
}

void join_schedulers() {
    while (!open.load(std::memory_order_acquire)) {
        arch::relax();
    }
    (void)KernelLock::enter(nullptr, 0);
    scheduler().finish();
    KernelLock::leave();
}

// ---- who runs what ----------------------------------------------------------------------------------------

void Scheduler::place_among_many(Thread& thread) {
    Scheduler* best = thread.cpu_;
    for_each_scheduler(
        [&best](Scheduler& other) { best = best->is_idle() || !other.is_idle() ? best : &other; });
    best->enqueue(thread);
}

Thread* Scheduler::steal() {
    Scheduler* richest = nullptr;
    for_each_scheduler([&](Scheduler& other) {
        if (&other != this && other.highest_ > (richest != nullptr ? richest->highest_ : -1)) {
            richest = &other;
        }
    });
    if (richest == nullptr) {
        return nullptr;
    }
    Thread* thread = richest->take_highest();
    thread->cpu_ = this;
    return thread;
}

// Somebody waits somewhere and somebody idles: that one comes and takes it, and sees to the next.
void Scheduler::spread() {
    Scheduler* idle = nullptr;
    bool waits = false;
    for_each_scheduler([&](Scheduler& cpu) {
        waits = waits || cpu.highest_ >= 0;
        idle = !cpu.is_this_cpu() && cpu.is_idle() ? &cpu : idle;
    });
    if (waits && idle != nullptr) {
        idle->wake();
    }
}

void Scheduler::wake_among_many() {
    // One that waits will find it when it gets the lock, and one that has been told needs not be told again.
    if (!told_ && !is_this_cpu() && visit_.load(std::memory_order_acquire) == Visit::away) {
        told_ = true;
        plat::wake_cpu(hardware_->hardware_id);
    }
}

// ---- making another CPU wait --------------------------------------------------------------------------------

void Scheduler::begin_waiting(std::uint8_t rewind) {
    if (Thread* thread = on_cpu()) {
        arch::save_bases(*thread);
        arch::fpu_save(*thread);
    }
    rewind_ = rewind;
    visit_.store(Visit::waiting, std::memory_order_release);
}

void Scheduler::wait_a_moment() {
    arch::relax();
    if (must_leave_space_.load(std::memory_order_acquire)) {
        arch::activate(arch::kernel_root());
        must_leave_space_.store(false, std::memory_order_release);
    }
}

void Scheduler::begin_visit() {
    visit_.store(Visit::holding, std::memory_order_relaxed);
    told_ = false;
    if (std::exchange(must_flush_, false)) {
        arch::flush_user();
    }
}

void Scheduler::bring_in() {
    KernelLock::check_held();
    if (visit_.load(std::memory_order_acquire) == Visit::away) {
        plat::wake_cpu(hardware_->hardware_id);
    }
    // (One that tries to share finds the lock taken, and then waits for it.)
    while (visit_.load(std::memory_order_acquire) != Visit::waiting) {
        arch::relax();
    }
}

void Scheduler::void_event(Thread& thread) {
    if (!event_is_void_) {
        event_is_void_ = true;
        thread.registers.rip -= rewind_;
    }
}

void Scheduler::settle(Thread& thread) {
    Scheduler& cpu = *thread.cpu_;
    if (!cpu.is_this_cpu() && cpu.current() == &thread) {
        cpu.bring_in();
        cpu.void_event(thread);
    }
}

void Scheduler::take_off(Thread& thread) {
    Scheduler& cpu = *thread.cpu_;
    settle(thread);
    if (!cpu.is_this_cpu() && cpu.on_cpu() == &thread) {
        arch::fpu_release(*cpu.hardware_, thread);
        cpu.hardware_->current = nullptr;
        cpu.left_ = true;
        cpu.decide_ = true;
        cpu.time_dirty_ = true;
    }
}

void Scheduler::flush_elsewhere(PhysAddr root) {
    for_each_scheduler([root](Scheduler& cpu) {
        if (!cpu.is_this_cpu() && arch::is_active_on(*cpu.hardware_, root)) {
            cpu.bring_in();
            cpu.must_flush_ = true;
        }
    });
}

void Scheduler::leave_space(PhysAddr root) {
    if (arch::is_active(root)) {
        arch::activate(arch::kernel_root());
    }
    for (std::size_t i = 0; KernelLock::many() && i < arch::cpu_count(); ++i) {
        Scheduler& cpu = scheduler_of(i);
        if (!cpu.is_this_cpu() && arch::is_active_on(*cpu.hardware_, root)) {
            cpu.bring_in();
            cpu.must_leave_space_.store(true);
            KernelLock::rouse(i);
            while (cpu.must_leave_space_.load(std::memory_order_acquire)) {
                arch::relax();
            }
        }
    }
}

}  // namespace kernel
