// SPDX-License-Identifier: MIT
#include "servers/procmgr/model/end_text.hpp"

#include <iterator>

#include "servers/procmgr/model/signals.hpp"
#include "servers/procmgr/model/text.hpp"

namespace procmgr {
namespace {

// From number 1 on.
constexpr std::string_view signal_names[] = {
    "HUP",  "INT",  "QUIT", "ILL",    "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1", "SEGV",
    "USR2", "PIPE", "ALRM", "TERM",   "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN", "TTOU",
    "URG",  "XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "IO",   "PWR",  "SYS"};

std::string signal_text(std::uint32_t signal) {
    if (signal <= std::size(signal_names)) {
        return "SIG" + std::string{signal_names[signal - 1]};
    }
    return "signal " + decimal(signal);
}

std::string size_text(std::uint64_t bytes) {
    constexpr std::string_view units[] = {" B", " KiB", " MiB", " GiB"};
    std::size_t unit = 0;
    for (; bytes % 1024 == 0 && bytes != 0 && unit + 1 < std::size(units); ++unit) {
        bytes /= 1024;
    }
    return decimal(bytes) + std::string{units[unit]};
}

std::string time_text(std::uint64_t milliseconds) {
    return milliseconds % 1000 == 0 ? decimal(milliseconds / 1000) + " s"
                                    : decimal(milliseconds) + " ms";
}

// What a person may not know a signal for.
struct Meaning {
    std::string_view signal;
    std::string_view text;
};
constexpr Meaning meanings[] = {{"ILL", "an instruction that is none"},
                                {"ABRT", "it gave up itself"},
                                {"BUS", "a file ended before its mapping"},
                                {"FPE", "a division by zero"},
                                {"SEGV", "an access to memory that is not there"},
                                {"PIPE", "nobody read what it wrote"}};

std::string meaning_of(std::uint32_t signal) {
    for (const auto& [name, text] : meanings) {
        if (signal_text(signal).substr(3) == name) {
            return ": " + std::string{text};
        }
    }
    return {};
}

std::string main_text(const End& end) {
    const std::uint32_t signal = end.status & 0x7f;
    const bool killed = signal == signal_number::kill;
    const std::string how =
        signal == 0 ? "exit status " + decimal(end.status >> 8 & 0xff) : signal_text(signal);
    if (end.cause == container::Cause::stopped) {
        return signal == 0 ? "stopped, " + how : "stopped by " + how;
    }
    if (killed && end.cause == container::Cause::time) {
        return "ended: its time of " + time_text(end.time_limit_ms) + " is over";
    }
    if (killed && end.cause == container::Cause::memory) {
        return "ended by SIGKILL: over its memory of " + size_text(end.memory_limit);
    }
    if (killed && end.cause == container::Cause::unhealthy) {
        return "ended: unhealthy, its HEALTHCHECK failed " + decimal(end.bad_checks) +
               (end.bad_checks == 1 ? " time" : " times in a row");
    }
    const bool asked = end.cause == container::Cause::signalled;
    return signal == 0 ? how : "ended by " + how + (asked ? std::string{} : meaning_of(signal));
}

}  // namespace

std::string end_text(const End& end) {
    std::string text = main_text(end);
    if (end.cause == container::Cause::memory && (end.status & 0x7f) != signal_number::kill) {
        text +=
            "; one of its processes was killed: over its memory of " + size_text(end.memory_limit);
    }
    if (end.process_limit != 0) {
        text += "; it had met its limit of " + decimal(end.process_limit) + " processes";
    }
    if (!end.before.empty()) {
        text += ", before " + std::string{end.before} + ", which it needs";
    }
    if (end.given_up != 0) {
        text += "; given up after " + decimal(end.given_up) + " failures in a row";
    }
    if (!end.start_failure.empty()) {
        text += "; it could not be started again: " + std::string{end.start_failure};
    }
    return text;
}

}  // namespace procmgr
