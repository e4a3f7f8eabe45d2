// SPDX-License-Identifier: MIT
//
// From the first instruction to server_main, and the end. init has no parent that could describe
// the world to it: it is started with no StartInfo and writes its own, from what the kernel
// promises (abi/kernel/object.hpp).

#include <cstring>

#include "libs/ipc/kernel_objects.hpp"
#include "libs/rt/log.hpp"
#include "libs/rt/start_info.hpp"

namespace rt {
namespace {

constinit StartInfo bootstrap_info{};
constinit const StartInfo* current = nullptr;

void add(const char* name, abi::CapIndex index) {
    NamedCapability& entry = bootstrap_info.capabilities[bootstrap_info.capability_count++];
    std::memcpy(entry.name, name, std::strlen(name));
    entry.index = index;
}

// init: describe the boot capabilities, and map the clock.
const StartInfo* bootstrap() {
    auto* control = reinterpret_cast<abi::ControlPage*>(control_page);
    const ipc::ThreadArea area{
        .control = control,
        .table = abi::boot_own_table,
        .space = abi::boot_own_space,
        .thread = abi::boot_own_thread,
        .bank = abi::boot_bank,
        .sched_context = abi::boot_sched_context,
    };
    std::memcpy(control->user, &area, sizeof area);

    StartInfo& info = bootstrap_info;
    info.magic = StartInfo::magic_value;
    std::memcpy(info.name, "init", 5);
    info.table = area.table;
    info.space = area.space;
    info.thread = area.thread;
    info.bank = area.bank;
    info.sched_context = area.sched_context;
    info.control_page = control_page;
    add("io-ports", abi::boot_io_ports);
    add("interrupt-control", abi::boot_interrupt_control);
    add("physical-memory", abi::boot_physical_memory);
    add("archive", abi::boot_archive);
    add("boot-info", abi::boot_info);
    add("time-page", abi::boot_time_page);
    add("log", abi::boot_log);
    const auto mapped = ipc::own_space()->map(
        ipc::Ref<ipc::Memory>{abi::boot_time_page},
        {.address = time_page, .length = abi::page_size, .flags = abi::MapFlags::read});
    info.time_page = mapped ? time_page : 0;
    return &info;
}

}  // namespace

const StartInfo& start_info() { return *current; }

void StartInfo::missing(std::string_view wanted) {
    log("no capability \"", wanted, "\" was given");
    exit(1);
}

void exit(std::uint8_t status) {
    std::uint64_t number = exit_call + status;
    for (;;) {
        asm volatile("syscall" : "+a"(number) : : "rcx", "r11", "memory");
    }
}

}  // namespace rt

using Initializer = void (*)();
// Constructors of globals, collected by the linker.
extern "C" __attribute__((visibility("hidden"))) Initializer __init_array_start[];
extern "C" __attribute__((visibility("hidden"))) Initializer __init_array_end[];

extern "C" [[noreturn]] void rt_start(const rt::StartInfo* info) {
    rt::current = info != nullptr ? info : rt::bootstrap();
    (void)ipc::own_thread()->set_name(rt::current->name);
    for (Initializer* one = __init_array_start; one != __init_array_end; ++one) {
        (*one)();
    }
    server_main(*rt::current);
    rt::exit(0);
}
