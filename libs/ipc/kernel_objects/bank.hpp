// SPDX-License-Identifier: MIT
// Bank: the right to buy memory and objects, up to a limit.
#pragma once

#include "libs/ipc/operate.hpp"

namespace ipc {

struct CapTable;
struct AddressSpace;
struct Memory;
struct Thread;
struct SchedContext;
struct Endpoint;
struct Reply;
struct Notification;

struct BankUsage {
    std::uint64_t limit;
    std::uint64_t charged;  // here and in all banks below
    std::uint64_t charged_here;
    std::uint64_t machine_free;  // of the whole machine
};

// Of what was bought here, not below.
struct BankActivity {
    std::uint64_t cpu_ns;    // charged to scheduling contexts
    std::uint64_t messages;  // calls and sends of threads
};

struct MemoryOptions {
    std::uint64_t flags = 0;   // abi::MemoryFlags
    Ref<Endpoint> pager = {};  // who supplies missing pages
    std::uint64_t pager_badge = 0;
};

struct ThreadOptions {
    Ref<AddressSpace> space;
    Ref<CapTable> table;
    Ref<Memory> pages;               // message page and control page ...
    std::uint64_t pages_offset = 0;  // ... at this offset
    std::uint64_t flags = 0;         // abi::ThreadFlags
};

struct SchedOptions {
    std::uint8_t priority = 0;
    std::uint64_t budget_ns = 0;  // 0: no limit
    std::uint64_t period_ns = 0;
};

struct Bank : Object {
    using Op = abi::BankOp;

    [[nodiscard]] KernelResult<Capability<Bank>> create_bank(std::uint64_t limit) const {
        return create<Bank>(abi::ObjectType::bank, {0, limit});
    }
    [[nodiscard]] KernelResult<Capability<CapTable>> create_cap_table(std::uint64_t slots) const {
        return create<CapTable>(abi::ObjectType::cap_table, {0, slots});
    }
    [[nodiscard]] KernelResult<Capability<AddressSpace>> create_address_space() const {
        return create<AddressSpace>(abi::ObjectType::address_space);
    }
    [[nodiscard]] KernelResult<Capability<Memory>> create_memory(
        std::uint64_t bytes, const MemoryOptions& options = {}) const {
        return create<Memory>(
            abi::ObjectType::memory,
            {0, bytes, options.flags, options.pager.index(), options.pager_badge});
    }
    [[nodiscard]] KernelResult<Capability<Thread>> create_thread(
        const ThreadOptions& options) const {
        return create<Thread>(abi::ObjectType::thread,
                              {0, options.space.index(), options.table.index(),
                               options.pages.index(), options.pages_offset, options.flags});
    }
    [[nodiscard]] KernelResult<Capability<SchedContext>> create_sched_context(
        Ref<SchedContext> parent, const SchedOptions& options) const {
        return create<SchedContext>(
            abi::ObjectType::sched_context,
            {0, parent.index(), options.priority, options.budget_ns, options.period_ns});
    }
    [[nodiscard]] KernelResult<Capability<Endpoint>> create_endpoint() const {
        return create<Endpoint>(abi::ObjectType::endpoint);
    }
    [[nodiscard]] KernelResult<Capability<Reply>> create_reply() const {
        return create<Reply>(abi::ObjectType::reply);
    }
    [[nodiscard]] KernelResult<Capability<Notification>> create_notification() const {
        return create<Notification>(abi::ObjectType::notification);
    }
    [[nodiscard]] KernelResult<BankUsage> query() const {
        const Words words = TRY(detail::ask(index, Op::query));
        return BankUsage{words[0], words[1], words[2], words[3]};
    }
    [[nodiscard]] KernelResult<BankActivity> activity() const {
        const Words words = TRY(detail::ask(index, Op::activity));
        return BankActivity{.cpu_ns = words[0], .messages = words[1]};
    }
    [[nodiscard]] KernelResult<void> set_limit(std::uint64_t bytes) const {
        return detail::operate(index, Op::set_limit, {bytes});
    }
    // Signals the bits once, when less than so many bytes are left to the limit (at once, if that is so), or the limit changes.
    [[nodiscard]] KernelResult<void> watch(Ref<Notification> target, std::uint64_t bits,
                                           std::uint64_t left) const {
        return detail::operate(index, Op::watch, {target.index(), bits, left});
    }
    // Ends everything that was bought from it and from the banks below it, and the bank.
    [[nodiscard]] KernelResult<void> destroy() const { return detail::operate(index, Op::destroy); }

private:
    template <class T>
    [[nodiscard]] KernelResult<Capability<T>> create(abi::ObjectType type, Words words = {}) const {
        words[0] = static_cast<std::uint64_t>(type);
        return detail::obtain<T>(index, Op::create, words);
    }
};

}  // namespace ipc
