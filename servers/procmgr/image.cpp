// SPDX-License-Identifier: MIT
#include "servers/procmgr/image.hpp"

#include <algorithm>
#include <atomic>

#include "libs/base/align.hpp"
#include "libs/base/scope_guard.hpp"
#include "servers/procmgr/badge.hpp"

namespace procmgr {
namespace {

using abi::MapFlags;
using abi::page_size;

constexpr std::uint64_t private_data = MapFlags::read | MapFlags::write | MapFlags::on_clone_copy;
// Pages that are there when they are mapped, and that every process uses.
constexpr std::uint64_t own_pages =
    MapFlags::read | MapFlags::write | MapFlags::on_clone_drop | MapFlags::populate;

// The first thread's two pages, then the identity page and the signal page.
constexpr std::uint64_t shared_offset = 2 * page_size;
constexpr std::uint64_t own_memory_bytes = shared_offset + 2 * page_size;

// What the slots 1 to 15 may be used for by the process itself.
constexpr std::uint8_t bank_rights = abi::BankRights::create | abi::BankRights::query;
constexpr std::uint8_t space_rights = abi::AddressSpaceRights::map | abi::AddressSpaceRights::futex;
constexpr std::uint8_t context_rights =
    abi::SchedContextRights::create | abi::SchedContextRights::query;

}  // namespace

ipc::KernelResult<void> write_memory(ipc::Ref<ipc::Memory> memory, std::uint64_t offset,
                                     std::span<const std::byte> data) {
    while (!data.empty()) {
        const std::size_t count = std::min<std::size_t>(data.size(), page_size);
        TRY(memory->write(offset, data.first(count)));
        data = data.subspan(count);
        offset += count;
    }
    return {};
}

void write_identity(const Body& body, const Process& process, std::string_view container_name,
                    bool has_terminal) {
    process::IdentityPage& page = body.identity();
    page.pid = process.pid;
    page.parent = process.parent;
    page.group = process.group;
    page.session = process.session;
    page.user = process.identity.user;
    page.group_id = process.identity.group;
    page.real_user = process.real.user;
    page.saved_user = process.saved.user;
    page.real_group = process.real.group;
    page.saved_group = process.saved.group;
    page.has_terminal = has_terminal ? 1 : 0;
    const std::size_t count = std::min(container_name.size(), sizeof page.container - 1);
    std::memcpy(page.container, container_name.data(), count);
    page.container[count] = '\0';
}

ipc::KernelResult<void> ImageBuilder::add_pages(Body& body, const ImageRequest& request,
                                                std::span<const std::byte> user,
                                                Spare& spare) const {
    const auto& memory = spare.pages = TRY(body.bank->create_memory(own_memory_bytes));
    TRY(write_memory(memory, page_size + offsetof(abi::ControlPage, user), user));
    body.thread = TRY(body.bank->create_thread({.space = body.space,
                                                .table = body.table,
                                                .pages = memory,
                                                .flags = abi::ThreadFlags::fpu}));
    TRY(body.space->map(
        memory, {.address = process::linux_threads, .length = 2 * page_size, .flags = own_pages}));
    TRY(body.thread->set_name(request.process->name));
    const Badge badge{BadgeKind::fault, request.serial, request.process->pid};
    TRY(body.thread->set_fault_handler(endpoint_, badge.raw()));
    return add_shared(body, request, memory);
}

ipc::KernelResult<void> ImageBuilder::add_shared(Body& body, const ImageRequest& request,
                                                 ipc::Ref<ipc::Memory> memory) const {
    TRY(memory->commit({shared_offset, 2 * page_size}));
    TRY(body.space->map(memory, {.address = process::identity_page,
                                 .length = page_size,
                                 .offset = shared_offset,
                                 .flags = own_pages & ~MapFlags::write}));
    TRY(body.space->map(memory, {.address = process::signal_page,
                                 .length = page_size,
                                 .offset = shared_offset + page_size,
                                 .flags = own_pages}));
    const std::uint64_t address = request.places->take();
    if (const auto mapped = ipc::own_space()->map(
            memory, {.address = address,
                     .length = 2 * page_size,
                     .offset = shared_offset,
                     .flags = MapFlags::read | MapFlags::write | MapFlags::populate});
        !mapped) {
        request.places->give_back(address);
        return base::fail(mapped.error());
    }
    body.shared = address;
    body.places = request.places;
    body.identity().most_descriptors = request.descriptor_limit;
    body.identity().starts_named = request.starts_named ? 1 : 0;
    write_identity(body, *request.process, request.container_name, request.has_terminal);
    return {};
}

ipc::KernelResult<void> ImageBuilder::complete(Body& body, const ImageRequest& request,
                                               std::span<const std::byte> start, Slots& slots,
                                               Spare& spare) const {
    ipc::ThreadArea area{};
    area.control = reinterpret_cast<abi::ControlPage*>(process::linux_threads + page_size);
    area.table = process::own_table;
    area.space = process::own_space;
    area.thread = process::own_thread;
    area.bank = process::own_bank;
    area.sched_context = process::own_sched_context;
    std::vector<std::byte> user(start.begin(), start.end());
    user.resize(std::max(user.size(), sizeof area));
    std::memcpy(user.data(), &area, sizeof area);
    TRY(add_pages(body, request, user, spare));
    spare.context =
        TRY(body.bank->create_sched_context(request.cpu, {.priority = process_priority}));
    TRY(spare.context->bind(body.thread));
    slots.push_back(ipc::copied(body.table, abi::all_rights, process::own_table));
    slots.push_back(ipc::copied(body.space, space_rights, process::own_space));
    slots.push_back(ipc::copied(body.thread, abi::all_rights, process::own_thread));
    slots.push_back(ipc::copied(body.bank, bank_rights, process::own_bank));
    slots.push_back(ipc::copied(spare.context, context_rights, process::own_sched_context));
    const Badge badge{BadgeKind::process, request.serial, request.process->pid};
    // Without a drop guard: a process ends when its bank does, and only procmgr does that.
    slots.push_back(ipc::minted(endpoint_,
                                {.badge = badge.raw(), .rights = abi::EndpointRights::call},
                                process::own_process));
    return body.table->fill(slots.span());
}

ipc::KernelResult<Body> ImageBuilder::create(const ImageRequest& request,
                                             std::span<const std::byte> block) const {
    Body body;
    Spare spare;
    base::ScopeGuard undo{[&] { body.destroy(); }};
    body.serial = request.serial & Badge::serial_mask;
    body.bank = TRY(request.container_bank->create_bank(request.memory_limit));
    body.space = TRY(body.bank->create_address_space());
    body.table = TRY(body.bank->create_cap_table(
        std::min(process_table_slots,
                 slots_beside_descriptors + std::uint64_t{request.descriptor_limit} *
                                                process::ImageDescriptor::most_capabilities)));
    body.view = request.view;
    TRY(body.space->map(time_page_, {.address = process::time_page,
                                     .length = page_size,
                                     .flags = MapFlags::read | MapFlags::on_clone_share}));
    TRY(load(body, block, spare));
    Slots slots;
    slots.push_back(ipc::copied(request.container_bank, bank_rights, process::container_bank));
    slots.push_back(ipc::copied(request.executable, abi::EndpointRights::call, executable_slot));
    if (body.view.ref()) {
        slots.push_back(ipc::copied(body.view.ref(), abi::EndpointRights::call, process::own_view));
    }
    if (request.may_log && log_) {
        slots.push_back(
            ipc::copied(log_, abi::LogRights::write | abi::LogRights::trace, process::own_log));
    }
    TRY(complete(body, request, {}, slots, spare));
    ipc::reset_all(spare.pages, spare.data, spare.block, spare.context);
    undo.dismiss();
    return body;
}

ipc::KernelResult<Body> ImageBuilder::copy(const ImageRequest& request,
                                           const ForkSource& source) const {
    Body body;
    Spare spare;
    base::ScopeGuard undo{[&] { body.destroy(); }};
    body.serial = request.serial & Badge::serial_mask;
    body.bank = TRY(request.container_bank->create_bank(request.memory_limit));
    const bool shares = (source.fork.flags & process::Fork::shares_memory) != 0;
    body.space = TRY(source.body->space->clone(body.bank, shares ? process::linux_base : 0));
    body.table = TRY(source.body->table->clone(body.bank, process::first_copied));
    body.view = source.body->view;
    Slots slots;
    TRY(complete(body, request, source.user, slots, spare));
    ipc::reset_all(spare.pages, spare.context);
    undo.dismiss();
    return body;
}

ipc::KernelResult<void> ImageBuilder::load(Body& body, std::span<const std::byte> block,
                                           Spare& spare) const {
    auto own = TRY(library_.map_copy_into(body.space, body.bank));
    spare.data = std::move(own.memory);
    TRY(body.space->map(spare.data, {.address = process::first_stack,
                                     .length = beyond_library,
                                     .offset = own.beyond,
                                     .flags = private_data}));
    const std::uint64_t length = base::align_up(block.size(), page_size);
    spare.block = TRY(body.bank->create_memory(length));
    TRY(write_memory(spare.block, 0, block));
    TRY(body.space->map(spare.block, {.address = process::image_start,
                                      .length = length,
                                      .flags = private_data | MapFlags::populate}));
    body.entry = library_.entry();
    body.stack = process::first_stack + process::first_stack_bytes;
    return {};
}

}  // namespace procmgr
