// SPDX-License-Identifier: MIT
#include <atomic>
#include <cstring>

#include "abi/kernel/fault.hpp"
#include "libs/rt/mapping.hpp"
#include "tests/kernel/peer.hpp"

using abi::Error;
using abi::FaultLabel;
using abi::Tag;
using abi::ThreadState;
using ipc::sys::Outcome;
using test::bank;

extern "C" {
void enter_system_call();
void enter_exception();
void enter_interrupt();
std::uint64_t spin_until(const std::atomic<std::uint32_t>* until);
void keep_mxcsr();
}

namespace {

constexpr std::uint64_t page = abi::page_size;
constexpr std::uint64_t nowhere = 0x33'0000'0000;

template <class Function>
std::uint64_t address_of(Function* function) {
    return reinterpret_cast<std::uint64_t>(function);
}

// A peer that waits until it is told to go, so that it can be prepared; and a place to hear of its faults.
template <class Function>
struct Patient {
    ipc::Capability<ipc::Notification> go;
    ipc::Capability<ipc::Endpoint> endpoint;
    ipc::Capability<ipc::Reply> reply;
    Function function;

    struct Body {
        Patient* self;
        void operator()() const {
            (void)self->go->wait();
            self->function();
        }
    };
    test::Peer<Body> peer{Body{this}};

    explicit Patient(Function what) : function(std::move(what)) {}

    ipc::KernelResult<void> start(std::uint64_t badge) {
        go = TRY(bank()->create_notification());
        endpoint = TRY(bank()->create_endpoint());
        reply = TRY(bank()->create_reply());
        TRY(peer.start());
        return peer.thread()->set_fault_handler(endpoint, badge);
    }
    [[nodiscard]] Outcome next_fault() const {
        return ipc::sys::receive(endpoint.index(), reply.index(), rt::now() + test::patience);
    }
    [[nodiscard]] bool resume() const { return ipc::sys::reply(reply.index(), {}) == Error::ok; }
};

}  // namespace

// Who holds a badged capability to a server cannot have faults told to it under another's badge.
TEST(fault_badge_is_the_capabilitys_own) {
    Patient patient{[] { *reinterpret_cast<volatile std::uint64_t*>(nowhere) = 5; }};
    NEED(patient.start(31));
    const auto badged = NEED(ipc::mint<ipc::Endpoint>(
        patient.endpoint.ref(), {.badge = 5, .rights = abi::EndpointRights::call}));
    const auto bare = NEED(ipc::copy(patient.endpoint.ref(), abi::EndpointRights::call));
    EXPECT_ERROR(patient.peer.thread()->set_fault_handler(bare, 31), Error::missing_right);
    EXPECT_OK(patient.peer.thread()->set_fault_handler(badged, 31));
    EXPECT_OK(patient.go->signal(1));
    EXPECT(patient.next_fault().badge == 5);
    EXPECT_OK(patient.peer.thread()->set_fault_handler(bare, 0));
}

TEST(fault_page_is_handled) {
    std::uint64_t value = 0;
    Patient patient{[&] {
        auto* word = reinterpret_cast<volatile std::uint64_t*>(nowhere + 16);
        *word = 5;
        value = *word;
    }};
    NEED(patient.start(31));
    EXPECT_OK(patient.go->signal(1));
    const Outcome got = patient.next_fault();
    EXPECT(got.error == Error::ok && got.tag.has(Tag::is_fault) && got.badge == 31);
    EXPECT(got.tag.label() == static_cast<std::uint16_t>(FaultLabel::page));
    EXPECT(got.words[0] == nowhere + 16);
    EXPECT((got.words[1] & 7) == 6);  // a write from user mode to what is not there
    EXPECT(got.words[2] >= rt::image_base && got.words[2] < rt::image_base + (1 << 24));
    auto memory = NEED(bank()->create_memory(page));
    EXPECT_OK(ipc::own_space()->map(memory, {.address = nowhere, .length = page}));
    EXPECT(patient.resume());
    EXPECT(patient.peer.join());
    EXPECT(value == 5);
    EXPECT_OK(ipc::own_space()->unmap(nowhere, page));
}

TEST(fault_on_protected_pages) {
    auto memory = NEED(bank()->create_memory(page));
    auto mapping = NEED(rt::map(memory, {.length = page, .flags = abi::MapFlags::read}));
    Patient writer{[&] {
        auto* word = mapping.as<volatile int>();
        *word = *word + 1;  // read first, so that the page is there
    }};
    NEED(writer.start(1));
    EXPECT_OK(writer.go->signal(1));
    Outcome got = writer.next_fault();
    EXPECT(got.words[0] == mapping.address() && (got.words[1] & 7) == 7);
    EXPECT_OK(ipc::own_space()->protect(mapping.address(), page,
                                        abi::MapFlags::read | abi::MapFlags::write));
    EXPECT(writer.resume() && writer.peer.join());
    Patient jumper{[&] { reinterpret_cast<void (*)()>(mapping.address())(); }};
    NEED(jumper.start(2));
    EXPECT_OK(jumper.go->signal(1));
    got = jumper.next_fault();
    EXPECT(got.words[0] == mapping.address() && (got.words[1] & 16) != 0);  // no execution
}

TEST(fault_kernel_addresses) {
    Patient patient{[] { (void)*reinterpret_cast<volatile int*>(0xffff'ffff'8000'0000); }};
    NEED(patient.start(1));
    EXPECT_OK(patient.go->signal(1));
    const Outcome got = patient.next_fault();
    EXPECT(got.tag.has(Tag::is_fault) && got.words[0] == 0xffff'ffff'8000'0000);
}

TEST(fault_exception_is_skipped_by_the_handler) {
    bool passed = false;
    Patient patient{[&] {
        asm volatile("ud2");
        passed = true;
    }};
    NEED(patient.start(32));
    EXPECT_OK(patient.go->signal(1));
    const Outcome got = patient.next_fault();
    EXPECT(got.tag.label() == static_cast<std::uint16_t>(FaultLabel::exception));
    EXPECT(got.words[0] == 6 && got.badge == 32);
    EXPECT_ERROR(patient.peer.thread()->set_registers({}), Error::busy);
    patient.reply.reset();  // who gives up the answer leaves the thread to be dealt with by hand
    auto registers = NEED(patient.peer.thread()->get_registers());
    EXPECT(registers.rip == got.words[2] && registers.rsp == got.words[3]);
    registers.rip += 2;
    EXPECT_OK(patient.peer.thread()->set_registers(registers));
    EXPECT_OK(patient.peer.thread()->resume());
    EXPECT(patient.peer.join());
    EXPECT(passed);
}

TEST(fault_privileged_instructions) {
    const auto vector_of = [](auto instruction) {
        Patient patient{instruction};
        if (!patient.start(1) || !patient.go->signal(1)) {
            return std::uint64_t{0};
        }
        const Outcome got = patient.next_fault();
        return got.error == Error::ok ? got.words[0] : 0;
    };
    constexpr std::uint64_t general_protection = 13;
    EXPECT(vector_of([] { asm volatile("hlt"); }) == general_protection);
    EXPECT(vector_of([] { asm volatile("cli"); }) == general_protection);
    EXPECT(vector_of([] {
               asm volatile("rdmsr" : : "c"(0xc0000080) : "eax", "edx");
           }) == general_protection);
    EXPECT(vector_of([] { asm volatile("outb %%al, $0x80" : : "a"(0)); }) == general_protection);
    EXPECT(vector_of([] { asm volatile("mov %%cr0, %%rax" : : : "rax"); }) == general_protection);
    EXPECT(vector_of([] {
               std::uint64_t table[2];
               asm volatile("sgdt %0" : "=m"(table));
           }) == general_protection);  // UMIP
}

// The FPU may hold what another thread has left there: only a thread with an area for its own state may use it.
TEST(fault_fpu_without_an_area) {
    static constexpr std::uint32_t usual = 0x1f80;
    static struct {
        std::atomic<std::uint64_t> rounds{0};
        std::uint32_t mxcsr = usual | 0x6000;  // and not the usual rounding
        std::uint32_t seen = 0;
    } kept;
    const auto counts = [&] {
        const std::uint64_t before = kept.rounds;
        return test::eventually([&] { return kept.rounds != before; });
    };
    auto memory = NEED(bank()->create_memory(2 * page));
    const auto own = NEED(ipc::own_sched_context()->query());
    auto context =
        NEED(bank()->create_sched_context(ipc::own_sched_context(), {.priority = own.priority}));
    auto owner = NEED(bank()->create_thread({.space = ipc::own_space(),
                                             .table = ipc::own_table(),
                                             .pages = memory,
                                             .flags = abi::ThreadFlags::fpu}));
    EXPECT_OK(context->bind(owner));
    EXPECT_OK(owner->start({.rip = address_of(&keep_mxcsr), .rdi = address_of(&kept)}));
    EXPECT(counts());

    Patient patient{[] { asm volatile("ldmxcsr %0" : : "m"(usual)); }};
    NEED(patient.start(1));
    EXPECT_OK(patient.go->signal(1));
    constexpr std::uint64_t device_not_available = 7;
    const Outcome got = patient.next_fault();
    EXPECT(got.error == Error::ok && got.words[0] == device_not_available);
    EXPECT(counts());
    EXPECT_OK(owner->stop());
}

TEST(fault_foreign_system_call) {
    Patient patient{[] {
        std::uint64_t number = 60;
        asm volatile("syscall" : "+a"(number) : : "rcx", "r11", "memory");
    }};
    NEED(patient.start(33));
    EXPECT_OK(patient.go->signal(1));
    const Outcome got = patient.next_fault();
    EXPECT(got.tag.label() == static_cast<std::uint16_t>(FaultLabel::system_call));
    EXPECT(got.words[0] == 60 && got.badge == 33);
    EXPECT(got.words[2] >= rt::image_base && got.words[3] != 0);
}

TEST(fault_without_a_handler) {
    std::uint64_t value = 0;
    Patient patient{[&] { value = *reinterpret_cast<volatile std::uint64_t*>(nowhere) + 1; }};
    NEED(patient.start(1));
    EXPECT_OK(patient.peer.thread()->set_fault_handler({}, 0));
    EXPECT_OK(patient.go->signal(1));
    EXPECT(test::eventually([&] {
        const auto info = patient.peer.thread()->query();
        return info && info->state == ThreadState::faulted;
    }));
    auto memory = NEED(bank()->create_memory(page));
    EXPECT_OK(ipc::own_space()->map(memory, {.address = nowhere, .length = page}));
    EXPECT_OK(patient.peer.thread()->resume());
    EXPECT(patient.peer.join());
    EXPECT(value == 1);
    EXPECT_OK(ipc::own_space()->unmap(nowhere, page));
}

TEST(fault_the_handler_dies) {
    Patient patient{[] { asm volatile("ud2"); }};
    NEED(patient.start(1));
    EXPECT_OK(patient.go->signal(1));
    EXPECT(patient.next_fault().tag.has(Tag::is_fault));
    patient.reply.reset();
    EXPECT(test::eventually([&] {
        const auto info = patient.peer.thread()->query();
        return info && info->state == ThreadState::faulted;
    }));
}

TEST(pager_supplies_pages) {
    auto endpoint = NEED(bank()->create_endpoint());
    auto paged = NEED(bank()->create_memory(4 * page, {.pager = endpoint, .pager_badge = 55}));
    auto mapping = NEED(rt::map(paged, {.length = 4 * page}));
    std::uint64_t seen = 0;
    test::Peer reader{[&] { seen = mapping.as<volatile std::uint64_t>()[2 * page / 8]; }};
    NEED(reader.start());
    const Outcome got = ipc::sys::receive(endpoint.index(), 0, rt::now() + test::patience);
    EXPECT(got.tag.has(Tag::is_fault) && got.badge == 55);
    EXPECT(got.tag.label() == static_cast<std::uint16_t>(FaultLabel::pager));
    EXPECT(got.words[0] == 2 * page && got.words[1] >= page);
    auto source = NEED(bank()->create_memory(page));
    const std::uint64_t value = 77;
    EXPECT_OK(source->write(0, std::as_bytes(std::span{&value, 1})));
    EXPECT_OK(paged->supply({2 * page, page}, source, 0));
    EXPECT(reader.join());
    EXPECT(seen == 77);
}

// A pager's loop: it supplies what was asked for, and three pages more, and receives the next request by the same call.
TEST(pager_supplies_and_receives) {
    constexpr std::uint64_t pages = 16;
    constexpr std::uint64_t ahead = 4;
    auto endpoint = NEED(bank()->create_endpoint());
    auto paged = NEED(bank()->create_memory(pages * page, {.pager = endpoint}));
    auto source = NEED(bank()->create_memory(pages * page));
    auto mapping = NEED(rt::map(paged, {.length = pages * page}));
    for (std::uint64_t i = 0; i < pages; ++i) {
        const std::uint64_t value = 100 + i;
        EXPECT_OK(source->write(i * page, std::as_bytes(std::span{&value, 1})));
    }
    std::uint64_t requests = 0;
    test::Peer pager{[&] {
        Outcome got = ipc::sys::receive(endpoint.index(), 0);
        while (got.error == Error::ok && got.tag.has(Tag::is_fault)) {
            ++requests;
            const std::uint64_t begin = got.words[0] / (ahead * page) * (ahead * page);
            got = paged->supply_and_receive({begin, ahead * page}, source, begin, endpoint.index(),
                                            0);
        }
    }};
    NEED(pager.start());
    for (std::uint64_t i = pages; i-- > 0;) {
        EXPECT(mapping.as<volatile std::uint64_t>()[i * page / 8] == 100 + i);
    }
    EXPECT(requests == pages / ahead);
    EXPECT(NEED(source->query()).committed == 0);
    EXPECT(ipc::sys::send(endpoint.index(), {abi::make_tag(1), {}}) == Error::ok);
    EXPECT(pager.join());
}

TEST(pager_fails) {
    auto endpoint = NEED(bank()->create_endpoint());
    auto paged = NEED(bank()->create_memory(page, {.pager = endpoint}));
    auto mapping = NEED(rt::map(paged, {.length = page}));
    Patient reader{[&] { (void)*mapping.as<volatile int>(); }};
    NEED(reader.start(9));
    EXPECT_OK(reader.go->signal(1));
    EXPECT(
        ipc::sys::receive(endpoint.index(), 0, rt::now() + test::patience).tag.has(Tag::is_fault));
    EXPECT_OK(paged->fail({0, page}));
    const Outcome got = reader.next_fault();
    EXPECT(got.error == Error::ok && got.badge == 9 && got.words[0] == mapping.address());
}

TEST(upcall_foreign_system_call) {
    std::uint64_t answer = 0;
    Patient patient{[&] {
        std::uint64_t number = 39;
        asm volatile("syscall" : "+a"(number) : : "rcx", "r11", "memory");
        answer = number;
    }};
    NEED(patient.start(1));
    EXPECT_OK(patient.peer.thread()->set_upcalls({.system_call = address_of(&enter_system_call)}));
    EXPECT_OK(patient.go->signal(1));
    EXPECT(patient.peer.join());
    EXPECT(answer == 1039);
}

TEST(upcall_exception) {
    bool passed = false;
    std::uint64_t cause = 0;
    std::uint64_t masked = 1;
    Patient patient{[&] {
        asm volatile("ud2" : : : "rcx", "memory");
        passed = true;
        cause = ipc::control_page().exception_cause;
        masked = ipc::control_page().upcalls_masked;
    }};
    NEED(patient.start(1));
    EXPECT_OK(patient.peer.thread()->set_upcalls({.exception = address_of(&enter_exception)}));
    EXPECT_OK(patient.go->signal(1));
    EXPECT(patient.peer.join());
    EXPECT(passed && cause == 6 && masked == 0);
}

TEST(upcall_interrupt) {
    std::atomic<std::uint32_t> end{0};
    std::atomic<bool> running{false};
    std::uint64_t upcalls = 0;
    Patient patient{[&] {
        running = true;
        upcalls = spin_until(&end);
    }};
    NEED(patient.start(1));
    EXPECT_OK(patient.peer.thread()->set_upcalls({.interrupt = address_of(&enter_interrupt)}));
    EXPECT_OK(patient.go->signal(1));
    EXPECT(test::eventually([&] { return running.load(); }));
    for (int i = 0; i < 3; ++i) {
        EXPECT_OK(patient.peer.thread()->interrupt());
        for (int turns = 0; turns < 3; ++turns) {
            ipc::sys::yield();
        }
    }
    end = 1;
    EXPECT(patient.peer.join());
    EXPECT(upcalls >= 1 && upcalls <= 3);
}
