// SPDX-License-Identifier: MIT
#include "kernel/trace/trace.hpp"

#include <algorithm>
#include <array>

#include <arch/cpus.hpp>
#include <arch/window.hpp>

#include "abi/kernel/syscall.hpp"
#include "kernel/object/memory.hpp"
#include "kernel/object/thread.hpp"
#include "kernel/plat/platform.hpp"
#include "kernel/sched/scheduler.hpp"

namespace kernel {

using abi::TraceEvent;
using abi::TraceKind;

constinit bool Trace::on_ = false;
constinit bool Trace::in_use_ = false;
constinit const Memory* Trace::memory_ = nullptr;

namespace {

constexpr std::uint64_t events_per_page = Bank::page_bytes / sizeof(TraceEvent);

// Positions count all events ever written since the start.
struct Ring {
    std::uint64_t written = 0;
    std::uint64_t read = 0;
    std::uint64_t lost = 0;
    std::uint32_t running = 0;  // the thread that the latest `switched` names
    bool traced_entry = false;  // this CPU's `syscall` enters there
};

constinit std::array<Ring, arch::most_cpus> rings{};
constinit std::array<std::uint64_t, abi::most_trace_pages> pages{};  // physical addresses
constinit std::uint64_t pages_per_ring = 0;
constinit std::uint32_t session = 0;  // which trace this is

TraceEvent& place(std::size_t cpu, std::uint64_t position) {
    const std::uint64_t in_ring = position % (pages_per_ring * events_per_page);
    const PhysAddr page{pages[cpu * pages_per_ring + in_ring / events_per_page]};
    return static_cast<TraceEvent*>(arch::window(page))[in_ring % events_per_page];
}

}  // namespace

Result<> Trace::start(Memory& memory) {
    TRY(refuse_if(on_, Error::busy));
    const std::uint64_t count = arch::cpu_count();
    TRY(refuse_if(memory.pages() < count || memory.pages() > pages.size(),
                  Error::invalid_argument));
    TRY(memory.pin_for_device(0, memory.pages(), pages.data()));
    pages_per_ring = memory.pages() / count;
    for (Ring& ring : rings) {
        ring = Ring{.traced_entry = ring.traced_entry};
    }
    memory_ = &memory;
    ++session;
    on_ = in_use_ = true;
    for (std::size_t i = 0; i < count; ++i) {
        if (&arch::cpu(i) != &arch::this_cpu()) {
            plat::wake_cpu(arch::cpu(i).hardware_id);
        }
    }
    return {};
}

void Trace::stop() {
    on_ = false;
    memory_ = nullptr;
}

Result<Trace::Read> Trace::read(std::uint64_t cpu, std::span<TraceEvent> to) {
    TRY(refuse_if(!on_, Error::invalid_argument));
    TRY(refuse_if(cpu >= arch::cpu_count(), Error::out_of_range));
    Ring& ring = rings[cpu];
    const std::size_t count = std::min<std::uint64_t>(to.size(), ring.written - ring.read);
    for (std::size_t i = 0; i < count; ++i) {
        to[i] = place(cpu, ring.read++);
    }
    return Read{.events = count, .lost = ring.lost};
}

void Trace::record(Thread* thread, TraceKind kind, std::uint16_t code, std::uint64_t a,
                   std::uint64_t b) {
    const std::size_t cpu = arch::this_cpu().id;
    Ring& ring = rings[cpu];
    const bool is_new = thread != nullptr && thread->trace_session != session;
    if (ring.written - ring.read + (is_new ? 3 : 1) > pages_per_ring * events_per_page) {
        ++ring.lost;
        return;
    }
    const auto write = [&](TraceKind what, std::uint16_t number, std::uint64_t x, std::uint64_t y) {
        place(cpu, ring.written++) = {.tsc = arch::read_tsc(),
                                      .thread = thread != nullptr ? thread->number : 0,
                                      .kind = what,
                                      .cpu = static_cast<std::uint8_t>(cpu),
                                      .code = number,
                                      .a = x,
                                      .b = y};
    };
    if (is_new) {
        thread->trace_session = session;
        write(TraceKind::thread, 0, thread->table().number, 0);
        write(TraceKind::name, 0, thread->name[0], thread->name[1]);
    }
    write(kind, code, a, b);
}

void Trace::record_system_call(Thread& thread) {
    const std::uint64_t number = thread.number_of_call();
    const std::uint64_t index = number - abi::native_system_calls;
    if (index >= static_cast<std::uint64_t>(abi::Syscall::count_end) - abi::native_system_calls) {
        record(&thread, TraceKind::foreign_call, static_cast<std::uint16_t>(number),
               thread.registers.rdi, thread.registers.rsi);
        return;
    }
    const std::uint64_t cap = thread.cap();
    const Capability* capability = thread.table().find(cap);
    if (number == static_cast<std::uint64_t>(abi::Syscall::call) && capability != nullptr &&
        capability->object->type() != ObjectType::endpoint) {
        const auto type = static_cast<std::uint16_t>(capability->object->type());
        record(&thread, TraceKind::operation,
               static_cast<std::uint16_t>(type << 8 | (thread.tag().label() & 0xff)), cap);
        return;
    }
    record(&thread, TraceKind::system_call, static_cast<std::uint16_t>(index), cap,
           thread.tag().raw);
}

void Trace::record_exit() {
    Ring& ring = rings[arch::this_cpu().id];
    if (ring.traced_entry != on_) {
        ring.traced_entry = on_;
        arch::trace_system_calls(on_);
        in_use_ = std::ranges::any_of(rings, &Ring::traced_entry);
    }
    if (!on_) {
        return;
    }
    Thread* thread = scheduler().current();
    const std::uint32_t running = thread != nullptr ? thread->number : 0;
    if (running != ring.running || ring.written == 0) {
        ring.running = running;
        record(thread, TraceKind::switched, 0);
    }
}

}  // namespace kernel
