// SPDX-License-Identifier: MIT
//
// What the kernel's operations cost. The program is the first process of an archive of its own
// (tools/images/bench.toml): nothing else runs beside it, and it holds the boot capabilities.
//
//     null_call             entering the kernel for an operation that does nothing
//     ipc_call_Nw           call and reply-and-receive between two address spaces, N words, both ways
//     signal_wait           two threads in two address spaces wake each other, both ways
//     signal_alone          a signal for which nobody waits
//     page_map, page_unmap  one page of a Memory
//     page_fault_anonymous  the first touch of a page that the kernel fills with zeros
//     page_fault_pager      the first touch of a page that another process supplies
//     thread_create         thread, scheduling context, start
//     address_space_clone   copying an address space on write, for each page that is mapped in it
//     foreign_call          a system call that is not the kernel's, to the thread's own entry and back
//     ipc_call_10w ...      switches.hpp: the other rows of seL4's table
//     preemption_latency    preemption.hpp: how late a thread runs while another destroys much
//     process_create        bank, copied address space and capability table, thread; until its first word
//     call_pairs_Ncpu       independent pairs of client and server on all CPUs (pairs.hpp)
//
// It ends with the line `kernel_bench: end`.

#include <charconv>
#include <string_view>

#include "bench/kernel/measure.hpp"
#include "bench/kernel/pairs.hpp"
#include "bench/kernel/preemption.hpp"
#include "bench/kernel/process.hpp"
#include "bench/kernel/switches.hpp"
#include "libs/rt/log.hpp"
#include "libs/rt/mapping.hpp"
#include "libs/rt/start_info.hpp"

namespace bench {

void report(std::string_view name, std::uint64_t total, std::uint64_t operations) {
    const std::uint64_t hundredths = total * 100 / operations;
    rt::Line line;
    line.add(name).add('\t').add(hundredths / 100).add('.');
    line.add(hundredths / 10 % 10).add(hundredths % 10).add("\tticks/op\n");
    rt::log_text(line.text());
}

void report_skip(std::string_view name, abi::Error reason) {
    rt::Line line;
    line.add(name).add("\tskip\t").add(reason).add('\n');
    rt::log_text(line.text());
}

namespace {

// Created before the second process, which so has them in the same slots.
struct Shared {
    ipc::Capability<ipc::Endpoint> endpoint;
    ipc::Capability<ipc::Reply> reply;
    ipc::Capability<ipc::Notification> ping;
    ipc::Capability<ipc::Notification> pong;
    ipc::Capability<ipc::Notification> endless;  // nobody waits for it
    ipc::Capability<ipc::Endpoint> pager;
    ipc::Capability<ipc::Memory> paged;
    ipc::Capability<ipc::Memory> source;
};
constinit Shared shared;

constexpr std::uint64_t pager_pages = 512;
constexpr std::uint64_t pager_bytes = pager_pages * abi::page_size;

ipc::KernelResult<void> make_shared() {
    const auto bank = ipc::own_bank();
    shared.endpoint = TRY(bank->create_endpoint());
    shared.reply = TRY(bank->create_reply());
    shared.ping = TRY(bank->create_notification());
    shared.pong = TRY(bank->create_notification());
    shared.endless = TRY(bank->create_notification());
    shared.pager = TRY(bank->create_endpoint());
    return {};
}

// The other sides.

[[noreturn]] void echo(std::uint64_t) {
    const abi::CapIndex endpoint = shared.endpoint.index();
    const abi::CapIndex reply = shared.reply.index();
    ipc::sys::Outcome request = ipc::sys::receive(endpoint, reply);
    for (;;) {
        request = ipc::sys::reply_and_receive(endpoint, reply, {abi::Tag{}, request.words});
    }
}

[[noreturn]] void answer_signals(std::uint64_t) {
    for (;;) {
        (void)shared.ping->wait();
        (void)shared.pong->signal(1);
    }
}

// Every page comes from the source Memory, at the place where it is missing.
[[noreturn]] void supply_pages(std::uint64_t) {
    const abi::CapIndex pager = shared.pager.index();
    ipc::sys::Outcome request = ipc::sys::receive(pager, 0);
    for (;;) {
        const std::uint64_t offset = request.words[0];
        request = shared.paged->supply_and_receive({.offset = offset, .length = abi::page_size},
                                                   shared.source, offset, pager, 0);
    }
}

[[noreturn]] void say_hello(std::uint64_t) {
    (void)shared.pong->signal(1);
    for (;;) {
        (void)shared.ping->wait();
    }
}

// Measurements.

void measure_calls() {
    const abi::CapIndex endpoint = shared.endpoint.index();
    const auto call = [&](const ipc::Words& words) {
        return ipc::sys::call(endpoint, {abi::make_tag(1), words}).error;
    };
    measure("ipc_call_0w", 1000, [&] { return call({}); });
    measure("ipc_call_1w", 1000, [&] { return call({1}); });
    measure("ipc_call_2w", 1000, [&] { return call({1, 2}); });
    measure("ipc_call_3w", 1000, [&] { return call({1, 2, 3}); });
    measure("ipc_call_4w", 1000, [&] { return call({1, 2, 3, 4}); });
    measure("ipc_call_5w", 1000, [&] { return call({1, 2, 3, 4, 5}); });
    measure("ipc_call_6w", 1000, [&] { return call({1, 2, 3, 4, 5, 6}); });
}

void measure_signals() {
    measure("signal_alone", 1000, [] { return error_of(shared.endless->signal(1)); });
    measure("signal_wait", 1000, [] {
        if (const auto sent = shared.ping->signal(1); !sent) return sent.error();
        const auto bits = shared.pong->wait();
        return bits ? abi::Error::ok : bits.error();
    });
}

void touch(std::uint64_t address) { *reinterpret_cast<volatile std::uint8_t*>(address) = 1; }

ipc::KernelResult<std::uint64_t> map_and_unmap(std::uint64_t pages, bool time_the_unmapping) {
    const auto memory = TRY(ipc::own_bank()->create_memory(abi::page_size));
    TRY(memory->commit({.offset = 0, .length = abi::page_size}));
    const std::uint64_t address = TRY(rt::find_free(abi::page_size));
    std::uint64_t taken = 0;
    for (std::uint64_t i = 0; i < pages; ++i) {
        const std::uint64_t begin = rt::time_stamp();
        TRY(ipc::own_space()->map(memory, {.address = address, .length = abi::page_size}));
        const std::uint64_t mapped = rt::time_stamp();
        touch(address);
        const std::uint64_t touched = rt::time_stamp();
        TRY(ipc::own_space()->unmap(address, abi::page_size));
        taken += time_the_unmapping ? rt::time_stamp() - touched : mapped - begin;
    }
    return taken;
}

ipc::KernelResult<std::uint64_t> touch_all(ipc::Ref<ipc::Memory> memory, std::uint64_t pages) {
    const auto mapping = TRY(rt::map(memory, {.length = pages * abi::page_size}));
    const std::uint64_t begin = rt::time_stamp();
    for (std::uint64_t i = 0; i < pages; ++i) touch(mapping.address() + i * abi::page_size);
    return rt::time_stamp() - begin;
}

ipc::KernelResult<std::uint64_t> fault_anonymous(std::uint64_t pages) {
    const auto memory = TRY(ipc::own_bank()->create_memory(pages * abi::page_size));
    return touch_all(memory, pages);
}

ipc::KernelResult<std::uint64_t> fault_pager(std::uint64_t pages) {
    shared.source = TRY(ipc::own_bank()->create_memory(pager_bytes));
    TRY(shared.source->commit({.offset = 0, .length = pager_bytes}));
    shared.paged = TRY(ipc::own_bank()->create_memory(pager_bytes, {.pager = shared.pager}));
    // The pager must know both Memories: it is a new process for each batch.
    const std::uint8_t priority = TRY(ipc::own_sched_context()->query()).priority;
    Process pager = TRY(Process::start(supply_pages, 0, priority));
    const auto taken = touch_all(shared.paged, pages);
    pager.destroy();
    return taken;
}

ipc::KernelResult<std::uint64_t> create_threads(std::uint64_t count) {
    constexpr std::uint64_t bytes = 3 * abi::page_size;
    const auto memory = TRY(ipc::own_bank()->create_memory(bytes));
    const auto mapping = TRY(rt::map(memory, {.length = bytes}));
    const std::uint64_t pages = mapping.address() + abi::page_size;
    std::uint64_t taken = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t begin = rt::time_stamp();
        const auto thread = TRY(BareThread::start(memory, abi::page_size, pages, pages));
        taken += rt::time_stamp() - begin;
    }
    return taken;
}

ipc::KernelResult<std::uint64_t> create_processes(std::uint64_t count) {
    std::uint64_t taken = 0;
    const std::uint8_t priority = TRY(ipc::own_sched_context()->query()).priority;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t begin = rt::time_stamp();
        Process process = TRY(Process::start(say_hello, 0, priority));
        TRY(shared.pong->wait());
        taken += rt::time_stamp() - begin;
        process.destroy();
    }
    return taken;
}

// Pages, not copies: the pages are there before, and one copy is made.
ipc::KernelResult<std::uint64_t> clone_space(std::uint64_t pages) {
    const auto memory = TRY(ipc::own_bank()->create_memory(pages * abi::page_size));
    const auto mapping = TRY(rt::map(memory, {.length = pages * abi::page_size}));
    for (std::uint64_t i = 0; i < pages; ++i) touch(mapping.address() + i * abi::page_size);
    const std::uint64_t begin = rt::time_stamp();
    const auto copy = TRY(ipc::own_space()->clone(ipc::own_bank()));
    return rt::time_stamp() - begin;
}

// The shortest possible system-call entry: unmasks upcalls and goes on.
[[gnu::naked]] void go_on() { asm("movq $0, %gs:16\n\tjmpq *%gs:32"); }

ipc::KernelResult<std::uint64_t> call_foreign(std::uint64_t count) {
    TRY(ipc::own_thread()->set_upcalls({.system_call = reinterpret_cast<std::uint64_t>(&go_on)}));
    const std::uint64_t begin = rt::time_stamp();
    for (std::uint64_t i = 0; i < count; ++i) {
        std::uint64_t number = 1;
        asm volatile("syscall" : "+a"(number) : : "rcx", "r11", "memory");
    }
    const std::uint64_t taken = rt::time_stamp() - begin;
    TRY(ipc::own_thread()->set_upcalls({}));
    return taken;
}

ipc::KernelResult<void> run() {
    TRY(make_shared());
    const std::uint8_t priority = TRY(ipc::own_sched_context()->query()).priority;
    measure("null_call", 1000, [] { return ipc::null_call(ipc::own_space()); });
    measure_batches("page_map", 200, [](std::uint64_t n) { return map_and_unmap(n, false); });
    measure_batches("page_unmap", 200, [](std::uint64_t n) { return map_and_unmap(n, true); });
    measure_batches("page_fault_anonymous", 500, fault_anonymous);
    measure_batches("thread_create", 50, create_threads);
    measure_batches("address_space_clone", 2048, clone_space);
    measure_batches("foreign_call", 1000, call_foreign);
    Process echoing = TRY(Process::start(echo, 0, priority));
    measure_calls();
    echoing.destroy();
    Process signalling = TRY(Process::start(answer_signals, 0, priority));
    measure_signals();
    signalling.destroy();
    measure_batches("page_fault_pager", pager_pages, fault_pager);
    measure_batches("process_create", 20, create_processes);
    TRY(measure_switches(priority));
    TRY(measure_preemption(priority));
    rt::log_text("kernel_bench: what follows is in seconds\n");
    TRY(measure_pairs(priority - 1));
    return {};
}

}  // namespace
}  // namespace bench

void server_main(const rt::StartInfo&) {
    if (const auto done = bench::run(); !done) rt::log("stopped early: ", done.error());
    rt::log_text("kernel_bench: end\n");
}
