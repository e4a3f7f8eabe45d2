// SPDX-License-Identifier: MIT
#include "linux/syscalls/table.hpp"

#include <atomic>

#include "libs/ipc/protocol.hpp"
#include "linux/process/state.hpp"

namespace linux {
namespace {

constexpr std::size_t word_bits = 64;
constinit std::array<std::atomic<std::uint64_t>, linux_abi::system_call_count / word_bits + 1>
    reported{};

consteval Table make_table() {
    Table table{};
    table.fill({&calls::missing, nullptr, nullptr, Support::missing});
#define CALL(call, support, note)                                                              \
    table[static_cast<std::size_t>(linux_abi::SystemCall::call)] = {&calls::call, #call, note, \
                                                                    Support::support};
#define ABSENT(call)                                                                       \
    table[static_cast<std::size_t>(linux_abi::SystemCall::call)] = {&calls::absent, #call, \
                                                                    nullptr, Support::absent};
#define MISSING(call) table[static_cast<std::size_t>(linux_abi::SystemCall::call)].name = #call;
#include "linux/syscalls/list.inc"
#undef CALL
#undef ABSENT
#undef MISSING
    return table;
}

}  // namespace

constinit const Table system_calls = make_table();

namespace calls {

std::int64_t absent(const Arguments& /*arguments*/) { return -Errno::enosys; }

// Tells procmgr once for each number.
std::int64_t missing(const Arguments& arguments) {
    const std::uint64_t number = arguments.number();
    const std::uint64_t place =
        number < linux_abi::system_call_count ? number : linux_abi::system_call_count;
    const std::uint64_t bit = std::uint64_t{1} << (place % word_bits);
    if ((reported[place / word_bits].fetch_or(bit) & bit) == 0) {
        const char* name =
            number < linux_abi::system_call_count ? system_calls[number].name : nullptr;
        (void)ipc::call(own_process(), process::ReportMissing{.number = number},
                        {.payload = ipc::bytes(name != nullptr ? name : "")});
    }
    return -Errno::enosys;
}

}  // namespace calls
}  // namespace linux
