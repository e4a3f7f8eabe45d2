// SPDX-License-Identifier: MIT
#include "libs/process/hosted_program.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string>
#include <vector>

#include "interfaces/process_image.hpp"
#include "libs/base/align.hpp"
#include "libs/base/scope_guard.hpp"
#include "libs/process/loaded_image.hpp"

namespace loader {
namespace {

using abi::MapFlags;
using abi::page_size;

constexpr std::uint64_t private_data = MapFlags::read | MapFlags::write | MapFlags::on_clone_copy;
constexpr std::uint64_t control_address = process::linux_threads + page_size;

// A process under construction; see program.cpp.
struct Parts {
    ipc::Ref<ipc::Bank> bank;
    ipc::Capability<ipc::CapTable> table;
    ipc::Capability<ipc::AddressSpace> space;
    ipc::Capability<ipc::Thread> thread;
    ipc::Capability<ipc::SchedContext> context;
};

ipc::KernelResult<void> write_all(ipc::Ref<ipc::Memory> memory, std::span<const std::byte> data) {
    for (std::size_t done = 0; done < data.size(); done += page_size) {
        const auto piece = data.subspan(done).first(std::min(data.size() - done, page_size));
        TRY(memory->write(done, piece));
    }
    return {};
}

// Fresh zero pages.
ipc::KernelResult<ipc::Capability<ipc::Memory>> map_new(const Parts& parts, std::uint64_t address,
                                                        std::uint64_t length, std::uint64_t flags) {
    auto memory = TRY(parts.bank->create_memory(length));
    TRY(parts.space->map(memory, {.address = address, .length = length, .flags = flags}));
    return memory;
}

// The mapping keeps them.
ipc::KernelResult<void> add_pages(const Parts& parts, std::uint64_t address, std::uint64_t length,
                                  std::uint64_t flags) {
    const auto memory = TRY(map_new(parts, address, length, flags));
    return {};
}

ipc::KernelResult<Parts> buy_parts(ipc::Ref<ipc::Bank> bank, const ProgramSpec& spec) {
    Parts parts;
    parts.bank = bank;
    parts.table = TRY(bank->create_cap_table(spec.table_slots));
    parts.space = TRY(bank->create_address_space());
    const auto pages = TRY(map_new(parts, process::linux_threads, 2 * page_size,
                                   MapFlags::read | MapFlags::write | MapFlags::on_clone_drop));
    const ipc::ThreadArea area{.control = reinterpret_cast<abi::ControlPage*>(control_address),
                               .table = process::own_table,
                               .space = process::own_space,
                               .thread = process::own_thread,
                               .bank = process::own_bank,
                               .sched_context = process::own_sched_context};
    TRY(pages->write(page_size + ipc::thread_area_offset, std::as_bytes(std::span{&area, 1})));
    parts.thread = TRY(bank->create_thread({.space = parts.space,
                                            .table = parts.table,
                                            .pages = pages,
                                            .flags = abi::ThreadFlags::fpu}));
    TRY(parts.thread->set_name(spec.name));
    parts.context =
        TRY(bank->create_sched_context(spec.sched_context, {.priority = spec.priority}));
    TRY(parts.context->bind(parts.thread));
    if (spec.fault_handler) {
        TRY(parts.thread->set_fault_handler(spec.fault_handler, spec.fault_badge));
    }
    return parts;
}

ipc::KernelResult<void> map_shared_pages(const Parts& parts, ipc::Ref<ipc::Memory> time_page) {
    TRY(parts.space->map(
        time_page, {.address = process::time_page, .length = page_size, .flags = MapFlags::read}));
    TRY(add_pages(parts, process::signal_page, page_size,
                  MapFlags::read | MapFlags::write | MapFlags::on_clone_drop));
    TRY(add_pages(parts, process::identity_page, page_size, MapFlags::read));
    TRY(add_pages(parts, process::first_stack,
                  process::first_stack_bytes + process::first_heap_bytes, private_data));
    return {};
}

ipc::KernelResult<void> fill_own_slots(const Parts& parts, const HostedSpec& spec) {
    constexpr std::uint8_t may_buy = abi::BankRights::create | abi::BankRights::query;
    const auto& table = parts.table;
    TRY(table->copy(table, abi::all_rights, process::own_table));
    TRY(table->copy(parts.space, abi::all_rights, process::own_space));
    TRY(table->copy(parts.thread, abi::all_rights, process::own_thread));
    TRY(table->copy(parts.bank, may_buy, process::own_bank));
    TRY(table->copy(parts.context, abi::all_rights, process::own_sched_context));
    TRY(table->copy(spec.process, abi::EndpointRights::call, process::own_process));
    TRY(table->copy(parts.bank, may_buy, process::container_bank));
    return {};
}

void append_number(std::string& text, std::uint32_t number) {
    std::array<char, 16> digits;
    text.append(digits.data(),
                std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

// Slots from first_free on. -> the variable that tells about them.
ipc::KernelResult<std::string> insert_grants(const Parts& parts, std::span<const Grant> grants) {
    std::string text = "CLUU_CAPABILITIES=";
    abi::CapIndex slot = process::first_free;
    for (const Grant& grant : grants) {
        TRY(parts.table->copy(grant.capability, grant.rights, slot));
        if (grant.name == "log") {
            TRY(parts.table->copy(grant.capability, abi::LogRights::write, process::own_log));
        }
        text.append(slot == process::first_free ? "" : ",").append(grant.name).append(":");
        append_number(text, slot);
        ++slot;
    }
    return text;
}

class ImageBlock {
public:
    std::uint32_t add(std::string_view text) {
        const auto offset = static_cast<std::uint32_t>(bytes_.size());
        const auto* start = reinterpret_cast<const std::byte*>(text.data());
        bytes_.insert(bytes_.end(), start, start + text.size());
        bytes_.push_back(std::byte{});
        return offset;
    }
    std::span<const std::byte> finish(process::ImageStart header) {
        header.bytes = bytes_.size();
        std::memcpy(bytes_.data(), &header, sizeof header);
        return bytes_;
    }

private:
    std::vector<std::byte> bytes_ = std::vector<std::byte>(sizeof(process::ImageStart));
};

ipc::KernelResult<void> add_image_block(const Parts& parts, const HostedSpec& spec) {
    process::ImageStart header;
    ImageBlock block;
    const std::string variable = TRY(insert_grants(parts, spec.program.grants));
    const auto slot = static_cast<abi::CapIndex>(process::first_free + spec.program.grants.size());
    header.executable = TRY(parts.table->copy(spec.executable, abi::EndpointRights::call, slot));
    header.descriptor_offset = sizeof header;
    header.argument_offset = block.add(spec.path);
    for (const std::string_view argument : spec.program.arguments) {
        block.add(argument);
    }
    header.argument_count = static_cast<std::uint32_t>(1 + spec.program.arguments.size());
    header.environment_offset = block.add(variable);
    header.environment_count = 1;
    header.path_offset = block.add(spec.path);
    header.directory_offset = block.add("/");
    const auto bytes = block.finish(header);
    const auto memory = TRY(map_new(parts, process::image_start,
                                    base::align_up(bytes.size(), page_size), private_data));
    return write_all(memory, bytes);
}

LoadResult<void> load_and_start(const Parts& parts, const HostedSpec& spec) {
    const LoadedImage library =
        TRY(LoadedImage::load(spec.library, parts.bank, process::linux_base));
    TRY(library.map_into(parts.space));
    TRY(parts.thread->start({.rip = library.entry(),
                             .rsp = process::first_stack + process::first_stack_bytes,
                             .rdi = 0,
                             .gs_base = control_address}));
    return {};
}

}  // namespace

LoadResult<Program> start_hosted_program(const HostedSpec& spec) {
    Program program;
    program.bank = TRY(spec.program.bank->create_bank(spec.program.memory_limit));
    base::ScopeGuard undo([&] { (void)program.bank->destroy(); });
    Parts parts = TRY(buy_parts(program.bank, spec.program));
    TRY(map_shared_pages(parts, spec.program.time_page));
    TRY(fill_own_slots(parts, spec));
    TRY(add_image_block(parts, spec));
    TRY(load_and_start(parts, spec));
    program.thread = std::move(parts.thread);
    undo.dismiss();
    return program;
}

}  // namespace loader
