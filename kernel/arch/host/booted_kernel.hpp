// SPDX-License-Identifier: MIT
// A kernel that has booted on the simulated machine, and a test as its user code.
//
// `init()` is the first process's thread. The test acts for a thread by a User: it enters system calls with that thread's
// registers and touches memory as that thread, which must be the one that runs. When a call blocks, another thread is
// `running()`, or nobody is.
//
//   User& init = host::boot();
//   host::Answer made = init.create(abi::ObjectType::endpoint);
//   User server = host::start_thread(...);      server.enter(Syscall::receive, ...);
#pragma once

#include <array>
#include <cstdint>

#include "abi/kernel/message.hpp"
#include "abi/kernel/object.hpp"
#include "abi/kernel/operation.hpp"
#include "abi/kernel/syscall.hpp"
#include "kernel/arch/host/machine.hpp"
#include "kernel/object/thread.hpp"

namespace host {

using Words = std::array<std::uint64_t, abi::message_words>;

struct Answer {
    abi::Error error = abi::Error::ok;
    abi::Tag tag;
    std::uint64_t badge = 0;
    Words words{};

    [[nodiscard]] bool ok() const { return error == abi::Error::ok; }
    [[nodiscard]] abi::CapIndex cap() const { return static_cast<abi::CapIndex>(words[0]); }
};

class User {
public:
    explicit User(arch::ThreadContext& context) : context_(&context) {}

    [[nodiscard]] bool running() const { return arch::this_cpu().current == context_; }

    // Executes `syscall` with these registers. What came of it: running() and answer().
    void enter(abi::Syscall number, std::uint64_t cap, abi::Tag tag = {}, const Words& words = {},
               Nanoseconds deadline = 0);
    [[nodiscard]] Answer answer() const;

    // An operation that does not block.
    template <class Label>
    Answer call(std::uint64_t cap, Label label, const Words& words = {}) {
        enter(abi::Syscall::call, cap, abi::make_tag(static_cast<std::uint16_t>(label)), words);
        return answer();
    }
    // Buys an object from the bank; its capability, or 0.
    abi::CapIndex create(abi::ObjectType type, std::uint64_t w1 = 0, std::uint64_t w2 = 0,
                         std::uint64_t w3 = 0, std::uint64_t w4 = 0, std::uint64_t w5 = 0,
                         abi::CapIndex bank = abi::boot_bank);

    // The byte at a user address, after the faults that the access causes; null if it ends in one that is not resolved.
    std::byte* touch(std::uint64_t address, bool write);

    [[nodiscard]] abi::ControlPage& control() const { return *context_->control; }
    [[nodiscard]] std::byte* message_page() const;
    [[nodiscard]] arch::ThreadContext& context() const { return *context_; }

private:
    arch::ThreadContext* context_;
};

// Boots at the first call.
User& init();
// Whoever runs now; null: the machine idles.
arch::ThreadContext* running();

// A thread in init's address space and table, with a context of its own of this priority, started; 0 caps if it failed.
struct NewThread {
    abi::CapIndex thread = 0;
    abi::CapIndex context = 0;
    arch::ThreadContext* registers = nullptr;
};
NewThread start_thread(User& creator, std::uint64_t priority, abi::CapIndex bank);

// What of the first process's capabilities others took away: the slots are free again.
void remove_lost(User& init);

}  // namespace host
