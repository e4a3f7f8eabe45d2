// SPDX-License-Identifier: MIT
//
// Nothing passes from one domain to another but what is sent: each side holds values of its own in all registers (or pages),
// and looks for the other's when it comes back from the kernel.

#include <atomic>
#include <cstring>

#include "abi/kernel/syscall.hpp"
#include "libs/rt/mapping.hpp"
#include "tests/kernel/peer.hpp"

using test::bank;
using test::eventually;
using test::is_blocked;
using test::Peer;

namespace {

constexpr std::uint64_t page = abi::page_size;

// registers.S knows the order.
struct Set {
    std::uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15;
    std::uint64_t rflags, fs;
};

extern "C" {
void enter_with(const Set* in, Set* out);
void spin_with(const Set* in, Set* out);
void touch_with(const Set* in, Set* out);
void first_instruction();
extern volatile std::uint32_t spins, spin_no_more;
}

constexpr std::uint64_t ours = 0x00c1'1e47'0000'0000;
constexpr std::uint64_t theirs = 0x005e'4e42'0000'0000;
constexpr std::uint64_t poison_mask = 0xffff'ffff'0000'0000;
constexpr std::uint64_t interrupts_on = 0x202;
constexpr std::uint64_t status_flags = 0xcd5;  // CF PF AF ZF SF DF OF

Set poisoned(std::uint64_t poison) {
    Set set{};
    std::uint64_t* words = &set.rax;
    for (std::uint64_t i = 0; i < sizeof(Set) / sizeof(std::uint64_t); ++i) {
        words[i] = poison + i;
    }
    set.rflags = interrupts_on | status_flags;
    set.fs = 0x5000'0000'0000 | poison >> 32 << 4;
    return set;
}

// A system call with poison wherever it takes no argument.
Set call_of(std::uint64_t poison, abi::Syscall number, std::uint64_t cap, abi::Tag tag) {
    Set set = poisoned(poison);
    set.rax = static_cast<std::uint64_t>(number);
    set.rdi = cap;
    set.rsi = tag.raw;
    return set;
}

// Does any register hold the other's poison? `but_words`: the message's six words may.
bool clean(const Set& set, std::uint64_t poison, bool but_words) {
    const auto is_poison = [poison](std::uint64_t value) {
        return (value & poison_mask) == poison;
    };
    bool found = is_poison(set.rax) || is_poison(set.rbx) || is_poison(set.rcx) ||
                 is_poison(set.rsi) || is_poison(set.rdi) || is_poison(set.rbp) ||
                 is_poison(set.r11) || is_poison(set.r14) || is_poison(set.r15) ||
                 set.fs == poisoned(poison).fs;
    for (const std::uint64_t word : {set.rdx, set.r10, set.r8, set.r9, set.r12, set.r13}) {
        found = found || (is_poison(word) && !but_words);
    }
    return !found;
}

// After a system call: what is preserved is as it was, and the flags tell nothing.
bool kept(const Set& in, const Set& out) {
    return out.rbx == in.rbx && out.rbp == in.rbp && out.r14 == in.r14 && out.r15 == in.r15 &&
           out.fs == in.fs && (out.rflags & status_flags) == 0;
}

bool words_arrived(const Set& in, const Set& out) {
    return out.rdx == in.rdx && out.r10 == in.r10 && out.r8 == in.r8 && out.r9 == in.r9 &&
           out.r12 == in.r12 && out.r13 == in.r13;
}

struct Exchange {
    abi::Tag tag;         // of the call and of the answer
    bool receiver_waits;  // else the caller does
};

// One call and its answer between two threads.
void exchange(const Exchange& how) {
    const auto endpoint = NEED(bank()->create_endpoint());
    const auto reply = NEED(bank()->create_reply());
    const std::uint64_t desk = endpoint.ref().index() | std::uint64_t{reply.ref().index()} << 32;
    const Set receive = call_of(theirs, abi::Syscall::receive, desk, {});
    const Set answer = call_of(theirs + 64, abi::Syscall::reply_and_receive, desk, how.tag);
    Set received{};
    Set ended{};
    std::byte* their_page = nullptr;
    Peer server{[&] {
        their_page = ipc::message_page().data();
        std::memset(their_page, 0x5e, page);
        enter_with(&receive, &received);
        enter_with(&answer, &ended);
    }};
    NEED(server.start());
    if (how.receiver_waits) {
        EXPECT(eventually([&] { return is_blocked(server.thread()); }));
    }
    std::memset(ipc::message_page().data(), 0xc1, page);
    const Set call = call_of(ours, abi::Syscall::call, endpoint.ref().index(), how.tag);
    Set called{};
    enter_with(&call, &called);
    const std::size_t sent = how.tag.payload();
    const auto* our_page = ipc::message_page().data();
    EXPECT(called.rax == 0 && called.rsi == how.tag.raw);
    EXPECT(kept(call, called));
    EXPECT(clean(called, theirs, true));
    EXPECT(words_arrived(answer, called));
    EXPECT(kept(receive, received));
    EXPECT(clean(received, ours, true));
    EXPECT(words_arrived(call, received));
    for (std::size_t i = 0; i < page; ++i) {
        const auto at_us = std::to_integer<unsigned>(our_page[i]);
        const auto at_them = std::to_integer<unsigned>(their_page[i]);
        // Both sent the same number of bytes, and what was sent there came back.
        EXPECT(at_us == 0xc1 && at_them == (i < sent ? 0xc1 : 0x5e));
    }
}

}  // namespace

TEST(poison_fast_call_and_answer) { exchange({.tag = abi::make_tag(3), .receiver_waits = true}); }

TEST(poison_slow_call_and_answer) {
    exchange({.tag = abi::make_tag(3, 24), .receiver_waits = true});
    exchange({.tag = abi::make_tag(3, 24), .receiver_waits = false});
    exchange({.tag = abi::make_tag(3), .receiver_waits = false});
}

// The words of kernel operations' answers are the kernel's, or zero.
TEST(poison_operation_and_error) {
    for (const std::uint16_t label : {0, 2, 99}) {
        const Set call = call_of(ours, abi::Syscall::call, bank().index(), abi::make_tag(label, 8));
        Set out{};
        enter_with(&call, &out);
        EXPECT(kept(call, out));
        EXPECT(clean(out, theirs, false));
    }
}

// Both are interrupted by the timer, again and again, with everything in their registers.
TEST(poison_switch_by_the_timer) {
    const Set spinning = poisoned(theirs);
    Set spun{};
    spins = 0;
    spin_no_more = 0;
    Peer peer{[&] { spin_with(&spinning, &spun); }};
    const auto sleep = NEED(bank()->create_notification());
    NEED(peer.start());
    const abi::Tag tag = abi::make_tag(0, 0, 0, 0, abi::Tag::has_deadline);
    for (int i = 0; i < 10; ++i) {
        Set wait = call_of(ours, abi::Syscall::wait, sleep.ref().index(), tag);
        wait.r14 = rt::now() + 2'000'000;
        Set out{};
        enter_with(&wait, &out);
        EXPECT(out.rax == static_cast<std::uint64_t>(abi::Error::timed_out));
        EXPECT(kept(wait, out));
        EXPECT(clean(out, theirs, false));
    }
    EXPECT(spins == 1);
    spin_no_more = 1;
    EXPECT(peer.join());
    constexpr std::size_t general = offsetof(Set, rflags);
    EXPECT(std::memcmp(&spun, &spinning, general) == 0);
    EXPECT(spun.fs == spinning.fs);
}

TEST(poison_signal) {
    const auto notification = NEED(bank()->create_notification());
    const Set wait = call_of(theirs, abi::Syscall::wait, notification.ref().index(), {});
    Set woken{};
    Peer peer{[&] { enter_with(&wait, &woken); }};
    NEED(peer.start());
    EXPECT(eventually([&] { return is_blocked(peer.thread()); }));
    Set signal = call_of(ours, abi::Syscall::signal, notification.ref().index(), {});
    signal.rdx = 5;
    Set out{};
    enter_with(&signal, &out);
    EXPECT(peer.join());
    EXPECT(woken.rax == 0 && woken.rdx == 5);
    EXPECT(kept(wait, woken));
    EXPECT(clean(woken, ours, false));
    EXPECT(clean(out, theirs, false));
}

// A fault tells its handler the address, the CPU's code, and where the thread was: nothing of what it computed.
TEST(poison_fault) {
    const auto endpoint = NEED(bank()->create_endpoint());
    const auto reply = NEED(bank()->create_reply());
    const auto place = NEED(bank()->create_memory(page));
    Set touch = poisoned(theirs);
    touch.rax = 0x30'0000'0000;
    Set touched{};
    std::atomic<bool> may_go = false;
    Peer peer{[&] {
        while (!may_go) {
            ipc::sys::yield();
        }
        touch_with(&touch, &touched);
    }};
    NEED(peer.start());
    EXPECT_OK(peer.thread()->set_fault_handler(endpoint, 0));
    may_go = true;
    const std::uint64_t desk = endpoint.ref().index() | std::uint64_t{reply.ref().index()} << 32;
    const Set receive = call_of(ours, abi::Syscall::receive, desk, {});
    Set out{};
    enter_with(&receive, &out);
    EXPECT(out.rax == 0 && abi::Tag{out.rsi}.has(abi::Tag::is_fault));
    EXPECT(out.rdx == touch.rax);
    EXPECT(out.r12 == 0 && out.r13 == 0);
    EXPECT(kept(receive, out));
    EXPECT(clean(out, theirs, false));
    EXPECT_OK(ipc::own_space()->map(
        place, {.address = touch.rax, .length = page, .flags = abi::MapFlags::read}));
    const Set answer = call_of(ours, abi::Syscall::reply, reply.ref().index(), {});
    enter_with(&answer, &out);
    EXPECT(peer.join());
    EXPECT(touched.rax == 0 && touched.rbx == touch.rbx && touched.r15 == touch.r15 &&
           touched.rdi == touch.rdi && touched.r13 == touch.r13 && touched.fs == touch.fs);
    EXPECT(clean(touched, ours, false));
    EXPECT_OK(ipc::own_space()->unmap(touch.rax, page));
}

TEST(poison_first_instruction) {
    const auto area = NEED(bank()->create_memory(3 * page));
    const auto mapping = NEED(rt::map(area, {.length = 3 * page}));
    const auto thread = NEED(bank()->create_thread({.space = ipc::own_space(),
                                                    .table = ipc::own_table(),
                                                    .pages = area,
                                                    .pages_offset = page}));
    const auto context =
        NEED(bank()->create_sched_context(ipc::own_sched_context(), {.priority = 100}));
    EXPECT_OK(context->bind(thread));
    Set first = poisoned(ours);
    const std::uint64_t stack = mapping.address() + page - 8;
    *reinterpret_cast<std::uint64_t*>(stack) = reinterpret_cast<std::uint64_t>(&first);
    spins = 0;
    EXPECT_OK(thread->start({.rip = reinterpret_cast<std::uint64_t>(&first_instruction),
                             .rsp = stack,
                             .gs_base = mapping.address() + 2 * page}));
    const auto sleep = NEED(bank()->create_notification());
    for (int i = 0; i < 200 && spins == 0; ++i) {
        (void)sleep->wait({.deadline = rt::now() + 5'000'000});
    }
    EXPECT_OK(thread->stop());
    EXPECT(spins == 1);
    const std::uint64_t* words = &first.rax;
    for (std::size_t i = 0; i < offsetof(Set, rflags) / sizeof(std::uint64_t); ++i) {
        EXPECT(words[i] == 0);
    }
    EXPECT((first.rflags & status_flags) == 0 && first.fs == 0);
}

// Whatever was in a page before, its next owner finds zeros: in memory, and in a new thread's two pages.
TEST(poison_memory) {
    constexpr std::uint64_t length = 64 * page;
    const auto is_zero = [](const std::byte* bytes, std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i) {
            if (bytes[i] != std::byte{0}) {
                return false;
            }
        }
        return true;
    };
    for (const std::uint64_t flags : {std::uint64_t{0}, abi::MemoryFlags::contiguous}) {
        for (int round = 0; round < 3; ++round) {
            const auto memory = NEED(bank()->create_memory(length, {.flags = flags}));
            const auto mapping = NEED(rt::map(memory, {.length = length}));
            auto* bytes = reinterpret_cast<std::byte*>(mapping.address());
            EXPECT(is_zero(bytes, length));
            std::memset(bytes, 0xc1, length);
            if (flags == 0) {
                EXPECT_OK(memory->decommit({0, page}));
                EXPECT(is_zero(bytes, page));
                EXPECT_OK(memory->resize(page));
                EXPECT_OK(memory->resize(length));
                EXPECT(is_zero(bytes, length));
                std::memset(bytes, 0xc1, length);
            }
        }
    }
}
