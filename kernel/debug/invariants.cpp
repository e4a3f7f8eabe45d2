// SPDX-License-Identifier: MIT
#include "kernel/debug/invariants.hpp"

#include <algorithm>

#include "kernel/debug/hold.hpp"
#include "kernel/debug/listing.hpp"
#include "kernel/first_process.hpp"
#include "kernel/mm/frame_pool.hpp"
#include "kernel/object/address_space.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/object/cap_table.hpp"
#include "kernel/object/endpoint.hpp"
#include "kernel/object/memory.hpp"
#include "kernel/object/notification.hpp"
#include "kernel/object/reply.hpp"
#include "kernel/object/sched_context.hpp"
#include "kernel/object/thread.hpp"
#include "kernel/panic.hpp"

namespace kernel {

// Before all others come the objects of the root bank, a bank's objects come after the bank.
Object* Invariants::first_object() { return root_bank().objects_.front(); }

Object* Invariants::next_object(Object& object) {
    if (object.type() == ObjectType::bank) {
        if (Object* inside = static_cast<Bank&>(object).objects_.front()) {
            return inside;
        }
    }
    for (Object* at = &object;; at = &at->bank()) {
        if (at == &root_bank()) {
            return nullptr;
        }
        if (Object* next = at->bank().objects_.next(*at)) {
            return next;
        }
    }
}

Invariants::Broken Invariants::check_object(Object& object, Totals& totals) {
    HOLD_ALL(check_references(object));
    HOLD_ALL(check_tree(object, totals));
    HOLD_ALL(check_guards(object));
    switch (object.type()) {
        case ObjectType::bank:      return check_bank(static_cast<Bank&>(object), totals);
        case ObjectType::cap_table: return check_table(static_cast<CapTable&>(object), totals);
        case ObjectType::address_space:
            return check_space(static_cast<AddressSpace&>(object), totals);
        case ObjectType::memory: return check_memory(static_cast<Memory&>(object), totals);
        case ObjectType::thread: return check_thread(static_cast<Thread&>(object), totals);
        case ObjectType::sched_context:
            return check_context(static_cast<SchedContext&>(object), totals);
        case ObjectType::endpoint: return check_endpoint(static_cast<Endpoint&>(object));
        case ObjectType::reply:    return check_reply(static_cast<Reply&>(object));
        case ObjectType::notification:
            return check_notification(static_cast<Notification&>(object));
        default: return nullptr;
    }
}

namespace {

// A check takes about as long as some thousand system calls.
constexpr std::uint32_t times_between_checks = 1000;

constinit bool asked = false;
constinit std::uint32_t times_left = 0;

}  // namespace

constinit std::uint64_t Invariants::frames_of_kernel_ = 0;

void Invariants::ask(std::string_view command_line) {
    frames_of_kernel_ = static_cast<std::uint64_t>(std::ranges::count_if(
        mm::frames.records(), [](const mm::Frame& frame) { return frame.references() != 0; }));
    if constexpr (CLUU_DEBUG != 0) {
        // For a debugger; the linker leaves out what nobody names.
        asm volatile("" : : "r"(&kernel_list_domains), "r"(&kernel_list_domain));
    }
    constexpr std::string_view word = "check";
    for (std::size_t at = command_line.find(word); at != std::string_view::npos;
         at = command_line.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        asked |= (at == 0 || command_line[at - 1] == ' ') &&
                 (end == command_line.size() || command_line[end] == ' ');
    }
}

void Invariants::check_now_and_then() {
    if (!asked || times_left-- != 0) {
        return;
    }
    times_left = times_between_checks;
    if (const char* text = broken()) {
        kernel_panic("an invariant of the kernel does not hold: ", text, "\n");
    }
}

const char* Invariants::broken() {
    Totals totals;
    Bank& root = root_bank();
    HOLD_ALL(check_tree(root, totals));
    HOLD_ALL(check_bank(root, totals));
    for (Object* object = first_object(); object != nullptr; object = next_object(*object)) {
        HOLD_ALL(check_object(*object, totals));
    }
    HOLD(totals.slots_in_use == totals.capabilities);
    HOLD(totals.regions == totals.regions_of_memories);
    HOLD(totals.own_pages == root.charged_);
    HOLD_ALL(check_frames(totals.own_pages - totals.promised_pages));
    HOLD_ALL(check_futexes(totals));
    return check_schedulers(totals);
}

}  // namespace kernel

extern "C" const char* kernel_broken_invariant() { return kernel::Invariants::broken(); }
