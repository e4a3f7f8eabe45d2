// SPDX-License-Identifier: MIT
#include "kernel/plat/pc/local_apic.hpp"

#include "kernel/arch/x86_64/kernel_space.hpp"
#include "kernel/arch/x86_64/registers.hpp"
#include "kernel/plat/platform.hpp"

namespace plat {

namespace {

enum Register : std::uint32_t {
    register_id = 0x20,
    register_task_priority = 0x80,
    register_end_of_interrupt = 0xb0,
    register_spurious = 0xf0,
    register_command = 0x300,  // its high half is at 0x310, but for x2APIC one register of 64 bits
    register_command_high = 0x310,
    register_timer = 0x320,
    register_performance = 0x340,
    register_line0 = 0x350,
    register_line1 = 0x360,
    register_error = 0x370,
    register_initial_count = 0x380,
    register_current_count = 0x390,
    register_divide = 0x3e0,
};

constexpr std::uint64_t base_enable = 1 << 11, base_x2apic = 1 << 10;
constexpr std::uint64_t base_address = 0x000f'ffff'ffff'f000;
constexpr std::uint32_t software_enable = 1 << 8, masked = 1 << 16;
constexpr std::uint32_t deliver_nmi = 4 << 8, deliver_init = 5 << 8, deliver_startup = 6 << 8;
constexpr std::uint32_t command_pending = 1 << 12, command_assert = 1 << 14;
constexpr std::uint32_t timer_deadline_mode = 2 << 17, divide_by_one = 0xb;

constinit volatile std::uint32_t* registers = nullptr;  // null: x2APIC

arch::Msr x2apic(Register which) {
    return static_cast<arch::Msr>(static_cast<std::uint32_t>(arch::Msr::x2apic_first) + which / 16);
}

std::uint32_t read(Register which) {
    if (registers == nullptr) {
        return static_cast<std::uint32_t>(arch::read_msr(x2apic(which)));
    }
    return registers[which / 4];
}

void write(Register which, std::uint32_t value) {
    if (registers == nullptr) {
        arch::write_msr(x2apic(which), value);
    } else {
        registers[which / 4] = value;
    }
}

void send_command(std::uint32_t id, std::uint32_t command) {
    if (registers == nullptr) {
        // Such a write does not wait for those to memory before it: what the other CPU is to see must be there.
        asm volatile("mfence; lfence" : : : "memory");
        arch::write_msr(x2apic(register_command), std::uint64_t{id} << 32 | command);
        return;
    }
    write(register_command_high, id << 24);
    write(register_command, command);
    while ((read(register_command) & command_pending) != 0) {
        asm volatile("pause");
    }
}

}  // namespace

void local_apic_map() {
    const std::uint64_t base = arch::read_msr(arch::Msr::apic_base);
    if ((base & base_x2apic) == 0) {
        registers = arch::map_registers(PhysAddr{base & base_address});
    }
}

void local_apic_enable() {
    // The other CPUs do as the firmware has made the boot CPU do. x2APIC cannot be turned on but from the other mode.
    const std::uint64_t base = arch::read_msr(arch::Msr::apic_base) | base_enable;
    arch::write_msr(arch::Msr::apic_base, base);
    if (registers == nullptr) {
        arch::write_msr(arch::Msr::apic_base, base | base_x2apic);
    }
    write(register_task_priority, 0);
    write(register_timer, masked);
    write(register_divide, divide_by_one);
    write(register_line0, masked);
    write(register_line1, deliver_nmi);
    write(register_error, masked);
    write(register_performance, masked);
    write(register_spurious, software_enable | vector_spurious);
}

std::uint32_t this_cpu_id() {
    return registers == nullptr ? read(register_id) : read(register_id) >> 24;
}

void wake_cpu(std::uint32_t id) { send_command(id, command_assert | vector_wake); }
void reset_cpu(std::uint32_t id) { send_command(id, command_assert | deliver_init); }
void start_cpu(std::uint32_t id, PhysAddr page) {
    send_command(id,
                 command_assert | deliver_startup | static_cast<std::uint32_t>(page.value() >> 12));
}
void acknowledge_interrupt() { write(register_end_of_interrupt, 0); }

void local_apic_set_priority(std::uint8_t vector) { write(register_task_priority, vector); }

void local_apic_timer_start_counting() {
    write(register_timer, masked | vector_timer);
    write(register_initial_count, 0xffff'ffff);
}

std::uint32_t local_apic_timer_count() { return read(register_current_count); }

void local_apic_timer_use_deadline() {
    write(register_timer, timer_deadline_mode | vector_timer);
    // The mode must have taken effect before the first deadline is written.
    asm volatile("mfence" : : : "memory");
}

void local_apic_timer_arm(std::uint32_t count) {
    write(register_timer, vector_timer);
    write(register_initial_count, count);
}

}  // namespace plat
