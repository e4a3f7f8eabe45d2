// SPDX-License-Identifier: MIT
#include "libs/process/program.hpp"

#include <algorithm>
#include <cstring>

#include "libs/base/align.hpp"
#include "libs/base/scope_guard.hpp"
#include "libs/process/loaded_image.hpp"
#include "libs/rt/start_info.hpp"

namespace loader {
namespace {

// A process under construction. Its capabilities here are only needed until it runs; its objects then live by the uses
// that the thread makes of them, and by their bank.
struct Parts {
    ipc::Ref<ipc::Bank> bank;
    ipc::Capability<ipc::CapTable> table;
    ipc::Capability<ipc::AddressSpace> space;
    ipc::Capability<ipc::Memory> pages;  // message page, control page, StartInfo page
    ipc::Capability<ipc::Thread> thread;
    ipc::Capability<ipc::SchedContext> context;
};

constexpr std::uint64_t start_info_offset = 2 * abi::page_size;

ipc::KernelResult<Parts> buy_parts(ipc::Ref<ipc::Bank> bank, const ProgramSpec& spec) {
    Parts parts;
    parts.bank = bank;
    parts.table = TRY(bank->create_cap_table(spec.table_slots));
    parts.space = TRY(bank->create_address_space());
    parts.pages = TRY(bank->create_memory(3 * abi::page_size));
    parts.thread = TRY(
        bank->create_thread({.space = parts.space, .table = parts.table, .pages = parts.pages}));
    parts.context =
        TRY(bank->create_sched_context(spec.sched_context, {.priority = spec.priority}));
    TRY(parts.context->bind(parts.thread));
    if (spec.fault_handler) {
        TRY(parts.thread->set_fault_handler(spec.fault_handler, spec.fault_badge));
    }
    return parts;
}

ipc::KernelResult<void> insert_own_capabilities(const Parts& parts) {
    constexpr std::uint8_t may_buy = abi::BankRights::create | abi::BankRights::query;
    TRY(parts.table->copy(parts.table, abi::all_rights, abi::boot_own_table));
    TRY(parts.table->copy(parts.space, abi::all_rights, abi::boot_own_space));
    TRY(parts.table->copy(parts.thread, abi::all_rights, abi::boot_own_thread));
    TRY(parts.table->copy(parts.bank, may_buy, abi::boot_bank));
    TRY(parts.table->copy(parts.context, abi::all_rights, abi::boot_sched_context));
    return {};
}

ipc::KernelResult<void> map_fixed(const Parts& parts, const ProgramSpec& spec) {
    using Flags = abi::MapFlags;
    const auto stack = TRY(parts.bank->create_memory(spec.stack_bytes));
    TRY(parts.space->map(
        stack, {.address = rt::stack_top - spec.stack_bytes, .length = spec.stack_bytes}));
    TRY(parts.space->map(parts.pages, {.address = rt::thread_pages, .length = 2 * abi::page_size}));
    TRY(parts.space->map(parts.pages, {.address = rt::start_info_page,
                                       .length = abi::page_size,
                                       .offset = start_info_offset,
                                       .flags = Flags::read}));
    if (spec.time_page) {
        TRY(parts.space->map(
            spec.time_page,
            {.address = rt::time_page, .length = abi::page_size, .flags = Flags::read}));
    }
    return {};
}

template <std::size_t Size>
void copy_text(char (&to)[Size], std::string_view from) {
    std::memcpy(to, from.data(), std::min(from.size(), Size - 1));
}

ipc::KernelResult<void> add_arguments(rt::StartInfo& info,
                                      std::span<const std::string_view> arguments) {
    std::size_t used = 0;
    for (const std::string_view argument : arguments) {
        if (argument.size() >= sizeof info.arguments - used) {
            return base::fail(abi::Error::too_long);
        }
        std::memcpy(info.arguments + used, argument.data(), argument.size());
        used += argument.size() + 1;
        ++info.argument_count;
    }
    return {};
}

ipc::KernelResult<void> add_grants(rt::StartInfo& info, const Parts& parts,
                                   std::span<const Grant> grants) {
    if (grants.size() > rt::StartInfo::max_capabilities) {
        return base::fail(abi::Error::too_long);
    }
    for (const Grant& grant : grants) {
        rt::NamedCapability& entry = info.capabilities[info.capability_count++];
        copy_text(entry.name, grant.name);
        entry.index = TRY(parts.table->copy(grant.capability, grant.rights));
    }
    return {};
}

// So that its other threads' faults, too, are told to its parent, as its own (libs/rt/thread.cpp).
ipc::KernelResult<void> add_fault_handler(rt::StartInfo& info, const Parts& parts,
                                          const ProgramSpec& spec) {
    if (!spec.fault_handler || info.capability_count == rt::StartInfo::max_capabilities) {
        return {};
    }
    const auto minted = TRY(ipc::mint<ipc::Any>(
        spec.fault_handler, {.badge = spec.fault_badge, .rights = abi::EndpointRights::call}));
    rt::NamedCapability& entry = info.capabilities[info.capability_count++];
    copy_text(entry.name, rt::fault_handler_name);
    entry.index = TRY(parts.table->copy(minted, abi::EndpointRights::call));
    return {};
}

// Fills the StartInfo page and the thread's ThreadArea.
ipc::KernelResult<void> describe_world(const Parts& parts, const ProgramSpec& spec) {
    rt::StartInfo info{};
    info.magic = rt::StartInfo::magic_value;
    copy_text(info.name, spec.name);
    info.table = abi::boot_own_table;
    info.space = abi::boot_own_space;
    info.thread = abi::boot_own_thread;
    info.bank = abi::boot_bank;
    info.sched_context = abi::boot_sched_context;
    info.time_page = spec.time_page ? rt::time_page : 0;
    info.control_page = rt::control_page;
    TRY(add_arguments(info, spec.arguments));
    TRY(add_grants(info, parts, spec.grants));
    TRY(add_fault_handler(info, parts, spec));
    TRY(parts.pages->write(start_info_offset, std::as_bytes(std::span{&info, 1})));

    const ipc::ThreadArea area{
        .control = reinterpret_cast<abi::ControlPage*>(rt::control_page),
        .table = info.table,
        .space = info.space,
        .thread = info.thread,
        .bank = info.bank,
        .sched_context = info.sched_context,
    };
    return parts.pages->write(abi::page_size + ipc::thread_area_offset,
                              std::as_bytes(std::span{&area, 1}));
}

LoadResult<void> load_and_start(const Parts& parts, const ProgramSpec& spec) {
    const LoadedImage image = TRY(LoadedImage::load(spec.file, parts.bank, rt::image_base));
    TRY(image.map_into(parts.space));
    TRY(parts.thread->start({.rip = image.entry(),
                             .rsp = rt::stack_top,
                             .rdi = rt::start_info_page,
                             .gs_base = rt::control_page}));
    return {};
}

}  // namespace

LoadResult<Program> start_program(const ProgramSpec& spec) {
    Program program;
    program.bank = TRY(spec.bank->create_bank(spec.memory_limit));
    base::ScopeGuard undo([&] { (void)program.bank->destroy(); });
    Parts parts = TRY(buy_parts(program.bank, spec));
    TRY(insert_own_capabilities(parts));
    TRY(map_fixed(parts, spec));
    TRY(describe_world(parts, spec));
    TRY(load_and_start(parts, spec));
    program.thread = std::move(parts.thread);
    undo.dismiss();
    return program;
}

}  // namespace loader
