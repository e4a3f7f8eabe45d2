// SPDX-License-Identifier: MIT
//
// A process is made, runs, and is destroyed in the middle of everything, many times: afterwards the memory is what it was
// before, to the byte. The second argument of the program says how often.

#include <array>
#include <charconv>

#include "abi/kernel/syscall.hpp"
#include "libs/ipc/protocol.hpp"
#include "tests/kernel/peer.hpp"

using abi::Syscall;
using test::bank;
using test::eventually;
using test::is_blocked;

namespace {

constexpr std::uint64_t page = abi::page_size;
constexpr std::uint64_t code_at = 0x40'0000;
constexpr std::uint64_t data_at = 0x40'0000'0000;
constexpr std::uint64_t pages_at = 0x50'0000'0000;

// mov %rax, (%rbx); syscall; ud2
constexpr std::array<unsigned char, 7> code{0x48, 0x89, 0x03, 0x0f, 0x05, 0x0f, 0x0b};

std::size_t rounds() {
    std::size_t count = 2000;
    const std::string_view text = test::start().argument(1);
    (void)std::from_chars(text.data(), text.data() + text.size(), count);
    return count;
}

struct Process {
    ipc::Capability<ipc::Bank> own;
    ipc::Capability<ipc::AddressSpace> space;
    ipc::Capability<ipc::CapTable> table;
    std::array<ipc::Capability<ipc::Thread>, 4> threads;
};

// A thread that touches a page of its own, and then makes one system call.
ipc::KernelResult<void> add_thread(Process& process, std::size_t number, Syscall call,
                                   std::uint64_t capability) {
    auto pages = TRY(process.own->create_memory(2 * page));
    TRY(process.space->map(pages, {.address = pages_at + number * 4 * page, .length = 2 * page}));
    auto thread = TRY(process.own->create_thread({.space = process.space,
                                                  .table = process.table,
                                                  .pages = pages,
                                                  .flags = abi::ThreadFlags::fpu}));
    auto context =
        TRY(process.own->create_sched_context(ipc::own_sched_context(), {.priority = 200}));
    TRY(context->bind(thread));
    abi::Registers registers{};
    registers.rip = code_at;
    registers.rsp = data_at + page;
    registers.rbx = data_at + number * 512 * page;  // each with a page table of its own
    registers.rax = static_cast<std::uint64_t>(call);
    registers.rdi = capability;
    TRY(thread->set_registers(registers));
    TRY(thread->resume());
    process.threads[number] = std::move(thread);
    return {};
}

ipc::KernelResult<Process> make_process(ipc::Ref<ipc::Endpoint> ours) {
    Process process;
    process.own = TRY(bank()->create_bank(1024 * page));
    process.space = TRY(process.own->create_address_space());
    process.table = TRY(process.own->create_cap_table(2048));
    auto text = TRY(process.own->create_memory(page));
    TRY(text->write(0, std::as_bytes(std::span{code})));
    TRY(process.space->map(text, {.address = code_at,
                                  .length = page,
                                  .flags = abi::MapFlags::read | abi::MapFlags::execute}));
    auto data = TRY(process.own->create_memory(4096 * page));
    TRY(process.space->map(data, {.address = data_at, .length = 4096 * page}));
    TRY(data->commit({64 * page, 16 * page}));
    auto copy = TRY(data->clone(process.own, {0, 4096 * page}));
    TRY(copy->write(64 * page, ipc::bytes("changed")));
    auto clone = TRY(process.space->clone(process.own));

    auto endpoint = TRY(process.own->create_endpoint());
    auto reply = TRY(process.own->create_reply());
    auto notification = TRY(process.own->create_notification());
    const auto& table = process.table;
    TRY(table->copy(endpoint, abi::all_rights, 20));
    TRY(table->copy(reply, abi::all_rights, 21));
    TRY(table->copy(notification, abi::all_rights, 22));
    TRY(table->mint(ours, {.badge = 1}, 23));
    TRY(table->mint(endpoint, {.badge = 2, .flags = abi::MintFlags::drop_guard}));
    TRY(table->copy(table, abi::all_rights, 24));  // circles
    TRY(table->copy(process.own, abi::all_rights, 25));
    auto forked = TRY(table->clone(process.own));

    TRY(add_thread(process, 0, Syscall::receive, 20 | std::uint64_t{21} << 32));
    TRY(add_thread(process, 1, Syscall::wait, 22));
    TRY(add_thread(process, 2, Syscall::call, 23));  // answered by nobody
    TRY(add_thread(process, 3, Syscall::call, 23));  // received, and not answered
    return process;
}

}  // namespace

TEST(rounds_leave_memory_as_it_was) {
    auto endpoint = NEED(bank()->create_endpoint());
    auto reply = NEED(bank()->create_reply());
    const std::size_t count = rounds();
    std::uint64_t charged = 0;
    std::uint64_t free = 0;
    for (std::size_t round = 0; round < count; ++round) {
        auto process = NEED(make_process(endpoint));
        EXPECT(eventually([&] {
            for (const auto& thread : process.threads) {
                if (!is_blocked(thread)) {
                    return false;
                }
            }
            return true;
        }));
        const auto got = ipc::sys::receive(endpoint.index(), reply.index());
        EXPECT(got.error == abi::Error::ok);
        EXPECT_OK(process.own->destroy());
        process = {};
        const auto usage = NEED(bank()->query());
        if (round == 0) {  // what the program's own table and heap needed is there now
            charged = usage.charged;
            free = usage.machine_free;
        }
        if (usage.charged != charged || usage.machine_free != free) {
            rt::log("round ", round, ": charged ", usage.charged, " instead of ", charged,
                    ", free ", usage.machine_free, " instead of ", free);
            EXPECT(false);
            return;
        }
    }
}
