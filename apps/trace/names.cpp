// SPDX-License-Identifier: MIT
#include "apps/trace/names.hpp"

#include <array>
#include <string_view>

#include "abi/kernel/object.hpp"
#include "abi/kernel/operation.hpp"

namespace trace_tool {

namespace {

using abi::TraceKind;

constexpr std::array<std::string_view, 8> system_calls{
    "call", "reply_and_receive", "receive", "send", "reply", "signal", "wait", "yield"};
constexpr std::array<std::string_view, static_cast<std::size_t>(abi::ObjectType::count_end)>
    objects{"none",         "Bank",     "CapTable", "AddressSpace", "Memory",    "Thread",
            "SchedContext", "Endpoint", "Reply",    "Notification", "Interrupt", "InterruptControl",
            "IoPorts",      "Log"};
constexpr std::array<std::string_view, 15> exceptions{
    "division", "debug",      "NMI",           "breakpoint",   "overflow",
    "bound",    "bad opcode", "no FPU",        "double fault", "FPU segment",
    "bad TSS",  "no segment", "stack segment", "protection",   "page"};

// The labels of each object's operations, from 1 on, in the order of abi/kernel/operation.hpp.
constexpr std::array<std::string_view, objects.size()> operations{
    "",
    "create query set_limit destroy activity",
    "copy mint move remove revoke clone query fill",
    "map unmap protect clone futex_wait futex_wake futex_requeue query settle",
    "query resize clone read write decommit supply fail pin window commit reserve "
    "supply_and_receive",
    "start stop resume get_registers set_registers interrupt set_upcalls set_fault_handler query "
    "bind_notification set_name",
    "bind unbind query",
    "",
    "",
    "peek subscribe unsubscribe",
    "bind acknowledge",
    "create_line create_msi",
    "in out window write",
    "write read set_echo trace_start trace_read trace_stop"};

std::string operation_name(std::size_t object, std::size_t label) {
    if (label == abi::null_operation) {
        return "null";
    }
    std::string_view rest = object < operations.size() ? operations[object] : "";
    for (std::size_t i = 1; i < label && !rest.empty(); ++i) {
        const std::size_t blank = rest.find(' ');
        rest.remove_prefix(blank == rest.npos ? rest.size() : blank + 1);
    }
    return rest.empty() ? std::to_string(label) : std::string(rest.substr(0, rest.find(' ')));
}

template <std::size_t count>
std::string pick(const std::array<std::string_view, count>& names, std::size_t index) {
    return index < count ? std::string(names[index]) : std::to_string(index);
}

}  // namespace

std::string name_of(const abi::TraceEvent& event) {
    const std::size_t code = event.code;
    switch (event.kind) {
        case TraceKind::switched:    return "runs";
        case TraceKind::thread:      return "thread";
        case TraceKind::name:        return "name";
        case TraceKind::system_call: return pick(system_calls, code);
        case TraceKind::operation:
            return pick(objects, code >> 8) + "." + operation_name(code >> 8, code & 0xff);
        case TraceKind::foreign_call: return "Linux call " + std::to_string(code);
        case TraceKind::call:         return "call " + std::to_string(code);
        case TraceKind::reply:        return "reply";
        case TraceKind::message:      return "message " + std::to_string(code);
        case TraceKind::fault:        return pick(exceptions, code) + " fault";
        case TraceKind::interrupt:    return "interrupt " + std::to_string(code);
    }
    return "event " + std::to_string(static_cast<int>(event.kind));
}

}  // namespace trace_tool
