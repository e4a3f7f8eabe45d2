// SPDX-License-Identifier: MIT
// Hostile user code: two threads of a process with its own bank make whatever system calls, faults and waits the input says.
// Whatever they do, the kernel's invariants hold (it would panic), no sanitizer objects, the first process goes on, and
// destroying the bank gives back every page that was bought from it.
#include <fuzzer/FuzzedDataProvider.h>

#include <array>
#include <cstdlib>
#include <span>
#include <string_view>

#include "kernel/arch/host/booted_kernel.hpp"
#include "kernel/arch/x86_64/traps.hpp"
#include "kernel/debug/invariants.hpp"
#include "kernel/object/cap_table.hpp"
#include "kernel/object/work.hpp"
#include "kernel/plat/platform.hpp"

namespace {

using abi::BootCapability;
using host::User;
using host::Words;

constexpr std::uint64_t bank_bytes = std::uint64_t{2} << 20;
constexpr std::uint64_t table_slots = 48;
constexpr std::uint64_t child_priority = 100;
constexpr Nanoseconds millisecond = 1'000'000;
constexpr Nanoseconds run_time = 1000 * millisecond;
// What the child finds in its table besides its own objects.
constexpr std::uint64_t slot_endpoint = 8;
constexpr std::uint64_t slot_reply = 9;
constexpr std::uint64_t slot_notification = 10;

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

void check() {
    if (const char* broken = kernel_broken_invariant()) {
        fail(broken);
    }
}

abi::CapIndex made(abi::CapIndex index, const char* what) {
    if (index == abi::no_capability) {
        fail(what);
    }
    return index;
}

struct Child {
    abi::CapIndex bank, table, space, contexts[2], threads[2];
};

// Everything is bought from the child's bank, and what init holds of it goes with that.
Child make_child(User& init) {
    using abi::ObjectType;
    Child child{};
    child.bank = made(init.create(ObjectType::bank, bank_bytes), "bank");
    const auto create = [&](ObjectType type, std::uint64_t w1 = 0, std::uint64_t w2 = 0,
                            std::uint64_t w3 = 0, std::uint64_t w4 = 0, std::uint64_t w5 = 0) {
        return made(init.create(type, w1, w2, w3, w4, w5, child.bank), "object");
    };
    child.table = create(ObjectType::cap_table, table_slots);
    child.space = create(ObjectType::address_space);
    const auto give = [&](abi::CapIndex cap, std::uint64_t slot,
                          std::uint64_t rights = abi::all_rights) {
        if (!init.call(child.table, abi::CapTableOp::copy, {cap, rights, slot}).ok()) {
            fail("giving a capability");
        }
    };
    const abi::CapIndex pages = create(ObjectType::memory, 4 * abi::page_size);
    for (std::uint64_t i = 0; i < 2; ++i) {
        child.threads[i] = create(ObjectType::thread, child.space, child.table, pages,
                                  2 * i * abi::page_size, i * abi::ThreadFlags::fpu);
        child.contexts[i] = create(ObjectType::sched_context, BootCapability::boot_sched_context,
                                   child_priority, i * millisecond, 10 * millisecond);
        init.call(child.contexts[i], abi::SchedContextOp::bind, {child.threads[i]});
    }
    give(child.table, BootCapability::boot_own_table);
    give(child.space, BootCapability::boot_own_space);
    give(child.threads[0], BootCapability::boot_own_thread);
    // Not the right to end itself too soon: it has that for the banks that it makes.
    give(child.bank, BootCapability::boot_bank, abi::BankRights::create | abi::BankRights::query);
    give(child.contexts[0], BootCapability::boot_sched_context);
    give(BootCapability::boot_interrupt_control, BootCapability::boot_interrupt_control);
    give(child.threads[1], 12);
    give(create(ObjectType::endpoint), slot_endpoint);
    give(create(ObjectType::reply), slot_reply);
    give(create(ObjectType::notification), slot_notification);
    give(create(ObjectType::memory, 8 * abi::page_size), 11);
    for (const abi::CapIndex thread : child.threads) {
        init.call(thread, abi::ThreadOp::start, {0x400000});
    }
    return child;
}

// Values that lie near something that has a meaning.
std::uint64_t interesting(FuzzedDataProvider& input) {
    switch (input.ConsumeIntegralInRange(0, 7)) {
        case 0: return input.ConsumeIntegralInRange(0, 16);
        case 1: return input.ConsumeIntegralInRange<std::uint64_t>(0, 15) * abi::page_size;
        case 2:
            return 0x10000 + input.ConsumeIntegralInRange<std::uint64_t>(0, 15) * abi::page_size;
        case 3:  return std::uint64_t{1} << input.ConsumeIntegralInRange(0, 63);
        case 4:  return arch::user_end - input.ConsumeIntegralInRange<std::uint64_t>(0, 3) * 2048;
        case 5:  return input.ConsumeIntegral<std::uint64_t>();
        case 6:  return ~std::uint64_t{0};
        default: return input.ConsumeIntegralInRange<std::uint64_t>(0, table_slots);
    }
}

// User code that knows nothing.
void random_system_call(User user, FuzzedDataProvider& input) {
    const auto number = static_cast<abi::Syscall>(
        abi::native_system_calls + input.ConsumeIntegralInRange<std::uint64_t>(0, 8));
    const auto slot = [&] { return input.ConsumeIntegralInRange<std::uint64_t>(0, 24); };
    std::uint64_t cap = slot();
    if (number == abi::Syscall::reply_and_receive || number == abi::Syscall::receive) {
        cap |= slot() << 32;
    }
    const auto label = input.ConsumeIntegralInRange<std::uint16_t>(0, 13);
    const auto payload = input.ConsumeBool() ? std::uint64_t{0} : interesting(input) & 0x1fff;
    const auto capabilities = input.ConsumeIntegralInRange<std::uint64_t>(0, 5);
    std::uint64_t flags = std::uint64_t{input.ConsumeIntegral<std::uint8_t>()} << 40;
    for (std::uint32_t& index : user.control().capabilities) {
        index = input.ConsumeIntegralInRange<std::uint32_t>(0, 24);
    }
    Words words{};
    for (std::uint64_t& word : words) {
        word = interesting(input);
    }
    const Nanoseconds deadline = input.ConsumeBool() ? 0 : interesting(input);
    user.enter(number, cap, abi::make_tag(label, payload, capabilities, 0, flags), words, deadline);
}

// What the words of an operation are meant to be; one letter per word.
//   capabilities: b bank, c cap_table, s address space, m memory, t thread, x sched_context, e endpoint, n notification, y any
//   a address, l length, o offset, g map flags, i slot, f small number, v anything, - zero
struct Shape {
    abi::ObjectType type;
    std::string_view words;
};
constexpr std::array shapes{
    Shape{abi::ObjectType::bank, "f"},
    Shape{abi::ObjectType::cap_table, "f"},
    Shape{abi::ObjectType::address_space, ""},
    Shape{abi::ObjectType::memory, "lfef"},
    Shape{abi::ObjectType::memory, "l---"},
    Shape{abi::ObjectType::thread, "scmo-"},
    Shape{abi::ObjectType::sched_context, "xfff"},
    Shape{abi::ObjectType::endpoint, ""},
    Shape{abi::ObjectType::reply, ""},
    Shape{abi::ObjectType::notification, ""},
};

using Labels = std::span<const std::string_view>;
constexpr std::string_view bank_words[]{"", "l", "", ""};
constexpr std::string_view table_words[]{"yfi", "evi-f", "y-i", "i", "i", "b", "i", "i"};
constexpr std::string_view space_words[]{"malog", "al", "alg", "b", "a-f", "aff", "afaff-", "a"};
constexpr std::string_view memory_words[]{"",     "l",  "bol", "ol",  "o", "ol",
                                          "olmo", "ol", "ol",  "olb", "ol"};
constexpr std::string_view thread_words[]{"avv", "", "", "", "", "", "aaa", "ef", "", "n"};
constexpr std::string_view context_words[]{"t", "", ""};
constexpr std::string_view notification_words[]{"", "nf", "n"};
constexpr std::string_view control_words[]{"ffb", "--b"};
constexpr std::string_view interrupt_words[]{"nf", ""};

Labels labels_of(abi::ObjectType type) {
    switch (type) {
        case abi::ObjectType::bank:              return bank_words;
        case abi::ObjectType::cap_table:         return table_words;
        case abi::ObjectType::address_space:     return space_words;
        case abi::ObjectType::memory:            return memory_words;
        case abi::ObjectType::thread:            return thread_words;
        case abi::ObjectType::sched_context:     return context_words;
        case abi::ObjectType::notification:      return notification_words;
        case abi::ObjectType::interrupt_control: return control_words;
        case abi::ObjectType::interrupt:         return interrupt_words;
        default:                                 return {};
    }
}

// User code that knows what it does: it finds its capabilities by type, and passes arguments that may well be right.
class Knowing {
public:
    Knowing(User user, FuzzedDataProvider& input)
        : user_(user),
          table_(static_cast<kernel::Thread&>(user.context()).table()),
          input_(input) {}

    void act() {
        switch (input_.ConsumeIntegralInRange(0, 11)) {
            case 0:  create(); break;
            case 1:  message(abi::Syscall::call, capability(abi::ObjectType::endpoint)); break;
            case 2:  message(abi::Syscall::send, capability(abi::ObjectType::endpoint)); break;
            case 3:  message(abi::Syscall::receive, receiving()); break;
            case 4:  message(abi::Syscall::reply_and_receive, receiving()); break;
            case 5:  message(abi::Syscall::reply, capability(abi::ObjectType::reply)); break;
            case 6:  message(abi::Syscall::signal, capability(abi::ObjectType::notification)); break;
            case 7:  message(abi::Syscall::wait, capability(abi::ObjectType::notification)); break;
            default: operate();
        }
    }

private:
    // The slot, if the table still has it (its owner may shrink and replace it).
    abi::ObjectType type_at(std::uint32_t index) {
        const kernel::Capability* slot = table_.find(index);
        return slot == nullptr ? abi::ObjectType::none : slot->object->type();
    }
    // The first with this type from a random place on; none: any.
    std::uint32_t capability(abi::ObjectType wanted) {
        const auto start = input_.ConsumeIntegralInRange<std::uint32_t>(0, table_slots - 1);
        for (std::uint32_t i = 0; i < table_slots; ++i) {
            const std::uint32_t index = (start + i) % table_slots;
            const abi::ObjectType type = type_at(index);
            if (type == wanted || (wanted == abi::ObjectType::none && type != wanted)) {
                return index;
            }
        }
        return start;
    }
    std::uint64_t receiving() {
        const std::uint64_t endpoint = capability(abi::ObjectType::endpoint);
        const std::uint64_t reply = capability(abi::ObjectType::reply);
        return endpoint | (input_.ConsumeBool() ? reply << 32 : 0);
    }
    std::uint64_t pages(std::uint64_t least, std::uint64_t most) {
        return input_.ConsumeIntegralInRange(least, most) * abi::page_size;
    }
    std::uint64_t word(char kind) {
        using abi::ObjectType;
        switch (kind) {
            case 'b': return capability(ObjectType::bank);
            case 'c': return capability(ObjectType::cap_table);
            case 's': return capability(ObjectType::address_space);
            case 'm': return capability(ObjectType::memory);
            case 't': return capability(ObjectType::thread);
            case 'x': return capability(ObjectType::sched_context);
            case 'e': return capability(ObjectType::endpoint);
            case 'n': return capability(ObjectType::notification);
            case 'y': return capability(ObjectType::none);
            case 'a': return 0x10000 + pages(0, 15);
            case 'l': return pages(1, 6);
            case 'o': return pages(0, 7);
            case 'g': return input_.PickValueInArray<std::uint64_t>({1, 3, 5, 0x13, 0x23, 0x43});
            case 'i': return input_.ConsumeIntegralInRange<std::uint64_t>(0, table_slots - 1);
            case 'f': return input_.ConsumeIntegralInRange<std::uint64_t>(0, 15);
            case 'v': return interesting(input_);
            default:  return 0;
        }
    }
    void perform(std::uint64_t cap, std::uint16_t label, const Words& words) {
        const std::uint64_t flags =
            input_.ConsumeBool() ? abi::Tag::has_deadline | abi::Tag::interruptible : 0;
        const auto payload = input_.ConsumeIntegralInRange<std::uint64_t>(0, 256);
        user_.enter(abi::Syscall::call, cap, abi::make_tag(label, payload, 0, 0, flags), words,
                    soon());
    }
    void create() {
        const Shape& shape =
            shapes[input_.ConsumeIntegralInRange<std::size_t>(0, shapes.size() - 1)];
        Words words{static_cast<std::uint64_t>(shape.type)};
        for (std::size_t i = 0; i < shape.words.size(); ++i) {
            words[i + 1] = word(shape.words[i]);
        }
        if (shape.type == abi::ObjectType::bank) {
            words[1] *= abi::page_size;
        }
        perform(capability(abi::ObjectType::bank), 1, words);
    }
    void operate() {
        const std::uint32_t cap = capability(abi::ObjectType::none);
        const Labels labels = labels_of(type_at(cap));
        if (labels.empty()) {
            return;
        }
        const auto label = input_.ConsumeIntegralInRange<std::size_t>(0, labels.size() - 1);
        Words words{};
        for (std::size_t i = 0; i < labels[label].size(); ++i) {
            words[i] = word(labels[label][i]);
        }
        // A bank's first operation, create, has shapes of its own.
        const std::size_t first = type_at(cap) == abi::ObjectType::bank ? 2 : 1;
        perform(cap, static_cast<std::uint16_t>(label + first), words);
    }
    void message(abi::Syscall number, std::uint64_t cap) {
        const auto capabilities = input_.ConsumeIntegralInRange<std::uint64_t>(0, 4);
        for (std::uint64_t i = 0; i < capabilities; ++i) {
            user_.control().capabilities[i] = capability(abi::ObjectType::none);
        }
        std::uint64_t flags = input_.ConsumeBool() ? abi::Tag::has_deadline : 0;
        flags |= input_.ConsumeBool() ? abi::Tag::interruptible : 0;
        flags |= input_.ConsumeBool() ? abi::Tag::moves : 0;
        const auto payload = input_.ConsumeIntegralInRange<std::uint64_t>(0, 64);
        user_.enter(number, cap, abi::make_tag(0, payload, capabilities, 0, flags),
                    {input_.ConsumeIntegral<std::uint8_t>()}, soon());
    }
    Nanoseconds soon() {
        return plat::clock_now() + input_.ConsumeIntegralInRange<Nanoseconds>(0, 10) * millisecond;
    }

    User user_;
    kernel::CapTable& table_;
    FuzzedDataProvider& input_;
};

void step(User& init, FuzzedDataProvider& input) {
    arch::ThreadContext* thread = host::running();
    if (thread == nullptr) {
        host::Machine::advance(input.ConsumeIntegralInRange<Nanoseconds>(0, 20) * millisecond);
        return;
    }
    if (thread == &init.context()) {
        return;
    }
    User user(*thread);
    switch (input.ConsumeIntegralInRange(0, 15)) {
        case 0: user.touch(interesting(input), input.ConsumeBool()); break;
        case 1:
            host::Machine::advance(input.ConsumeIntegralInRange<Nanoseconds>(0, 20) * millisecond);
            break;
        case 2:
            host::Machine::raise_line(input.ConsumeIntegralInRange<std::uint32_t>(0, 23));
            break;
        case 3:
            user.control().upcalls_masked = input.ConsumeIntegralInRange<std::uint64_t>(0, 3);
            break;
        case 4:
            host::Machine::visit([&] {
                kernel_user_exception(thread, input.ConsumeIntegralInRange<std::uint64_t>(0, 20), 0,
                                      0);
            });
            break;
        case 5:
        case 6:  random_system_call(user, input); break;
        default: Knowing(user, input).act();
    }
}

std::uint64_t free_bytes(User& init) {
    return init.call(BootCapability::boot_bank, abi::BankOp::query).words[3];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    User& init = host::init();
    static const abi::CapIndex sleep = made(init.create(abi::ObjectType::notification), "sleep");
    FuzzedDataProvider input(data, size);
    // What can be done in steps is, and time passes in between.
    kernel::Work::chunk = input.ConsumeIntegralInRange<std::uint32_t>(1, 64);
    host::Machine::at_preemption_points(input.ConsumeIntegralInRange<Nanoseconds>(0, 2'000'000),
                                        check);
    const std::uint64_t before = free_bytes(init);
    const Child child = make_child(init);

    init.enter(abi::Syscall::wait, sleep, abi::make_tag(0, 0, 0, 0, abi::Tag::has_deadline), {},
               plat::clock_now() + run_time);
    while (input.remaining_bytes() > 0 && !init.running()) {
        step(init, input);
        check();
    }
    host::Machine::advance(run_time);
    if (!init.running()) {
        fail("the first process does not run again");
    }
    if (init.answer().error != abi::Error::timed_out) {
        fail("the first process was disturbed");
    }
    check();
    if (!init.call(child.bank, abi::BankOp::destroy).ok()) {
        fail("the bank cannot be destroyed");
    }
    host::remove_lost(init);
    check();
    if (free_bytes(init) != before) {
        fail("destroying the bank did not give everything back");
    }
    return 0;
}
