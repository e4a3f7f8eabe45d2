// SPDX-License-Identifier: MIT
// Operations of the objects that have few: notifications, interrupts, I/O ports, the log.
#include <arch/cpus.hpp>
#include <arch/ports.hpp>

#include "kernel/object/bank.hpp"
#include "kernel/object/interrupt.hpp"
#include "kernel/object/io_ports.hpp"
#include "kernel/object/log.hpp"
#include "kernel/object/memory.hpp"
#include "kernel/object/notification.hpp"
#include "kernel/plat/platform.hpp"
#include "kernel/sched/scheduler.hpp"
#include "kernel/syscall/operation.hpp"
#include "kernel/trace/trace.hpp"

namespace kernel {

Result<Answer> invoke(Operation& op, Notification& notification) {
    TRY(op.need(abi::NotificationRights::wait));
    switch (op.label<abi::NotificationOp>()) {
        case abi::NotificationOp::peek:      return answer(notification.bits());
        case abi::NotificationOp::subscribe: {
            const auto [target, bits] = TRY(decode_signal(op));
            TRY(refuse_if(target == &notification, Error::invalid_argument));
            TRY(notification.subscribe(*target, bits));
            return answer();
        }
        case abi::NotificationOp::unsubscribe: {
            auto* target = TRY(op.lookup<Notification>(0, abi::NotificationRights::signal));
            TRY(notification.unsubscribe(*target));
            return answer();
        }
    }
    return fail(Error::bad_system_call);
}

Result<Answer> invoke(Operation& op, InterruptControl& /*control*/) {
    TRY(op.need(abi::InterruptControlRights::create));
    using Op = abi::InterruptControlOp;
    constexpr std::uint64_t known = abi::InterruptFlags::level | abi::InterruptFlags::active_low;
    const auto label = op.label<Op>();
    if (label == Op::start_cpus) {
        start_schedulers();
        return answer();
    }
    TRY(refuse_if(label != Op::create_line && label != Op::create_msi, Error::bad_system_call));
    auto* bank = TRY(op.lookup<Bank>(2, abi::BankRights::create));
    if (label == Op::create_line) {
        TRY(refuse_if(op.word(0) >= Interrupt::no_line || (op.word(1) & ~known) != 0,
                      Error::out_of_range));
        const auto line = static_cast<std::uint32_t>(op.word(0));
        return op.create([&] { return Interrupt::create_line(*bank, line, op.word(1)); });
    }
    Answer made = TRY(op.create([&] { return Interrupt::create(*bank); }));
    const Object& interrupt = *op.caller.find_capability(made.words[0])->object;
    made.words[1] = plat::msi_address();
    made.words[2] = plat::msi_data(static_cast<const Interrupt&>(interrupt).vector());
    return made;
}

Result<Answer> invoke(Operation& op, Interrupt& interrupt) {
    TRY(op.need(abi::InterruptRights::use));
    switch (op.label<abi::InterruptOp>()) {
        case abi::InterruptOp::bind: {
            const auto [target, bits] = TRY(decode_signal(op));
            interrupt.bind(*target, bits);
            return answer();
        }
        case abi::InterruptOp::acknowledge: interrupt.acknowledge(); return answer();
    }
    return fail(Error::bad_system_call);
}

namespace {

template <class T>
std::uint64_t access_port_of(std::uint16_t port, bool in, std::uint64_t value) {
    if (in) {
        return arch::in<T>(port);
    }
    arch::out(port, static_cast<T>(value));
    return 0;
}

Result<Answer> access_port(Operation& op, const IoPorts& ports) {
    const std::uint64_t bytes = op.word(1);
    TRY(refuse_if(bytes != 1 && bytes != 2 && bytes != 4, Error::invalid_argument));
    TRY(refuse_if(!ports.contains(op.word(0), bytes), Error::out_of_range));
    const auto port = static_cast<std::uint16_t>(op.word(0));
    const std::uint64_t value = op.word(2);
    const bool in = op.label<abi::IoPortsOp>() == abi::IoPortsOp::in;
    return answer(bytes == 1   ? access_port_of<std::uint8_t>(port, in, value)
                  : bytes == 2 ? access_port_of<std::uint16_t>(port, in, value)
                               : access_port_of<std::uint32_t>(port, in, value));
}

}  // namespace

Result<Answer> invoke(Operation& op, IoPorts& ports) {
    const auto label = op.label<abi::IoPortsOp>();
    TRY(op.need(label == abi::IoPortsOp::window ? abi::IoPortsRights::window
                                                : abi::IoPortsRights::use));
    switch (label) {
        case abi::IoPortsOp::in:
        case abi::IoPortsOp::out:   return access_port(op, ports);
        case abi::IoPortsOp::write: {
            TRY(refuse_if(!ports.contains(op.word(0), 1), Error::out_of_range));
            const auto* bytes = reinterpret_cast<const std::uint8_t*>(op.caller.message_page());
            for (std::size_t i = 0; i < op.tag.payload(); ++i) {
                arch::out(static_cast<std::uint16_t>(op.word(0)), bytes[i]);
            }
            return answer();
        }
        case abi::IoPortsOp::window: {
            auto* bank = TRY(op.lookup<Bank>(2, abi::BankRights::create));
            TRY(refuse_if(op.word(1) == 0 || !ports.contains(op.word(0), op.word(1)),
                          Error::out_of_range));
            const auto first = static_cast<std::uint32_t>(op.word(0));
            const auto count = static_cast<std::uint32_t>(op.word(1));
            return op.create([&] { return bank->make<IoPorts>(*bank, first, count); });
        }
    }
    return fail(Error::bad_system_call);
}

Result<Answer> invoke(Operation& op, Log& /*log*/) {
    using Op = abi::LogOp;
    const auto label = op.label<Op>();
    TRY(op.need(label == Op::read       ? abi::LogRights::read
                : label <= Op::set_echo ? abi::LogRights::write
                                        : abi::LogRights::trace));
    auto* page = reinterpret_cast<char*>(op.caller.message_page());
    switch (label) {
        case Op::write: Log::write({page, op.tag.payload()}); return answer();
        case Op::read:  {
            std::uint64_t position = op.word(0);
            const std::size_t bytes = Log::read(position, {page, abi::message_bytes});
            return Answer{.words = {position}, .payload = bytes};
        }
        case Op::set_echo:    Log::set_echo(op.word(0) != 0); return answer();
        case Op::trace_start: {
            auto* memory = TRY(op.lookup<Memory>(0, abi::MemoryRights::write));
            TRY(Trace::start(*memory));
            return answer(arch::cpu_count());
        }
        case Op::trace_read: {
            constexpr std::size_t room = abi::message_bytes / sizeof(abi::TraceEvent);
            auto* to = reinterpret_cast<abi::TraceEvent*>(page);
            const auto done = TRY(Trace::read(op.word(0), {to, room}));
            return Answer{.words = {done.lost}, .payload = done.events * sizeof(abi::TraceEvent)};
        }
        case Op::trace_stop: Trace::stop(); return answer();
    }
    return fail(Error::bad_system_call);
}

}  // namespace kernel
