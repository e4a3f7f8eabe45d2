// SPDX-License-Identifier: MIT
// The events of all CPUs in the order of time, and what became known of the threads in them.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "abi/kernel/boot_info.hpp"
#include "abi/kernel/trace.hpp"

namespace trace_tool {

struct ThreadInfo {
    std::uint64_t domain = 0;
    std::string name;  // empty: it has none
};

class History {
public:
    // Of one CPU; in the order in which they came.
    void add(std::span<const abi::TraceEvent> events) {
        events_.insert(events_.end(), events.begin(), events.end());
    }
    void set_lost(std::size_t cpu, std::uint64_t lost) { lost_[cpu] = lost; }
    // When all are there: sorts them and takes the introductions of threads out.
    void finish();

    [[nodiscard]] const std::vector<abi::TraceEvent>& events() const { return events_; }
    [[nodiscard]] const std::map<std::uint32_t, ThreadInfo>& threads() const { return threads_; }
    [[nodiscard]] std::uint64_t lost() const;
    // Of a domain: the name of the first of its threads that has one.
    [[nodiscard]] std::string domain_name(std::uint64_t domain) const;
    [[nodiscard]] std::uint64_t domain_of(std::uint32_t thread) const;
    // "NAME" or "NAME/NUMBER" if the domain has several threads.
    [[nodiscard]] std::string thread_name(std::uint32_t thread) const;

private:
    std::vector<abi::TraceEvent> events_;
    std::map<std::uint32_t, ThreadInfo> threads_;
    std::map<std::size_t, std::uint64_t> lost_;
};

// Nanoseconds between two times of the time-stamp counter.
struct Clock {
    std::uint64_t multiplier = 1;
    std::uint64_t shift = 0;
    [[nodiscard]] std::uint64_t nanoseconds(std::uint64_t from, std::uint64_t to) const {
        __extension__ using Wide = unsigned __int128;
        return static_cast<std::uint64_t>(Wide{to - from} * multiplier >> shift);
    }
};

std::string as_text(const History& history, const Clock& clock);
std::string as_json(const History& history, const Clock& clock);

}  // namespace trace_tool
