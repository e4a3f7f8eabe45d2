// SPDX-License-Identifier: MIT
#include "kernel/debug/listing.hpp"

#include <array>
#include <string_view>

#include "kernel/debug/invariants.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/object/cap_table.hpp"
#include "kernel/object/memory.hpp"
#include "kernel/object/notification.hpp"
#include "kernel/object/sched_context.hpp"
#include "kernel/object/thread.hpp"
#include "kernel/print.hpp"

namespace kernel {

namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(ObjectType::count_end)> type_names{
    "nothing",  "bank",     "cap_table", "address_space", "memory",    "thread",
    "context",  "endpoint", "reply",     "notification",  "interrupt", "interrupt_control",
    "io_ports", "log"};
constexpr std::array<std::string_view, 5> state_names{"stopped", "ready", "running", "blocked",
                                                      "faulted"};
constexpr std::array<std::string_view, 8> wait_names{"",
                                                     " to send",
                                                     " to tell a fault",
                                                     " for an answer",
                                                     " to receive",
                                                     " for a signal",
                                                     " for a futex",
                                                     " for a page"};

std::string_view name_of(const Thread& thread) {
    const auto* text = reinterpret_cast<const char*>(thread.name.data());
    const std::string_view bytes(text, sizeof thread.name);
    return bytes.substr(0, bytes.find('\0'));
}

void print_thread(const Thread& thread) {
    kernel_print("thread ", thread.number, " ", name_of(thread), ": ",
                 state_names[static_cast<std::size_t>(thread.state())],
                 wait_names[static_cast<std::size_t>(thread.wait())], ", rip ",
                 hex(thread.registers.rip), "\n");
}

}  // namespace

// All there is.
template <class Visit>
void Listing::for_each_object(Visit&& visit) {
    for (Object* object = Invariants::first_object(); object != nullptr;
         object = Invariants::next_object(*object)) {
        visit(*object);
    }
}

void Listing::print_threads(const Object& table) {
    for_each_object([&](Object& object) {
        if (object.type() == ObjectType::thread &&
            &static_cast<Thread&>(object).table() == &table) {
            kernel_print("  ");
            print_thread(static_cast<Thread&>(object));
        }
    });
}

void Listing::print_object(Object& object) {
    kernel_print(type_names[static_cast<std::size_t>(object.type())], " ",
                 hex(reinterpret_cast<std::uint64_t>(&object)), ", ", object.references(),
                 " references");
    switch (object.type()) {
        case ObjectType::bank: {
            const auto& bank = static_cast<Bank&>(object);
            kernel_print(", ", bank.charged_bytes(), " of ", bank.limit_bytes(), " bytes\n");
            break;
        }
        case ObjectType::memory: {
            const auto& memory = static_cast<Memory&>(object);
            kernel_print(", ", memory.bytes(), " bytes, ", memory.committed(), " pages there\n");
            break;
        }
        case ObjectType::thread:
            kernel_print(": ");
            print_thread(static_cast<Thread&>(object));
            break;
        case ObjectType::cap_table:
            kernel_print(", domain ", static_cast<CapTable&>(object).number, "\n");
            break;
        case ObjectType::sched_context:
            kernel_print(", priority ", static_cast<SchedContext&>(object).priority, "\n");
            break;
        case ObjectType::notification:
            kernel_print(", bits ", hex(static_cast<Notification&>(object).bits()), "\n");
            break;
        default: kernel_print("\n"); break;
    }
}

void Listing::domains() {
    for_each_object([](Object& object) {
        if (object.type() != ObjectType::cap_table) {
            return;
        }
        auto& table = static_cast<CapTable&>(object);
        std::uint32_t capabilities = 0;
        table.for_each_slot([&](const Capability& slot) { capabilities += slot.empty() ? 0 : 1; });
        kernel_print("domain ", table.number, ", ", capabilities, " capabilities\n");
        print_threads(table);
    });
}

void Listing::domain(std::uint32_t number) {
    for_each_object([&](Object& object) {
        if (object.type() != ObjectType::cap_table ||
            static_cast<CapTable&>(object).number != number) {
            return;
        }
        auto& table = static_cast<CapTable&>(object);
        kernel_print("domain ", number, "\n");
        print_threads(table);
        table.for_each_slot([](const Capability& capability) {
            if (capability.empty()) {
                return;
            }
            kernel_print("  ", capability.index, ": rights ", hex(capability.rights));
            if (capability.badged) {
                kernel_print(", badge ", hex(capability.badge));
            }
            kernel_print(", ");
            print_object(*capability.object);
        });
    });
}

}  // namespace kernel

void kernel_list_domains() { kernel::Listing::domains(); }
void kernel_list_domain(std::uint32_t number) { kernel::Listing::domain(number); }
