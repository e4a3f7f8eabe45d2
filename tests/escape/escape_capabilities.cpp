// SPDX-License-Identifier: MIT
// escape_capabilities ATTEMPT: what a process can do with its capabilities beside what they are for. Each attempt tells what was not
// refused as it should be; the status is 0 if nothing was.
#include <array>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "interfaces/fs.hpp"
#include "interfaces/process.hpp"
#include "interfaces/process_image.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "libs/ipc/names.hpp"
#include "libs/ipc/protocol.hpp"

namespace {

using abi::Error;

int failures = 0;

void is(const char* what, Error got, Error wanted) {
    if (got != wanted) {
        std::printf("%s: error %u instead of %u\n", what, static_cast<unsigned>(got),
                    static_cast<unsigned>(wanted));
        ++failures;
    }
}

void holds(const char* what, bool true_as_it_should_be) {
    if (!true_as_it_should_be) {
        std::printf("%s\n", what);
        ++failures;
    }
}

template <class T>
Error error_of(const ipc::KernelResult<T>& result) {
    return result ? Error::ok : result.error();
}

Error operate(abi::CapIndex on, std::uint16_t label, const ipc::Words& words = {}) {
    return ipc::sys::call(on, {abi::make_tag(label), words}).error;
}

ipc::Ref<ipc::Bank> bank() { return ipc::Ref<ipc::Bank>{process::own_bank}; }
ipc::Ref<ipc::CapTable> table() { return ipc::Ref<ipc::CapTable>{process::own_table}; }
ipc::Ref<ipc::AddressSpace> space() { return ipc::Ref<ipc::AddressSpace>{process::own_space}; }

constexpr std::uint64_t all_indices = 70000;

// What a process holds by itself: no device, no interrupt, no port, nobody's log, no other process.
void what_is_held() {
    int held = 0;
    for (abi::CapIndex slot = 0; slot < all_indices; ++slot) {
        const auto info = table()->query(slot);
        if (!info || info->type == abi::ObjectType::none) {
            continue;
        }
        ++held;
        using T = abi::ObjectType;
        const bool harmless = info->type == T::cap_table || info->type == T::address_space ||
                              info->type == T::thread || info->type == T::bank ||
                              info->type == T::sched_context || info->type == T::endpoint ||
                              info->type == T::notification || info->type == T::memory ||
                              info->type == T::reply;
        if (!harmless) {
            std::printf("slot %u holds an object of type %u\n", slot,
                        static_cast<unsigned>(info->type));
            ++failures;
        }
        // Whoever could receive there would be the server.
        if (info->type == T::endpoint && slot < process::first_free) {
            holds("a right to receive what others send",
                  (info->rights & abi::EndpointRights::receive) == 0);
            holds("a right to choose a badge", (info->rights & abi::EndpointRights::mint) == 0);
        }
        if (info->type == T::bank) {
            holds("a right to raise one's own limit",
                  (info->rights & abi::BankRights::manage) == 0);
        }
    }
    holds("next to nothing is held", held > 5);
}

// Every index that holds nothing, with every operation.
void guessed_indices() {
    std::vector<bool> held(all_indices);
    for (abi::CapIndex slot = 0; slot < all_indices; ++slot) {
        const auto info = table()->query(slot);
        held[slot] = info && info->type != abi::ObjectType::none;
    }
    for (abi::CapIndex slot = 0; slot < all_indices; ++slot) {
        if (held[slot]) {
            continue;
        }
        const auto label = static_cast<std::uint16_t>(1 + slot % 14);
        is("a guessed index", operate(slot, label, {slot, 1, 2}), Error::invalid_capability);
        if (slot % 16 == 0) {
            is("a guessed index to signal", ipc::sys::signal(slot, 1), Error::invalid_capability);
            is("a guessed index to copy", error_of(table()->copy(ipc::AnyRef{slot})),
               Error::invalid_capability);
        }
    }
    is("the largest index", operate(~abi::CapIndex{0}, 1), Error::invalid_capability);
}

void removed_capabilities() {
    auto memory = *bank()->create_memory(4096);
    const abi::CapIndex slot = memory.index();
    memory.reset();
    const auto label = static_cast<std::uint16_t>(abi::MemoryOp::query);
    is("what was removed", operate(slot, label), Error::invalid_capability);
    is("removing it again", error_of(table()->remove(slot)), Error::invalid_capability);
}

void revoked_capabilities() {
    const auto memory = *bank()->create_memory(4096);
    const auto derived = *ipc::copy(memory.ref());
    is("revoking", error_of(table()->revoke(memory.index())), Error::ok);
    is("what was revoked", error_of(derived->query()), Error::invalid_capability);
    is("a copy of what was revoked", error_of(ipc::copy(derived.ref())), Error::invalid_capability);
}

// Rights never come back.
void more_rights() {
    const auto memory = *bank()->create_memory(4096);
    const auto reader = *ipc::copy(memory.ref(), abi::MemoryRights::read);
    const auto again = *ipc::copy(reader.ref(), abi::all_rights);
    const std::array<std::byte, 8> bytes{};
    is("writing by a copy for reading", error_of(reader->write(0, bytes)), Error::missing_right);
    is("writing by a copy of it with all rights", error_of(again->write(0, bytes)),
       Error::missing_right);
    is("resizing by it", error_of(again->resize(8192)), Error::missing_right);
    constexpr std::uint64_t where = 0x7000'0000;
    is("mapping it writable", error_of(space()->map(again, {.address = where, .length = 4096})),
       Error::missing_right);
    is("mapping it readable",
       error_of(
           space()->map(again, {.address = where, .length = 4096, .flags = abi::MapFlags::read})),
       Error::ok);
    is("making that writable",
       error_of(space()->protect(where, 4096, abi::MapFlags::read | abi::MapFlags::write)),
       Error::missing_right);
    is("writable and executable",
       error_of(space()->map(memory, {.address = where + 8192,
                                      .length = 4096,
                                      .flags = abi::MapFlags::write | abi::MapFlags::execute})),
       Error::invalid_argument);
}

// A badge says who somebody is. Nobody gives himself another one.
void forged_badges() {
    for (const abi::CapIndex slot : {process::own_process, process::own_view}) {
        for (const std::uint64_t badge : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
            const auto minted = table()->mint(ipc::AnyRef{slot}, {.badge = badge});
            holds("a badge on what has one", !minted);
            const auto guarded = table()->mint(
                ipc::AnyRef{slot}, {.badge = badge, .flags = abi::MintFlags::drop_guard});
            holds("a drop message of somebody else", !guarded);
        }
    }
    const auto endpoint = *bank()->create_endpoint();
    const auto mine = *ipc::mint<ipc::Endpoint>(endpoint.ref(), {.badge = 5});
    holds("a second badge", !ipc::mint<ipc::Endpoint>(mine.ref(), {.badge = 6}));
    const auto bell = *bank()->create_notification();
    const auto bit = *ipc::mint<ipc::Notification>(
        bell.ref(), {.badge = 2, .rights = abi::NotificationRights::signal});
    is("signalling", error_of(bit->signal(~std::uint64_t{0})), Error::ok);
    holds("more bits than the badge", bell->poll().value_or(0) == 2);
    is("waiting by a right to signal", error_of(bit->poll()), Error::missing_right);
}

// Nobody answers but who was asked, and he once.
void replies_of_others() {
    const auto reply = *bank()->create_reply();
    is("answering nobody", ipc::sys::reply(reply.index(), {}), Error::no_caller);
    is("answering by an endpoint", ipc::sys::reply(process::own_process, {}), Error::wrong_type);
    is("receiving at a server's endpoint",
       ipc::sys::receive(process::own_process, reply.index(), 0).error, Error::missing_right);
    is("receiving at the view's endpoint",
       ipc::sys::receive(process::own_view, reply.index(), 0).error, Error::missing_right);
}

void more_memory_than_the_limit() {
    const auto usage = *bank()->query();
    is("raising the limit", error_of(bank()->set_limit(usage.limit * 2 + (1 << 30))),
       Error::missing_right);
    is("ending one's bank", error_of(bank()->destroy()), Error::missing_right);
    // A bank inside is no larger than what it is in.
    const auto inner = *bank()->create_bank(std::uint64_t{1} << 60);
    std::vector<ipc::Capability<ipc::Memory>> taken;
    Error end = Error::ok;
    for (int i = 0; i < 4096 && end == Error::ok; ++i) {
        auto memory = inner->create_memory(1 << 20);
        end = error_of(memory);
        if (memory) {
            end = operate(memory->index(), static_cast<std::uint16_t>(abi::MemoryOp::commit),
                          {0, 1 << 20});
            taken.push_back(std::move(*memory));
        }
    }
    is("more memory than there may be", end, Error::no_memory);
    is("ending the inner bank", error_of(inner->destroy()), Error::ok);
}

void a_higher_priority() {
    const ipc::Ref<ipc::SchedContext> own{process::own_sched_context};
    const auto info = own->query();
    const unsigned priority = info ? info->priority : 0;
    for (const unsigned wanted : {priority + 1, 254U, 255U}) {
        holds("a higher priority",
              !bank()->create_sched_context(own, {.priority = static_cast<std::uint8_t>(wanted)}));
    }
    // Of the budget that a context has no more is made by splitting it.
    const auto inner = bank()->create_sched_context(own, {.priority = 1});
    holds("one's own priority or less", static_cast<bool>(inner));
}

void mappings_beyond_the_end() {
    const auto memory = *bank()->create_memory(8192);
    for (const std::uint64_t address :
         {std::uint64_t{1} << 47, std::uint64_t{0xffff'8000'0000'0000},
          std::uint64_t{0xffff'ffff'8000'0000}, ~std::uint64_t{0} - 4095}) {
        is("mapping into the kernel's half",
           error_of(space()->map(memory, {.address = address, .length = 4096})),
           Error::out_of_range);
        is("unmapping there", error_of(space()->unmap(address, 4096)), Error::out_of_range);
        is("protecting there", error_of(space()->protect(address, 4096, abi::MapFlags::read)),
           Error::out_of_range);
    }
    is("a length beyond the end",
       error_of(space()->unmap(0x7fff'ffff'0000, ~std::uint64_t{0} & ~std::uint64_t{4095})),
       Error::out_of_range);
    is("an offset that wraps",
       error_of(space()->map(
           memory, {.address = 0x7000'0000, .length = 8192, .offset = ~std::uint64_t{0} - 4095})),
       Error::out_of_range);
}

void memory_of_the_machine() {
    const auto memory = *bank()->create_memory(8192);
    is("physical addresses",
       operate(memory.index(), static_cast<std::uint16_t>(abi::MemoryOp::pin),
               {0, 4096, memory.index()}),
       Error::missing_right);
    is("a window of a device",
       operate(memory.index(), static_cast<std::uint16_t>(abi::MemoryOp::window),
               {0, 4096, process::own_bank}),
       Error::invalid_argument);
    for (std::uint64_t flags = 2; flags < 64; ++flags) {
        holds("memory of a kind that is not to be had",
              !bank()->create_memory(4096, {.flags = flags & ~std::uint64_t{1}}) ||
                  (flags & ~std::uint64_t{1}) == 0);
    }
}

// A thread whose registers are the kernel's in all that can be said.
void registers_of_the_kernel() {
    const auto pages = *bank()->create_memory(8192);
    const auto thread =
        *bank()->create_thread({.space = space(), .table = table(), .pages = pages.ref()});
    abi::Registers wild;
    std::memset(&wild, 0xff, sizeof wild);
    is("an instruction in the kernel", error_of(thread->set_registers(wild)), Error::out_of_range);
    wild.rip = wild.rsp = wild.fs_base = wild.gs_base = 0x7000'0000;
    is("wild registers", error_of(thread->set_registers(wild)), Error::ok);
    const auto got = *thread->get_registers();
    holds("privileges in the flags", (got.rflags & 0x3000) == 0);
    holds("interrupts off in the flags", (got.rflags & 0x200) != 0);
    const auto context = bank()->create_sched_context(
        ipc::Ref<ipc::SchedContext>{process::own_sched_context}, {.priority = 1});
    if (context) {
        (void)(*context)->bind(thread);
    }
    // Where it starts there is nothing: it faults, and nobody handles that.
    (void)thread->start({.rip = 0xffff'ffff'8000'0000, .rsp = 0xffff'ffff'8000'0000});
    ipc::sys::yield();
    is("an upcall into the kernel",
       error_of(thread->set_upcalls({.system_call = 0xffff'ffff'8000'0000})), Error::out_of_range);
}

// System calls and labels that do not exist.
void calls_that_are_none() {
    for (std::uint64_t number = 0x1'0000'0000; number < 0x1'0000'0040; ++number) {
        std::uint64_t result = number;
        asm volatile("syscall" : "+a"(result) : "D"(0), "S"(0) : "rcx", "r11", "memory");
    }
    for (std::uint16_t label = 30; label < 60; ++label) {
        for (const abi::CapIndex slot :
             {process::own_table, process::own_space, process::own_bank, process::own_thread}) {
            is("an operation that is none", operate(slot, label), Error::bad_system_call);
        }
    }
}

// Requests to servers with the wrong size, wrong capabilities, or for what was not granted.
void confused_servers() {
    const ipc::Ref<process::Process> self{process::own_process};
    for (const std::string_view service :
         {"container", "log", "devices", "power", "console", "tty", "procmgr", "../procmgr", ""}) {
        const auto answer =
            ipc::call(self, process::GetService{}, {.payload = ipc::bytes(service)});
        holds("a service that was not granted", !answer);
    }
    // Its own table and space in the place of what a server asks for.
    for (std::uint16_t label = 1; label < 40; ++label) {
        if (label == process::Exit::label || label == process::Execute::label ||
            label == process::Fork::label || label == process::Wait::label ||
            label == process::Stopped::label || label == process::Kill::label) {
            continue;
        }
        ipc::control_page().capabilities[0] = process::own_table;
        ipc::control_page().capabilities[1] = process::own_space;
        (void)ipc::sys::call(process::own_view, {abi::make_tag(label, 0, 2), {}});
    }
    const auto again = ipc::call(self, process::Lookup{});
    holds("procmgr answers as before", static_cast<bool>(again));
}

using Attempt = void (*)();
constexpr std::array<std::pair<std::string_view, Attempt>, 14> attempts{{
    {"what_is_held", &what_is_held},
    {"guessed_indices", &guessed_indices},
    {"removed_capabilities", &removed_capabilities},
    {"revoked_capabilities", &revoked_capabilities},
    {"more_rights", &more_rights},
    {"forged_badges", &forged_badges},
    {"replies_of_others", &replies_of_others},
    {"more_memory_than_the_limit", &more_memory_than_the_limit},
    {"a_higher_priority", &a_higher_priority},
    {"mappings_beyond_the_end", &mappings_beyond_the_end},
    {"memory_of_the_machine", &memory_of_the_machine},
    {"registers_of_the_kernel", &registers_of_the_kernel},
    {"calls_that_are_none", &calls_that_are_none},
    {"confused_servers", &confused_servers},
}};

}  // namespace

int main(int count, char** arguments) {
    for (const auto& [name, attempt] : attempts) {
        if (count == 2 && name == arguments[1]) {
            attempt();
            return failures != 0;
        }
    }
    std::fprintf(stderr, "usage: escape_capabilities ATTEMPT\n");
    return 2;
}
